package io.keck.room;

import java.util.function.LongSupplier;

/**
 * Lets the log of a room forget deletes of clocks that nobody has brought. Earlier releases stored them, and they would act
 * on whatever is written under those ids. The mark is a row, so all replicas forget the same deletes at the same place, and
 * so does a snapshot of the rows. Touched only in the room's turns.
 */
final class ForgetMark {
    private static final long LOOK_EVERY_MS = 60_000;

    private final Replica replica;
    private final Batches batches;
    private final Saving saving;
    private final LongSupplier clock;
    private final boolean isOn;
    private long lookedAt;
    /** Whether there were such deletes the last time. */
    private boolean hadSome;

    ForgetMark(Replica replica, Batches batches, Saving saving, LongSupplier clock, Safeguards safeguards) {
        this.replica = replica;
        this.batches = batches;
        this.saving = saving;
        this.clock = clock;
        this.isOn = safeguards.forgetsStoredUnheldDeletes();
    }

    /** The room was loaded: what waits now was stored before. */
    void loaded() {
        hadSome = true;
        look(clock.getAsLong());
    }

    /**
     * Time has passed. Deletes without structs may have come a moment ago, from a node of an earlier release or with what a
     * restored log had lost; they are forgotten if they are still there the next time.
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
