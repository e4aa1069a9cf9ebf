package io.keck.storage;

import io.dropwizard.lifecycle.Managed;
import io.keck.access.AccessStore;
import io.keck.access.AuditStore;
import io.keck.access.TenantSizes;
import io.keck.feed.ChangeLog;
import io.keck.feed.ChangeLogs;
import io.keck.feed.Cursors;
import io.keck.history.DocumentVersions;
import io.keck.history.HistoryPorts;
import io.keck.history.HistoryReader;
import io.keck.metrics.BlobMetrics;
import io.keck.metrics.LogMetrics;
import io.keck.room.HeldUpdates;
import io.keck.storage.blob.JdbiBlobStore;
import io.keck.storage.database.Database;
import io.keck.storage.database.Dialect;
import io.keck.storage.feed.HistoryLog;
import io.keck.storage.feed.JdbiChangeLog;
import io.keck.storage.feed.JdbiCursors;
import io.keck.storage.held.JdbiHeldUpdates;
import io.keck.storage.history.DocumentHistory;
import io.keck.storage.history.HistorySettings;
import io.keck.storage.log.JdbiUpdateLog;
import io.keck.storage.nodes.JdbiKicks;
import io.keck.storage.nodes.JdbiNodes;
import io.keck.storage.purge.JdbiDeletedDocuments;
import io.keck.storage.rows.Replica;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/**
 * All storage over one database: wires the parts together and provides them. Its threads start with it and end in
 * {@link #stop}. Thread-safe.
 */
public final class Storage implements Managed {
    private final Database database;
    private final JdbiUpdateLog log;
    private final DocumentHistory history;
    private final @Nullable Replica replica;

    /**
     * Creates storage over a migrated database.
     *
     * @param node the label of this node, stored with each row
     * @param clock the clock that all nodes of this database share
     * @param onConnectionLost called whenever a connection broke, because the others in the pool are probably broken,
     *     too
     */
    public Storage(
            Jdbi jdbi,
            Dialect dialect,
            String node,
            Clock clock,
            Database.Settings databaseSettings,
            JdbiUpdateLog.Settings logSettings,
            Runnable onConnectionLost,
            LogMetrics metrics) {
        this(
                jdbi,
                dialect,
                node,
                clock,
                databaseSettings,
                logSettings,
                HistorySettings.OFF,
                onConnectionLost,
                metrics,
                null);
    }

    /** The same, with history, and with a replica for histories, or null. */
    public Storage(
            Jdbi jdbi,
            Dialect dialect,
            String node,
            Clock clock,
            Database.Settings databaseSettings,
            JdbiUpdateLog.Settings logSettings,
            HistorySettings historySettings,
            Runnable onConnectionLost,
            LogMetrics metrics,
            @Nullable Replica replica) {
        this.replica = replica;
        this.database = new Database(
                jdbi,
                dialect,
                clock,
                databaseSettings,
                onConnectionLost,
                metrics,
                () -> JdbiUpdateLog.writer(jdbi, dialect, node, clock));
        this.history = new DocumentHistory(database, historySettings);
        this.log = new JdbiUpdateLog(
                database,
                node,
                logSettings,
                List.of(JdbiBlobStore::documentEnded, JdbiHeldUpdates::lifeEnded),
                JdbiCursors::haveRead,
                history.keeper());
    }

    /** The database, with its clock and health. */
    public Database database() {
        return database;
    }

    /** The room log. */
    public JdbiUpdateLog log() {
        return log;
    }

    /** The rows of the log, for readers that follow it. */
    public ChangeLog changes() {
        return new JdbiChangeLog(database);
    }

    /** The rows of the log for streams, and for histories, which may come from a replica. */
    public ChangeLogs logs() {
        Replica asked = replica;
        ChangeLog changes = changes();
        return new ChangeLogs(changes, asked == null ? changes : new HistoryLog(database, asked));
    }

    /** The history of documents, which may come from a replica. */
    public HistoryReader history() {
        return history.reader(replica);
    }

    /**
     * Deleted documents; to be started after this and stopped before it.
     *
     * @param grace how long they can be brought back
     * @param hold how long tabs that were left open on them are recognised
     */
    public JdbiDeletedDocuments deleted(Duration grace, Duration hold) {
        return new JdbiDeletedDocuments(database, history, grace, hold);
    }

    /** The versions of documents. */
    public DocumentVersions versions() {
        return history.versions();
    }

    /** The logs, the history and the versions of documents. */
    public HistoryPorts past() {
        return new HistoryPorts(logs(), history(), versions());
    }

    /** The positions of webhooks. */
    public Cursors cursors() {
        return new JdbiCursors(database);
    }

    /** The registry of the nodes of this database. */
    public JdbiNodes nodes() {
        return new JdbiNodes(database);
    }

    /**
     * Returns the kicks from now on, for nodes that the bus does not reach.
     *
     * @throws org.jdbi.v3.core.JdbiException if the database does not answer
     */
    public JdbiKicks kicks() {
        return new JdbiKicks(database);
    }

    /** The store of access. */
    public AccessStore access() {
        return new JdbiAccessStore(database.jdbi(), database.clock());
    }

    /** What strict authorship has not applied; to be started after this and stopped before it. */
    public JdbiHeldUpdates held(HeldUpdates.Limits limits) {
        return new JdbiHeldUpdates(database, limits);
    }

    /** The table of the audit log. */
    public AuditStore audit() {
        return new JdbiAuditStore(database.jdbi());
    }

    /** The storage that tenants use. */
    public TenantSizes tenants() {
        return new JdbiTenantSizes(database.jdbi(), database.dialect());
    }

    /** Creates the blob store in the same database; it must be started after this storage and stopped before it. */
    public JdbiBlobStore blobs(JdbiBlobStore.Settings settings, BlobMetrics metrics) {
        return new JdbiBlobStore(database, settings, metrics);
    }

    @Override
    public void stop() throws InterruptedException {
        log.stop();
        database.stop();
    }
}
