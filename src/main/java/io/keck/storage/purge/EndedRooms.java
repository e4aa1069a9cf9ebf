package io.keck.storage.purge;

import io.keck.storage.database.Database;
import io.keck.storage.history.DocumentHistory;
import java.util.ArrayList;
import java.util.List;
import org.jdbi.v3.core.Handle;

/**
 * Removes the stored content of rooms whose life has ended, in short transactions. If a node is killed between two of
 * them, the next call continues the removal. The row in {@code rooms} stays, so that its id is never used again.
 * Thread-safe.
 */
final class EndedRooms {
    private static final int ROWS = 5_000;
    private static final int PIECES = 64;

    /**
     * Tables with the content of a room or with data about it; the log is not among them, since it is removed earlier,
     * in parts.
     */
    private static final List<String> TABLES = List.of(
            "room_snapshots",
            "room_authors",
            "room_keys",
            "room_damage",
            "held_updates",
            "history_segments",
            "history_checkpoints",
            "history_sessions",
            "history_objects",
            "history_rooms",
            "document_versions",
            "version_marks",
            "webhook_cursors",
            "webhook_news",
            "name_keys");

    private final Database database;
    private final DocumentHistory history;
    private final List<String> tables;

    EndedRooms(Database database, DocumentHistory history) {
        this(database, history, TABLES);
    }

    /** Creates a remover of these tables. A twin test leaves tables out. */
    EndedRooms(Database database, DocumentHistory history, List<String> tables) {
        this.tables = tables;
        this.database = database;
        this.history = history;
    }

    /** The tables that have no rows of an emptied room. */
    static List<String> tables() {
        List<String> all = new ArrayList<>(TABLES);
        all.add("room_log");
        return all;
    }

    private boolean change(long key, io.keck.storage.database.Change work) {
        return database.change(key, work).toCompletableFuture().join();
    }

    /** Removes everything of an ended room except its row. */
    void empty(long roomId) {
        history.deleteFiles(roomId);
        while (change(roomId, h -> deleteRows(h, roomId) == ROWS)) {
            // until the last part
        }
        change(roomId, h -> {
            for (String table : tables) {
                h.createUpdate("DELETE FROM " + table + " WHERE room_id = :room")
                        .bind("room", roomId)
                        .execute();
            }
            return h.createUpdate("UPDATE rooms SET emptied_at = :now WHERE id = :room AND deleted_at IS NOT NULL")
                            .bind("now", database.clock().millis())
                            .bind("room", roomId)
                            .execute()
                    == 1;
        });
    }

    private static int deleteRows(Handle h, long roomId) {
        return h.createUpdate("""
                        DELETE FROM room_log WHERE room_id = :room AND seq IN
                          (SELECT seq FROM room_log WHERE room_id = :room ORDER BY seq LIMIT :n)""").bind("room", roomId).bind("n", ROWS).execute();
    }

    /** Removes the bytes of an ended blob space at once, and then the space. */
    void emptySpace(long spaceId) {
        List<Long> contents = database.jdbi()
                .withHandle(h -> h.createQuery("SELECT content_id FROM blobs WHERE space_id = :space")
                        .bind("space", spaceId)
                        .mapTo(Long.class)
                        .list());
        for (long content : contents) {
            while (change(content, h -> deletePieces(h, content) == PIECES)) {
                // until the last part
            }
            change(
                    content,
                    h -> h.createUpdate("DELETE FROM blobs WHERE content_id = :id")
                                            .bind("id", content)
                                            .execute()
                                    + h.createUpdate("DELETE FROM blob_contents WHERE id = :id")
                                            .bind("id", content)
                                            .execute()
                            > 0);
        }
        change(
                spaceId,
                h -> h.createUpdate("DELETE FROM blob_spaces WHERE id = :space AND deleted_at IS NOT NULL")
                                .bind("space", spaceId)
                                .execute()
                        == 1);
    }

    private static int deletePieces(Handle h, long content) {
        return h.createUpdate("""
                        DELETE FROM blob_pieces WHERE content_id = :id AND number IN
                          (SELECT number FROM blob_pieces WHERE content_id = :id ORDER BY number LIMIT :n)""").bind("id", content).bind("n", PIECES).execute();
    }
}
