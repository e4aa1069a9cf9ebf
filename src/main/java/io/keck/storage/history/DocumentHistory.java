package io.keck.storage.history;

import io.keck.history.DocumentVersions;
import io.keck.history.HistoryReader;
import io.keck.storage.database.Database;
import io.keck.storage.log.RowKeeper;
import io.keck.storage.rows.Replica;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The parts of history over one database, wired. Thread-safe. */
public final class DocumentHistory {
    private static final int MAX_VERSIONS = 1_000;

    private final Database database;
    private final HistorySettings settings;
    private final StoredObject.Reading reading;
    private final Stores stores;

    /** @throws java.io.UncheckedIOException if the directory of segments cannot be created */
    public DocumentHistory(Database database, HistorySettings settings) {
        this.database = database;
        this.settings = settings;
        Path directory = settings.directory();
        SegmentStore inDatabase = new DatabaseSegments(database);
        SegmentStore files = directory == null ? inDatabase : new FileSegments(directory);
        this.stores =
                settings.toFiles() ? new Stores(files, List.of(inDatabase)) : new Stores(inDatabase, List.of(files));
        this.reading = new StoredObject.Reading(stores);
    }

    /** What takes over rows that leave the log; null if they are deleted. */
    public @Nullable RowKeeper keeper() {
        return settings.isOn()
                ? new HistoryKeeper(database, settings, stores, reading, new Checkpointer(database, stores, reading))
                : null;
    }

    /**
     * What reads history.
     *
     * @param replica asked before the primary, or null
     */
    public HistoryReader reader(@Nullable Replica replica) {
        return new JdbiHistory(database, replica, reading);
    }

    /** The versions of documents. */
    public DocumentVersions versions() {
        return new JdbiVersions(database, MAX_VERSIONS);
    }
}
