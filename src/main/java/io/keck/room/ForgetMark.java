package io.keck.room;

import java.util.function.LongSupplier;

/**
 * Makes the log of a room forget deletes of clocks without content. Earlier releases stored such deletes, and they
 * would delete whatever is written under those ids later. The mark is a row, so all replicas and snapshots forget the
 * same deletes at the same position. Used only in the room's turns.
 */
final class ForgetMark {
    private static final long LOOK_EVERY_MS = 60_000;

    private final Replica replica;
    private final Batches batches;
    private final Saving saving;
    private final LongSupplier clock;
    private final boolean isOn;
    private long lookedAt;
    /** Whether the last tick found such deletes. */
    private boolean hadSome;

    ForgetMark(Replica replica, Batches batches, Saving saving, LongSupplier clock, Safeguards safeguards) {
        this.replica = replica;
        this.batches = batches;
        this.saving = saving;
        this.clock = clock;
        this.isOn = safeguards.forgetsStoredUnheldDeletes();
    }

    /** Called when the room was loaded: deletes that wait now were stored by an earlier release. */
    void loaded() {
        hadSome = true;
        look(clock.getAsLong());
    }

    /**
     * Called by the tick. Deletes without structs may have arrived just now, from a node of an earlier release or with
     * rows that a restored log had lost, so they are forgotten only if the next tick still finds them.
     */
    void onTick(long now) {
        if (now - lookedAt >= LOOK_EVERY_MS) {
            look(now);
        }
    }

    private void look(long now) {
        lookedAt = now;
        boolean has = isOn
                && replica.isFollowing()
                && !saving.isUnsaved()
                && batches.isEmpty()
                && replica.store().hasUnheldDeletes();
        if (has && hadSome) {
            batches.addMark();
        }
        hadSome = has;
    }
}
