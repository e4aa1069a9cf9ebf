package io.keck.socket;

import io.keck.protocol.YSweetMessage;
import java.util.ArrayDeque;

/**
 * Which version of a client of y-sweet is saved. The client numbers its edits and tells the number of the last one again and
 * again; it wants to hear of the highest number up to which everything is saved. The room counts step 2s and updates
 * ({@link io.keck.room.Connection#saved}). A version is saved as soon as the position is that came last before it. Thread-safe.
 *
 * <p><b>Gaps.</b> That holds only if the room has been given everything up to the version. What was edited offline comes with
 * the client's answer to the first step 1, after its first version. An update that was refused, since the client may only read,
 * leaves a gap as well. Versions that come while there is a gap wait for the next step 2, which contains whatever the server
 * lacks. What the room itself leaves aside holds its position back, and so needs nothing here.
 */
final class YSweetVersions {
    private static final long NONE = YSweetMessage.NONE;
    /** Positions that are remembered; beyond that, versions are told a little later. */
    static final int MAX_WAITING = 4_096;

    private record Mark(long version, long position) {}

    private final boolean waitsForStep2;
    private final ArrayDeque<Mark> marks = new ArrayDeque<>();
    /** Positions that were given to the room. */
    private long given;
    /** Up to which the room has said that everything is saved. */
    private long reached;

    private boolean isGap;
    /** The highest version that came while there was a gap. */
    private long held = NONE;
    /** The highest version that is saved. */
    private long saved = NONE;

    YSweetVersions() {
        this(true);
    }

    /** @param waitsForStep2 false only in the twin test, which has to see that a version is called saved too early */
    YSweetVersions(boolean waitsForStep2) {
        this.waitsForStep2 = waitsForStep2;
        this.isGap = waitsForStep2;
    }

    /** A version came; the highest one that is saved, or {@link YSweetMessage#NONE}. */
    synchronized long came(long version) {
        if (isGap) {
            held = Math.max(held, version);
        } else if (given <= reached) {
            saved = Math.max(saved, version);
        } else {
            mark(version, given);
        }
        return saved;
    }

    private void mark(long version, long position) {
        Mark last = marks.peekLast();
        if (last != null && (last.position() == position || marks.size() >= MAX_WAITING)) {
            marks.removeLast();
            marks.add(new Mark(Math.max(last.version(), version), position));
        } else {
            marks.add(new Mark(version, position));
        }
    }

    /** An update was given to the room. */
    synchronized void update() {
        given++;
    }

    /** A step 2 was given to the room; it contains whatever was missing. */
    synchronized void step2() {
        given++;
        isGap = false;
        if (held != NONE) {
            mark(held, given);
            held = NONE;
        }
    }

    /** An update was refused. */
    synchronized void refused() {
        isGap = waitsForStep2;
    }

    /** Everything up to that position is saved; the highest saved version if it has risen, else {@link YSweetMessage#NONE}. */
    synchronized long saved(long position) {
        reached = Math.max(reached, position);
        long before = saved;
        for (Mark mark = marks.peek(); mark != null && mark.position() <= reached; mark = marks.peek()) {
            saved = Math.max(saved, mark.version());
            marks.remove();
        }
        return saved > before ? saved : NONE;
    }
}
