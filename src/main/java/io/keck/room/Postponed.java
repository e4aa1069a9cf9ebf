package io.keck.room;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Work that rooms postpone until the next beat of the node, some hundredths of a second later, so that several changes are handled
 * together. A node without beats postpones nothing. Thread-safe.
 */
public final class Postponed {
    private final Set<Runnable> waiting = ConcurrentHashMap.newKeySet();
    private final boolean hasBeats;
    private final Runnable wake;
    /** Whether the last beat found no work; the next one then comes only after {@code wake}. */
    private volatile boolean isIdle = true;

    private Postponed(boolean hasBeats, Runnable wake) {
        this.hasBeats = hasBeats;
        this.wake = wake;
    }

    /** For a node that never calls {@link #beat}. */
    public static Postponed nothing() {
        return new Postponed(false, () -> {});
    }

    /**
     * For a node that calls {@link #beat} regularly while there is work.
     *
     * @param wake is called when work waits after a beat that found nothing; the next must come soon then
     */
    public static Postponed untilBeat(Runnable wake) {
        return new Postponed(true, wake);
    }

    /** Whether work can be postponed. */
    boolean isPossible() {
        return hasBeats;
    }

    /** Runs the work at the next beat, on the thread of the beat. The work must return at once. */
    void add(Runnable work) {
        waiting.add(work);
        if (isIdle) {
            isIdle = false;
            wake.run();
        }
    }

    /** Runs the postponed work; returns false if there was none. */
    public boolean beat() {
        if (waiting.isEmpty()) {
            isIdle = true;
            if (waiting.isEmpty()) { // look again: work added in between may not have called wake
                return false;
            }
            isIdle = false;
        }
        List<Runnable> due = new ArrayList<>(waiting);
        for (Runnable work : due) {
            waiting.remove(work);
            work.run();
        }
        return true;
    }
}
