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
 * Proves that purged documents are gone: no table has a row of their lives, and given bytes of their content occur
 * nowhere. It searches rows, snapshots, decompressed segments and checkpoints, keys, labels and blobs, and the raw
 * files of SQLite. Only reads. Used by one thread.
 */
public final class PurgeProof {
    private static final int BUFFER = 1 << 20;

    private final Handle h;
    private final @Nullable Path historyDirectory;

    /** @param historyDirectory the directory of segments that are stored as files, or null */
    public PurgeProof(Handle h, @Nullable Path historyDirectory) {
        this.h = h;
        this.historyDirectory = historyDirectory;
    }

    /** The room ids of the purged lives. */
    public List<Long> purged() {
        return h.createQuery("SELECT room_id FROM purges ORDER BY purged_at")
                .mapTo(Long.class)
                .list();
    }

    /** The tables that still have rows of a life, with their numbers. */
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

    /** The places in which these bytes occur. */
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

    /**
     * Searches blobs, whose pieces are searched together with the end of the piece before, since the bytes may span two
     * pieces.
     */
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
     * The files of an embedded database in which these bytes occur uncompressed: the file itself, its {@code -wal} and
     * its {@code -journal}.
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
