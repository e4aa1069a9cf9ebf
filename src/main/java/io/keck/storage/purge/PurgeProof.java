package io.keck.storage.purge;

import io.keck.storage.history.HistoryContent;
import io.keck.storage.rows.RowPages;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * Shows that purged documents are gone: that no table has a row of their lives, and that bytes which were in them are found
 * nowhere, in rows, snapshots, segments and checkpoints after decompression, keys, labels and blobs, and as they are in the
 * files of SQLite. Only reads. Used by one thread.
 */
public final class PurgeProof {
    private static final int BUFFER = 1 << 20;

    private final Handle h;
    private final @Nullable Path historyDirectory;

    /** @param historyDirectory where segments are stored as files, or null */
    public PurgeProof(Handle h, @Nullable Path historyDirectory) {
        this.h = h;
        this.historyDirectory = historyDirectory;
    }

    /** The lives that were purged, by id. */
    public List<Long> purged() {
        return h.createQuery("SELECT room_id FROM purges ORDER BY purged_at")
                .mapTo(Long.class)
                .list();
    }

    /** The tables that still have something of a life, with the number of rows. */
    public List<String> remains(long roomId) {
        List<String> remains = new ArrayList<>();
        for (String table : EndedRooms.tables()) {
            long count = h.createQuery("SELECT count(*) FROM " + table + " WHERE room_id = :room")
                    .bind("room", roomId)
                    .mapTo(Long.class)
                    .one();
            if (count > 0) {
                remains.add(table + ": " + count);
            }
        }
        if (historyDirectory != null && HistoryContent.hasFiles(historyDirectory, roomId)) {
            remains.add("files of history");
        }
        return remains;
    }

    /** The places that have these bytes. */
    public List<String> find(byte[] marker) {
        List<String> places = new ArrayList<>();
        for (long room : h.createQuery("SELECT DISTINCT room_id FROM room_log")
                .mapTo(Long.class)
                .list()) {
            new RowPages(h, room, true).each(0, Long.MAX_VALUE, row -> {
                add(places, "rows", row.payload(), marker);
                return true;
            });
        }
        each("SELECT state FROM room_snapshots WHERE state IS NOT NULL", "snapshots", marker, places);
        each("SELECT ranges FROM room_authors", "authors", marker, places);
        each("SELECT bytes FROM room_damage WHERE bytes IS NOT NULL", "damage", marker, places);
        each("SELECT payload FROM held_updates", "held updates", marker, places);
        new HistoryContent(h, historyDirectory).each((kind, content) -> add(places, kind, content, marker));
        text("SELECT label FROM document_versions", "labels", marker, places);
        text("SELECT idempotency_key FROM name_keys", "keys", marker, places);
        text("SELECT request FROM name_keys WHERE request IS NOT NULL", "keys", marker, places);
        text("SELECT idempotency_key FROM room_keys", "keys", marker, places);
        blobs(marker, places);
        return places.stream().distinct().toList();
    }

    private void each(String sql, String place, byte[] marker, List<String> places) {
        h.createQuery(sql)
                .map((rs, ctx) -> {
                    add(places, place, rs.getBytes(1), marker);
                    return 1;
                })
                .forEach(one -> {});
    }

    private void text(String sql, String place, byte[] marker, List<String> places) {
        h.createQuery(sql)
                .map((rs, ctx) -> {
                    add(places, place, rs.getString(1).getBytes(StandardCharsets.UTF_8), marker);
                    return 1;
                })
                .forEach(one -> {});
    }

    private record Piece(long content, long number) {}

    /** A marker may lie across two pieces. */
    private void blobs(byte[] marker, List<String> places) {
        long content = -1;
        byte[] tail = new byte[0];
        for (Piece piece : h.createQuery("SELECT content_id, number FROM blob_pieces ORDER BY content_id, number")
                .map((rs, ctx) -> new Piece(rs.getLong(1), rs.getLong(2)))
                .list()) {
            byte[] bytes = h.createQuery("SELECT bytes FROM blob_pieces WHERE content_id = :id AND number = :number")
                    .bind("id", piece.content())
                    .bind("number", piece.number())
                    .mapTo(byte[].class)
                    .findOne()
                    .orElse(new byte[0]);
            byte[] joined = joined(piece.content() == content ? tail : new byte[0], bytes);
            add(places, "blobs", joined, marker);
            content = piece.content();
            tail = tail(joined, marker.length);
        }
    }

    private static byte[] joined(byte[] first, byte[] second) {
        byte[] all = java.util.Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, all, first.length, second.length);
        return all;
    }

    private static byte[] tail(byte[] bytes, int length) {
        return java.util.Arrays.copyOfRange(bytes, Math.max(0, bytes.length - length), bytes.length);
    }

    private static void add(List<String> places, String place, byte @Nullable [] bytes, byte[] marker) {
        if (bytes != null && contains(bytes, bytes.length, marker)) {
            places.add(place);
        }
    }

    /**
     * The files of an embedded database that have these bytes, as they are: the file, its {@code -wal} and its {@code -journal}.
     *
     * @throws UncheckedIOException if a file cannot be read
     */
    public static List<String> findInFiles(Path database, byte[] marker) {
        List<String> found = new ArrayList<>();
        for (String suffix : List.of("", "-wal", "-journal")) {
            Path file = database.resolveSibling(database.getFileName() + suffix);
            if (Files.exists(file) && fileContains(file, marker)) {
                found.add(String.valueOf(file.getFileName()));
            }
        }
        return found;
    }

    private static boolean fileContains(Path file, byte[] marker) {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
            byte[] buffer = new byte[BUFFER + marker.length];
            int kept = 0;
            int read = in.readNBytes(buffer, 0, BUFFER);
            while (read > 0) {
                int length = kept + read;
                if (contains(buffer, length, marker)) {
                    return true;
                }
                kept = Math.min(length, marker.length);
                System.arraycopy(buffer, length - kept, buffer, 0, kept);
                read = in.readNBytes(buffer, kept, BUFFER);
            }
            return false;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean contains(byte[] bytes, int length, byte[] marker) {
        for (int i = 0; i + marker.length <= length; i++) {
            int k = 0;
            while (k < marker.length && bytes[i + k] == marker[k]) {
                k++;
            }
            if (k == marker.length) {
                return true;
            }
        }
        return false;
    }
}
