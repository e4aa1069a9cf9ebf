package io.keck.storage.log;

import io.keck.storage.database.Database;
import java.time.Clock;
import java.time.Duration;

/** Folds rooms with a clock and a retention of the test, whoever follows them. */
public final class Folder implements AutoCloseable {
    private final Compactor compactor;

    public Folder(Database database, Clock clock, Duration retention) {
        compactor = new Compactor(database, clock, retention, Followers.NONE);
    }

    /** Folds that room; false where there is nothing to fold. */
    public boolean fold(long room) {
        return compactor.compact(room);
    }

    @Override
    public void close() {
        try {
            compactor.stop();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
