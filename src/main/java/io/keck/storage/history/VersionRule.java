package io.keck.storage.history;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Decides after which rows of a document a version is made. The decision follows from the times, sizes and authors of the
 * rows alone, not from the moment at which they are read: a node that reads them late, or another node, decides the same.
 * Used by one thread.
 */
final class VersionRule {
    /**
     * The shortest time between the rows of two versions, in milliseconds, so that no author can push out the older
     * versions of a document within minutes.
     */
    static final long SPACING_MILLIS = 120_000;

    /**
     * A row of the log.
     *
     * @param at its time, in milliseconds since 1970
     * @param bytes the bytes of its update
     * @param author the id of its author; 0 if unknown
     * @param isRestore whether it restores an earlier state
     */
    record Row(long seq, long at, long bytes, long author, boolean isRestore) {}

    /**
     * What is known of the rows that were read.
     *
     * @param seq the last row that was read; -1 if none was
     * @param at the time of that row; 0 if it is unknown
     * @param author the author of that row
     * @param firstAt the time of the first row after the last version; 0 if there is no such row
     * @param bytes the bytes of the rows after the last version
     * @param madeAt the time of the row of the last version; 0 if there is none
     */
    record State(long seq, long at, long author, long firstAt, long bytes, long madeAt) {
        static final State NOTHING = after(-1);

        /** The state of a document whose rows up to one need no version. */
        static State after(long seq) {
            return new State(seq, 0, 0, 0, 0, 0);
        }

        boolean isPending() {
            return firstAt != 0;
        }

        private State plus(Row row) {
            return new State(
                    row.seq(),
                    Math.max(at, row.at()),
                    row.author(),
                    isPending() ? firstAt : row.at(),
                    bytes + row.bytes(),
                    madeAt);
        }

        private State made() {
            return new State(seq, at, author, 0, 0, at);
        }
    }

    /** A version to be made: the row, and its time. */
    record Mark(long seq, long at) {}

    private final VersionSettings settings;
    private final List<Mark> marks = new ArrayList<>();
    private State state;

    VersionRule(VersionSettings settings, State state) {
        this.settings = settings;
        this.state = state;
    }

    /** Reads the next row. */
    void read(Row row) {
        if (state.isPending() && isDue(row.at(), row)) {
            mark();
        }
        state = state.plus(row);
    }

    /** Continues after rows that are no longer in the log; what was changed before them gets its version. */
    void skipTo(long seq) {
        if (state.isPending()) {
            mark();
        }
        state = State.after(seq);
    }

    /** Ends the reading: there was no further row at this time, in milliseconds since 1970. */
    void end(long now) {
        if (state.isPending() && isDue(now, null)) {
            mark();
        }
    }

    private void mark() {
        marks.add(new Mark(state.seq(), state.at()));
        state = state.made();
    }

    /** @param next the row that follows at that time, or null */
    private boolean isDue(long at, @Nullable Row next) {
        long pause = at - state.at();
        if (pause >= settings.afterIdle().toMillis()
                || at - state.firstAt() >= settings.every().toMillis()) {
            return true;
        }
        if (state.at() - state.madeAt() < SPACING_MILLIS) {
            return false;
        }
        long handover = settings.afterPause().toMillis();
        boolean isLarge = settings.afterBytes() > 0 && state.bytes() >= settings.afterBytes();
        boolean isHandover = next != null && next.author() != state.author() && handover > 0 && pause >= handover;
        return isLarge || isHandover || (next != null && next.isRestore());
    }

    State state() {
        return state;
    }

    /** The versions to be made, oldest first. */
    List<Mark> marks() {
        return marks;
    }

    /** The time at which the state must be looked at again, in milliseconds since 1970; 0 if only after a further row. */
    long lookAt(long now) {
        long idle = state.at() + settings.afterIdle().toMillis();
        if (state.isPending()) {
            return Math.min(idle, state.firstAt() + settings.every().toMillis());
        }
        return idle > now ? idle : 0;
    }
}
