package io.keck.storage.blob;

import io.keck.failure.Failure;
import io.keck.failure.Refused;
import io.keck.failure.Unavailable;
import io.keck.storage.database.Change;
import io.keck.storage.database.Database;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.jdbi.v3.core.ConnectionException;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/**
 * The access of blobs to the database: a few short statements at a time on connections of their own, so that the log
 * never waits for one. On SQLite, where one connection writes, pieces go through the log's writer between its batches.
 * Thread-safe.
 */
final class BlobDatabase {
    /** The largest number of connections for blobs. */
    public static final int CONNECTIONS = 2;

    private static final long PATIENCE_SECONDS = 20;
    private final Database database;
    private final Jdbi jdbi;
    private final boolean shared;
    private final Semaphore connections = new Semaphore(CONNECTIONS, true);

    BlobDatabase(Database database) {
        this.database = database;
        this.jdbi = database.jdbi();
        this.shared = database.isShared();
    }

    /** The clause that share-locks a row until the end of the transaction; empty on SQLite. */
    String forShare() {
        return database.dialect().forShare();
    }

    /** Runs a query. */
    <T> T read(Function<Handle, T> query) {
        return withConnection(false, () -> jdbi.withHandle(query::apply));
    }

    /**
     * Changes the database in one transaction. The work may run twice, and must begin with a change: on SQLite a
     * transaction that begins with a read cannot always write later.
     *
     * @param key changes of one key run one after the other on SQLite
     * @return what the work returned
     * @throws Refused if the work throws it; then nothing was done
     */
    boolean write(long key, Change work) {
        return withConnection(true, () -> inTransaction(key, work));
    }

    /** As {@link #write}, for a change that is not visible yet: if it fails, nothing was done. */
    boolean prepare(long key, Change work) {
        return withConnection(false, () -> inTransaction(key, work));
    }

    private boolean inTransaction(long key, Change work)
            throws ExecutionException, InterruptedException, TimeoutException {
        return shared
                ? jdbi.inTransaction(work::run)
                : database.change(key, work).toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    private interface Step<T> {
        T run() throws ExecutionException, InterruptedException, TimeoutException;
    }

    private <T> T withConnection(boolean visible, Step<T> step) {
        try {
            if (!connections.tryAcquire(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                throw new Unavailable("too many blobs are being transferred", false);
            }
            try {
                return step.run();
            } finally {
                connections.release();
            }
        } catch (Failure e) {
            throw e;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Unavailable("interrupted", visible, e);
        } catch (TimeoutException e) {
            throw new Unavailable("the database does not answer", visible, e);
        } catch (ExecutionException | RuntimeException e) {
            Throwable cause = e instanceof ExecutionException && e.getCause() != null ? e.getCause() : e;
            if (cause instanceof Refused used) {
                throw used;
            }
            database.connectionFailed(cause);
            throw new Unavailable(
                    "the database failed: " + cause.getMessage(),
                    visible && !(cause instanceof ConnectionException),
                    cause);
        }
    }
}
