package io.keck.storage.doctor;

import java.time.Clock;
import java.util.Optional;
import org.jdbi.v3.core.Jdbi;

/** Repairs rooms for the tests of other packages. */
public final class Repairs {
    private Repairs() {}

    /** Repairs a room; how many rows and snapshots were set aside, or empty where nothing is wrong. */
    public static Optional<Integer> room(Jdbi jdbi, long room) {
        return new Repair(jdbi, Clock.systemUTC()).room(room);
    }
}
