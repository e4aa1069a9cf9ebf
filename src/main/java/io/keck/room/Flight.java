package io.keck.room;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The batches of a room that were handed to the log and are not known to be settled, in the order in which they were handed
 * over. There are several only where their authors differ. Touched only in the room's turns.
 */
final class Flight {
    /** One batch on its way to the log. */
    static final class Attempt {
        final Batch batch;
        final long link;
        /** Whether the batch was handed to the log before. */
        final boolean isRepeated;
        /** The row of the batch, where the log has answered and rows before it are missing here; else 0. */
        long row;
        /** The read of the log that shows whether the row is there. */
        long read;

        Attempt(Batch batch, long link) {
            this.batch = batch;
            this.link = link;
            this.isRepeated = batch.submitted;
        }

        /** As the log takes it. */
        UpdateLog.Entry entry() {
            return new UpdateLog.Entry(batch.id, link, batch.payload(), batch.author());
        }
    }

    private final ArrayDeque<Attempt> attempts = new ArrayDeque<>();

    /** Puts batches on their way, each with a link of its own. */
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

    /** It is settled, or will be tried again. */
    void remove(Attempt attempt) {
        attempts.remove(attempt);
    }

    /** Whether that batch is on its way. */
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

    /** The first batch, if the log has not answered for it. */
    @Nullable
    Batch unanswered() {
        Attempt first = attempts.peekFirst();
        return first == null || first.row > 0 ? null : first.batch;
    }

    /** Whether the row of that link, so many rows ahead of the replica, is one of these batches and all between are, too. */
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

    /** Those for which the log has answered, as a copy. */
    List<Attempt> answered() {
        return attempts.stream().filter(attempt -> attempt.row > 0).toList();
    }

    /** Those for which the log has answered are not on their way any more: their rows may be lost. */
    void forgetAnswered() {
        attempts.removeIf(attempt -> attempt.row > 0);
    }
}
