package io.keck.socket;

import io.keck.protocol.YSweetMessage;
import java.util.ArrayDeque;

/**
 * Tracks which version of a y-sweet client is saved. The client numbers its edits and repeats the number of the last one; it
 * wants to know the highest number up to which everything is saved. The room counts step 2s and updates
 * ({@link io.keck.room.Connection#saved}). A version is saved once the last position before it is. Thread-safe.
 *
 * <p><b>Gaps.</b> This holds only if the room was given everything up to the version. Offline edits arrive with the client's
 * answer to the first step 1, after its first version. A refused update of a read-only client leaves a gap as well. Versions
 * that arrive while there is a gap wait for the next step 2, which contains everything that the server lacks. Updates that the
 * room itself sets aside hold its position back and need no care here.
 */
final class YSweetVersions {
    private static final long NONE = YSweetMessage.NONE;
    /** Largest number of remembered positions; above it, versions are reported slightly later. */
    static final int MAX_WAITING = 4_096;

    private record Mark(long version, long position) {}

    private final boolean waitsForStep2;
    private final ArrayDeque<Mark> marks = new ArrayDeque<>();
    /** The number of step 2s and updates that were given to the room. */
    private long given;
    /** The position up to which the room has reported everything as saved. */
    private long reached;

    private boolean isGap;
    /** The highest version that arrived while there was a gap. */
    private long held = NONE;
    /** The highest saved version. */
    private long saved = NONE;

    YSweetVersions() {
        this(true);
    }

    /** @param waitsForStep2 false only in the twin test, which has to see a version reported as saved too early */
    YSweetVersions(boolean waitsForStep2) {
        this.waitsForStep2 = waitsForStep2;
        this.isGap = waitsForStep2;
    }

    /** Notes a version; returns the highest saved one, or {@link YSweetMessage#NONE}. */
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

    /** Notes an update that was given to the room. */
    synchronized void update() {
        given++;
    }

    /** Notes a step 2 that was given to the room; it contains everything that was missing. */
    synchronized void step2() {
        given++;
        isGap = false;
        if (held != NONE) {
            mark(held, given);
            held = NONE;
        }
    }

    /** Notes a refused update. */
    synchronized void refused() {
        isGap = waitsForStep2;
    }

    /** Notes a saved position; returns the highest saved version if it rose, else {@link YSweetMessage#NONE}. */
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
