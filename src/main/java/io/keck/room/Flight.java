package io.keck.room;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The batches of a room that were handed to the log and are not settled yet, in that order. There are several only if
 * their authors differ. Used only in the room's turns.
 */
final class Flight {
    /** One batch on its way to the log. */
    static final class Attempt {
        final Batch batch;
        final long link;
        /** Whether the batch was handed to the log before. */
        final boolean isRepeated;
        /** The seq of the batch's row if the log has answered and the replica lacks rows before it; otherwise 0. */
        long row;
        /** The number of the read of the log that shows whether the row exists. */
        long read;

        Attempt(Batch batch, long link) {
            this.batch = batch;
            this.link = link;
            this.isRepeated = batch.submitted;
        }

        /** The batch as an entry for the log. */
        UpdateLog.Entry entry(UpdateLog.@Nullable Claim claim) {
            return new UpdateLog.Entry(batch.id, link, batch.payload(), batch.author(), claim);
        }
    }

    private final ArrayDeque<Attempt> attempts = new ArrayDeque<>();

    /** Starts an attempt for each batch, each with a link of its own. */
    List<Attempt> begin(List<Batch> batches, LongSupplier links) {
        List<Attempt> made = new ArrayList<>(batches.size());
        for (Batch batch : batches) {
            made.add(new Attempt(batch, links.getAsLong()));
        }
        attempts.addAll(made);
        return made;
    }

    boolean isEmpty() {
        return attempts.isEmpty();
    }

    boolean contains(Attempt attempt) {
        return attempts.contains(attempt);
    }

    /** Removes an attempt that is settled or will be repeated. */
    void remove(Attempt attempt) {
        attempts.remove(attempt);
    }

    /** Whether a batch is in flight. */
    boolean holds(Batch batch) {
        for (Attempt attempt : attempts) {
            if (attempt.batch == batch) {
                return true;
            }
        }
        return false;
    }

    /** The first batch, or null. */
    @Nullable
    Batch first() {
        Attempt first = attempts.peekFirst();
        return first == null ? null : first.batch;
    }

    /** The first batch if the log has not answered for it yet, or null. */
    @Nullable
    Batch unanswered() {
        Attempt first = attempts.peekFirst();
        return first == null || first.row > 0 ? null : first.batch;
    }

    /**
     * Whether the row with this link, {@code ahead} rows ahead of the replica, and all rows before it are batches in
     * flight.
     */
    boolean isHead(long link, long ahead) {
        long number = 0;
        for (Attempt attempt : attempts) {
            number++;
            if (attempt.link == link) {
                return number == ahead;
            }
        }
        return false;
    }

    /** A copy of the attempts for which the log has answered. */
    List<Attempt> answered() {
        return attempts.stream().filter(attempt -> attempt.row > 0).toList();
    }

    /** Drops the attempts for which the log has answered, because their rows may be lost. */
    void forgetAnswered() {
        attempts.removeIf(attempt -> attempt.row > 0);
    }
}
