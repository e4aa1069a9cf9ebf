package io.keck.room;

import io.keck.metrics.RoomMetrics;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether the stored state of a room is damaged. Such a room is open up to the damage, to be read: nothing is committed.
 * What a member brings along in a step 2 is left aside; a member that sends an update is closed with 4403. The room stays
 * loaded, so that it is known; when it was repaired it is closed with 1012, and every client brings what it has. Changed
 * only in the room's turns; {@link #damage} may be called from any thread.
 */
final class Quarantine {
    private static final Logger LOG = LoggerFactory.getLogger(Quarantine.class);

    private final String name;
    private final RoomMetrics metrics;
    private volatile UpdateLog.@Nullable Damage damage;

    /** @param name of the room */
    Quarantine(String name, RoomMetrics metrics) {
        this.name = name;
        this.metrics = metrics;
    }

    /** What is wrong with what is stored; null where nothing is. */
    UpdateLog.@Nullable Damage damage() {
        return damage;
    }

    /** What is wrong, in words; null where nothing is. */
    @Nullable
    String what() {
        UpdateLog.Damage found = damage;
        return found == null ? null : found.what();
    }

    /** Whether the room is only read. */
    boolean isOn() {
        return damage != null;
    }

    /** The room was loaded up to a damage. */
    void begin(UpdateLog.Damage found) {
        damage = found;
        metrics.quarantineBegan();
        LOG.error(
                "Room {} is quarantined: {}. It can be read up to there and not be written."
                        + " Run: java -jar keck.jar doctor config.yml",
                name,
                found.what());
    }

    /** The room has closed. */
    void end() {
        if (isOn()) {
            metrics.quarantineEnded();
        }
    }
}
