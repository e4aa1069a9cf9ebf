package io.keck.storage.history;

import io.keck.history.DocumentVersions;
import io.keck.history.HistoryReader;
import io.keck.storage.database.Database;
import io.keck.storage.log.RowKeeper;
import io.keck.storage.rows.Replica;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** The parts that store and read the history of one database, wired together. Thread-safe. */
public final class DocumentHistory {
    private static final int MAX_VERSIONS = 1_000;

    private final Database database;
    private final HistorySettings settings;
    private final StoredObject.Reading reading;
    private final Stores stores;
    private final @Nullable FileSegments files;

    /**
     * Wires the parts.
     *
     * @throws java.io.UncheckedIOException if the directory of segments cannot be created
     */
    public DocumentHistory(Database database, HistorySettings settings) {
        this.database = database;
        this.settings = settings;
        Path directory = settings.directory();
        SegmentStore inDatabase = new DatabaseSegments(database);
        this.files = directory == null ? null : new FileSegments(directory);
        List<SegmentStore> all = files == null ? List.of(inDatabase) : List.of(inDatabase, files);
        this.stores = new Stores(files != null && settings.toFiles() ? files : inDatabase, all);
        this.reading = new StoredObject.Reading(stores);
    }

    /** The keeper that takes over rows which leave the log; null if such rows are deleted. */
    public @Nullable RowKeeper keeper() {
        return settings.isOn()
                ? new HistoryKeeper(database, settings, stores, reading, new Checkpointer(database, stores, reading))
                : null;
    }

    /**
     * Creates a reader of the history.
     *
     * @param replica queried before the primary, or null
     */
    public HistoryReader reader(@Nullable Replica replica) {
        return new JdbiHistory(database, replica, reading);
    }

    /** Deletes the files of a room whose life has ended; the caller deletes its rows in the database. */
    public void deleteFiles(long roomId) {
        if (files != null) {
            files.deleteAll(roomId);
        }
    }

    /** The SHA-256 hashes of the stored objects of a room, in hex, oldest first. */
    public List<String> hashes(Handle h, long roomId) {
        List<StoredObject> objects = new ArrayList<>();
        Segments.after(h, roomId, -1, Integer.MAX_VALUE).forEach(segment -> objects.add(segment.object()));
        Checkpoints.after(h, roomId, -1, Integer.MAX_VALUE).forEach(checkpoint -> objects.add(checkpoint.object()));
        List<String> hashes = new ArrayList<>(objects.size());
        for (StoredObject object : objects) {
            byte[] packed = stores.get(h, object.store(), roomId, object.id());
            if (packed != null) {
                hashes.add(HexFormat.of().formatHex(sha256().digest(packed)));
            }
        }
        return hashes;
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** The versions of documents. */
    public DocumentVersions versions() {
        return new JdbiVersions(database, MAX_VERSIONS);
    }
}
