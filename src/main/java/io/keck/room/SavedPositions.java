package io.keck.room;

import io.keck.protocol.Message;
import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import java.util.Objects;
import java.util.Set;

/**
 * Reports to members that asked for it the position up to which all their updates are committed
 * ({@link Connection#saved}). Step 2s and updates of a member are counted together, from 1, in order of arrival. Used
 * only in the room's turns.
 *
 * <p>An update counts as committed when the log holds all of its content, even if the content came from another member.
 * On arrival each part of it is either in the replica, which equals the log, or in a waiting batch. So the update is
 * committed as soon as all batches that waited at its arrival are, and only the number of the newest of them must be
 * kept.
 *
 * <pre>
 *   state of an update                           the position passes it
 *   all of it is in the replica                  at the end of the turn
 *   part of it is in a waiting batch             when that batch and all older ones are in the log
 *   a delete in it waits for its struct          when the delete is in the log, or the next step 2 contains it again
 *   part of it was refused                       when a later step 2 that contains the part again was accepted
 *   the room has other content under its ids     never
 * </pre>
 *
 * <p>Nothing is reported in unsaved mode, nor after the log went back, until its lost rows are in it again.
 */
final class SavedPositions {
    private final Batches batches;
    private final Safeguards safeguards;
    /** Members whose position is behind their messages and may rise without another message. */
    private final Set<Member> waiting = new LinkedHashSet<>();

    /** The state of the updates of one member. */
    static final class Progress {
        /** The value of a limit that does not exist. */
        private static final long NOWHERE = Long.MAX_VALUE;

        /** Updates up to {@code position} wait for the batches up to number {@code batch}. */
        private record Mark(long position, long batch) {}

        private final ArrayDeque<Mark> marks = new ArrayDeque<>();
        /** The number of updates received. */
        private long came;
        /** The position by the batches in the log alone, without {@link #limit}. */
        private long reached;
        /** The position that was reported last. */
        private long told;
        /** The first update that was refused in part. */
        private long asideFrom = NOWHERE;
        /** The first update with deletes that wait for their structs. */
        private long deletesFrom = NOWHERE;
        /** The first update that contradicts known content. */
        private long contradictedFrom = NOWHERE;

        private long limit() {
            return Math.min(contradictedFrom, Math.min(asideFrom, deletesFrom)) - 1;
        }

        private void mark(long batch) {
            Mark last = marks.peekLast();
            if (last != null && last.batch() >= batch) {
                marks.removeLast();
                marks.add(new Mark(came, last.batch()));
            } else {
                marks.add(new Mark(came, batch));
            }
        }

        /** Makes all updates so far wait for a batch, because it contains parts of them that were held back before. */
        private void begin(long batch) {
            marks.clear();
            reached = told;
            mark(batch);
        }
    }

    /** How an update was accepted. */
    enum Taken {
        /** All of it is in the replica or in batches. */
        WHOLE,
        /** Some of its deletes wait for their structs. */
        WITHOUT_DELETES,
        /** A part of it was refused and dropped. */
        IN_PART
    }

    SavedPositions(Batches batches, Safeguards safeguards) {
        this.batches = batches;
        this.safeguards = safeguards;
    }

    /** Counts a received update before it is handled. */
    void came(Member member) {
        if (member.progress != null) {
            member.progress.came++;
        }
    }

    /** The position of the last received update. */
    long position(Member member) {
        return member.progress == null ? 0 : member.progress.came;
    }

    /** Records that the last update has different content under known ids, and so will never be in the log. */
    void contradicts(Member member) {
        Progress progress = member.progress;
        if (progress == null) {
            return;
        }
        progress.contradictedFrom = Math.min(progress.contradictedFrom, progress.came);
        member.connection.heldBack();
        if (member.echo != null) {
            member.echo.end(); // the position never passes this update
        }
    }

    /**
     * Records that the last update was handled and its new content is in a batch.
     *
     * @param isAll whether it is a step 2, which contains the parts that were refused before
     */
    void dealtWith(Member member, Taken taken, boolean isAll) {
        Progress progress = member.progress;
        if (progress == null) {
            return;
        }
        boolean wasHeldBack = progress.limit() < progress.came - 1;
        switch (taken) {
            case WHOLE -> {
                if (isAll) {
                    progress.asideFrom = Progress.NOWHERE;
                    progress.deletesFrom = member.waitingDeletes == null ? Progress.NOWHERE : progress.deletesFrom;
                }
            }
            case WITHOUT_DELETES -> progress.deletesFrom = Math.min(progress.deletesFrom, progress.came);
            case IN_PART -> {
                progress.asideFrom = Math.min(progress.asideFrom, progress.came);
                if (member.waitingDeletes == null) { // the deletes that waited were dropped
                    progress.asideFrom = Math.min(progress.asideFrom, progress.deletesFrom);
                    progress.deletesFrom = Progress.NOWHERE;
                }
            }
        }
        if (taken != Taken.WHOLE) {
            member.connection.heldBack();
        }
        long number = batches.youngest();
        if (wasHeldBack && taken == Taken.WHOLE && isAll) {
            progress.begin(number);
        } else {
            progress.mark(number);
        }
        waiting.add(member);
    }

    /** Called when all waiting deletes of a member are in a batch. */
    void deletesTaken(Member member) {
        Progress progress = member.progress;
        if (progress != null && progress.deletesFrom != Progress.NOWHERE) {
            progress.deletesFrom = Progress.NOWHERE;
            progress.begin(batches.youngest());
            waiting.add(member);
        }
    }

    /**
     * Records that a part of the waiting batches was dropped or held back. The positions of all members that wait for them
     * stay where they are until a step 2 contains everything.
     */
    void batchesCut() {
        for (Member member : waiting) {
            Progress progress = Objects.requireNonNull(member.progress);
            if (!progress.marks.isEmpty()) {
                progress.asideFrom = Math.min(progress.asideFrom, progress.reached + 1);
                member.connection.heldBack();
            }
        }
    }

    void leave(Member member) {
        waiting.remove(member);
    }

    /**
     * Reports committed positions to the members at the end of a turn.
     *
     * @param isUnsaved whether the room is in unsaved mode
     */
    void tell(boolean isUnsaved) {
        if (waiting.isEmpty()) {
            return;
        }
        if (!safeguards.saysSavedAfterTheCommit()) {
            waiting.forEach(member -> tell(member, position(member)));
            waiting.clear();
        } else if (!isUnsaved) {
            long oldest = batches.oldest();
            waiting.removeIf(member -> look(member, oldest));
        }
    }

    /** Reports a risen position; returns whether it cannot rise further without another update. */
    private static boolean look(Member member, long oldest) {
        Progress progress = Objects.requireNonNull(member.progress); // only members with progress wait
        for (Progress.Mark mark = progress.marks.peek();
                mark != null && mark.batch() < oldest;
                mark = progress.marks.peek()) {
            progress.reached = mark.position();
            progress.marks.remove();
        }
        tell(member, Math.min(progress.reached, progress.limit()));
        return progress.marks.isEmpty();
    }

    private static void tell(Member member, long position) {
        Progress progress = Objects.requireNonNull(member.progress);
        if (position > progress.told) {
            progress.told = position;
            byte[] own = member.echo == null ? null : member.echo.saved(position);
            if (own != null) {
                member.connection.send(Message.update(own));
            }
            member.connection.saved(position);
        }
    }
}
