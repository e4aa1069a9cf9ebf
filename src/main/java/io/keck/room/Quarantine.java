package io.keck.room;

import io.keck.metrics.RoomMetrics;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The state of a room with damaged stored data. Such a room can be read up to the damage, and nothing is committed. The
 * content of a member's step 2 is ignored; a member that sends an update is closed with 4403. The room stays loaded, so
 * that the damage stays visible. After a repair it is closed with 1012, and every client sends what it has. Changed
 * only in the room's turns; {@link #damage} may be called from any thread.
 */
final class Quarantine {
    private static final Logger LOG = LoggerFactory.getLogger(Quarantine.class);

    private final String name;
    private final RoomMetrics metrics;
    private volatile UpdateLog.@Nullable Damage damage;

    /** @param name the name of the room */
    Quarantine(String name, RoomMetrics metrics) {
        this.name = name;
        this.metrics = metrics;
    }

    /** The damage of the stored data; null if there is none. */
    UpdateLog.@Nullable Damage damage() {
        return damage;
    }

    /** The description of the damage; null if there is none. */
    @Nullable
    String what() {
        UpdateLog.Damage found = damage;
        return found == null ? null : found.what();
    }

    /** Whether the room is read-only because of damage. */
    boolean isOn() {
        return damage != null;
    }

    /** Called when the room was loaded up to a damaged row or snapshot. */
    void begin(UpdateLog.Damage found) {
        damage = found;
        metrics.quarantineBegan();
        LOG.error(
                "Room {} is quarantined: {}. It can be read up to there and not be written."
                        + " Run: java -jar keck.jar doctor config.yml",
                name,
                found.what());
    }

    /** Called when the room has closed. */
    void end() {
        if (isOn()) {
            metrics.quarantineEnded();
        }
    }
}
