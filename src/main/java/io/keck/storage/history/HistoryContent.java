package io.keck.storage.history;

import io.keck.crdt.lib0.DecodeException;
import io.keck.storage.history.SegmentCodec.Row;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.BiConsumer;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** Reads the content of all stored objects, including those to which no row refers. Used by one thread. */
public final class HistoryContent {
    private final Handle h;
    private final @Nullable Path directory;

    /** @param directory the directory of segments that are stored as files, or null */
    public HistoryContent(Handle h, @Nullable Path directory) {
        this.h = h;
        this.directory = directory;
    }

    /** Whether the directory holds files of a room. */
    public static boolean hasFiles(Path directory, long roomId) {
        return Files.exists(FileSegments.directory(directory, roomId));
    }

    /** Passes on the kind (segments or checkpoints) and the decompressed content of each object, row by row for segments. */
    public void each(BiConsumer<String, byte[]> consumer) {
        for (long id : h.createQuery("SELECT id FROM history_objects")
                .mapTo(Long.class)
                .list()) {
            h.createQuery("SELECT content FROM history_objects WHERE id = :id")
                    .bind("id", id)
                    .mapTo(byte[].class)
                    .findOne()
                    .ifPresent(packed -> content(packed, consumer));
        }
        if (directory != null) {
            FileSegments.each(directory, packed -> content(packed, consumer));
        }
    }

    private static void content(byte[] packed, BiConsumer<String, byte[]> consumer) {
        byte[] plain;
        try {
            plain = Packed.unpack(packed);
        } catch (DecodeException e) {
            consumer.accept("damaged objects", packed);
            return;
        }
        try {
            for (Row row : SegmentCodec.decode(plain, 0, Long.MAX_VALUE, Long.MAX_VALUE)) {
                consumer.accept("segments", row.payload());
            }
        } catch (DecodeException e) {
            consumer.accept("checkpoints", plain);
            return;
        }
        consumer.accept("segments or checkpoints", plain);
    }
}
