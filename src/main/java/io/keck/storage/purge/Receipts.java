package io.keck.storage.purge;

import io.keck.crdt.lib0.JsonValue;
import io.keck.storage.database.Database;
import io.keck.storage.history.DocumentHistory;
import io.keck.storage.rows.RowPages;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.JdbiException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes receipts of purges: JSON objects that list what was removed, with its SHA-256 hashes, when, by whom, and which
 * copies are beyond Keck's reach. Thread-safe.
 */
final class Receipts {
    private static final Logger LOG = LoggerFactory.getLogger(Receipts.class);
    private static final int ATTEMPTS = 5;

    private static final List<String> OUTSIDE = List.of(
            "backups and archives that were made before",
            "copies that clients, webhook receivers and event streams have received",
            "the logs of this server and of proxies before it, which name documents and not their content");

    private static final List<String> OUTSIDE_OF_POSTGRES = List.of(
            "free space in the pages of PostgreSQL, until VACUUM and later writes have used it",
            "the write-ahead log of PostgreSQL and its archive, until they are recycled or expire",
            "standbys, until they have replayed this");

    private final Database database;
    private final DocumentHistory history;

    Receipts(Database database, DocumentHistory history) {
        this.database = database;
        this.history = history;
    }

    /** Describes an ended room; to be called before anything of it is removed. */
    String of(long room, String document, String by, long at) {
        Map<String, Object> receipt = new LinkedHashMap<>();
        receipt.put("document", document);
        receipt.put("life", String.valueOf(room));
        receipt.put("by", by);
        receipt.put("at", at);
        database.jdbi().useHandle(h -> {
            Map<String, Object> removed = new LinkedHashMap<>();
            for (String table : EndedRooms.tables()) {
                long count = h.createQuery("SELECT count(*) FROM " + table + " WHERE room_id = :room")
                        .bind("room", room)
                        .mapTo(Long.class)
                        .one();
                if (count > 0) {
                    removed.put(table, count);
                }
            }
            receipt.put("removed", removed);
            receipt.put("sha256", hashes(h, room, document));
        });
        List<String> outside = new ArrayList<>(OUTSIDE);
        if (database.isShared()) {
            outside.addAll(OUTSIDE_OF_POSTGRES);
        }
        receipt.put("outside", outside);
        return JsonValue.write(receipt);
    }

    private Map<String, Object> hashes(Handle h, long room, String document) {
        Map<String, Object> hashes = new LinkedHashMap<>();
        MessageDigest rows = sha256();
        new RowPages(h, room, true).each(0, Long.MAX_VALUE, row -> {
            byte[] payload = row.payload();
            if (payload != null) {
                rows.update(payload);
            }
            return true;
        });
        hashes.put("rows", HexFormat.of().formatHex(rows.digest()));
        h.createQuery("SELECT state FROM room_snapshots WHERE room_id = :room AND state IS NOT NULL")
                .bind("room", room)
                .map((rs, ctx) -> rs.getBytes(1))
                .findOne()
                .ifPresent(state -> hashes.put("snapshot", HexFormat.of().formatHex(sha256().digest(state))));
        hashes.put("history", history.hashes(h, room));
        hashes.put(
                "blobs",
                h.createQuery("""
                        SELECT b.hash FROM blobs b JOIN blob_spaces s ON s.id = b.space_id
                        WHERE s.name = :name AND s.deleted_at IS NOT NULL ORDER BY b.content_id""")
                        .bind("name", document)
                        .map((rs, ctx) -> HexFormat.of().formatHex(rs.getBytes(1)))
                        .list());
        return hashes;
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /**
     * Removes deleted data from the file of SQLite and its {@code -wal} by rewriting the file, during which writers
     * wait. Does nothing on PostgreSQL; there the receipt lists the pages as beyond Keck's reach.
     */
    void wipe() {
        if (database.isShared()) {
            return;
        }
        for (int i = 1; i <= ATTEMPTS; i++) {
            try {
                database.jdbi().useHandle(h -> {
                    h.execute("VACUUM");
                    h.createQuery("PRAGMA wal_checkpoint(TRUNCATE)")
                            .mapTo(Integer.class)
                            .first();
                });
                return;
            } catch (JdbiException e) {
                if (i == ATTEMPTS) {
                    LOG.warn(
                            "The file of the database was not rewritten after a purge; run VACUUM on it: {}",
                            e.toString());
                }
            }
        }
    }
}
