package io.keck.room;

import io.keck.metrics.RoomMetrics;
import java.util.Collection;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the room whose turns take the most time. A room uses at most one thread: one that needs all of it delays
 * everyone in the room and leaves one thread less for all other rooms. Used by one thread, apart from {@link #share}.
 */
final class Busiest {
    private static final Logger LOG = LoggerFactory.getLogger(Busiest.class);
    private static final long EVERY_NANOS = 2_000_000_000L;
    private static final long SAY_EVERY_NANOS = 60_000_000_000L;
    private static final double HOT = 0.5;

    private final RoomMetrics metrics;
    private long lookedAt;
    private long saidAt;
    private volatile double share;

    Busiest(RoomMetrics metrics) {
        this.metrics = metrics;
    }

    /** Compares with the previous sample, if that is old enough. */
    void look(Collection<Room> rooms) {
        long now = metrics.nanos();
        long elapsed = now - lookedAt;
        if (elapsed < EVERY_NANOS) {
            return;
        }
        long most = 0;
        Room busiest = null;
        for (Room room : rooms) {
            long busy = room.busyNanos();
            long more = busy - room.busyBefore;
            room.busyBefore = busy;
            if (more > most) {
                most = more;
                busiest = room;
            }
        }
        boolean first = lookedAt == 0;
        lookedAt = now;
        share = first ? 0 : Math.min(1, (double) most / elapsed);
        say(busiest, now);
    }

    private void say(@Nullable Room busiest, long now) {
        if (busiest != null && share >= HOT && (saidAt == 0 || now - saidAt >= SAY_EVERY_NANOS)) {
            saidAt = now;
            LOG.warn("Room {} uses {} % of a thread", busiest.name(), Math.round(100 * share));
        }
    }

    /** The part of a thread that the busiest room used between the last two samples, 0 to 1. */
    double share() {
        return share;
    }
}
