package io.keck.ops;

import com.codahale.metrics.health.HealthCheck;
import com.codahale.metrics.health.HealthCheckRegistry;
import io.keck.room.Rooms;
import java.util.Locale;

/** Health checks of rooms that wait for a commit or lack rows. Each message names the problem and the remedy. */
public final class RoomChecks {
    private static final double MAX_AGE_SECONDS = 5;
    private static final long MAX_ROWS = 1_000;

    private RoomChecks() {}

    /** Registers {@code commit-age} and {@code log-lag}. */
    public static void register(HealthCheckRegistry checks, Rooms rooms, RoomMeters meters) {
        checks.register("commit-age", new HealthCheck() {
            @Override
            protected Result check() {
                return commitAge(rooms.census().waitingNanos() / 1e9, rooms.unsavedBytes());
            }
        });
        checks.register("log-lag", new HealthCheck() {
            @Override
            protected Result check() {
                return logLag(meters.behindRows(), meters.behindSeconds());
            }
        });
    }

    static HealthCheck.Result commitAge(double seconds, long unsavedBytes) {
        String age = String.format(Locale.ROOT, "%.1f s", seconds);
        return seconds <= MAX_AGE_SECONDS
                ? HealthCheck.Result.healthy("the oldest uncommitted update has waited for %s", age)
                : HealthCheck.Result.unhealthy(
                        "An update has been waiting for %s to be committed, and %d bytes are unsaved: killing this"
                                + " node now would lose them. Is the database up, fast enough, and not out of disk? See"
                                + " the check \"database\"; do not restart this node before it is well",
                        age, unsavedBytes);
    }

    static HealthCheck.Result logLag(long rows, double seconds) {
        return rows < MAX_ROWS
                ? HealthCheck.Result.healthy("%d rows behind", rows)
                : HealthCheck.Result.unhealthy(
                        "A room here lacks %d rows that other nodes have committed, and some room has lacked some for"
                                + " %.0f s: clients of this node see old documents. Are its processors or its"
                                + " connections to the database used up? Restarting it sends its clients to other"
                                + " nodes",
                        rows, seconds);
    }
}
