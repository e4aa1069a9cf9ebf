package io.keck.room;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Work that rooms put off to the next beat of the node, a few hundredths of a second later, so that what happens meanwhile is done
 * together with it. A node without beats puts nothing off. Thread-safe.
 */
public final class Postponed {
    private final Set<Runnable> waiting = ConcurrentHashMap.newKeySet();
    private final boolean hasBeats;
    private final Runnable wake;
    /** Whether the last beat found nothing, so that nobody knows when the next will come. */
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

    /** Whether work can be put off. */
    boolean isPossible() {
        return hasBeats;
    }

    /** Has work run at the next beat, by the thread of the beat; it must return at once. */
    void add(Runnable work) {
        waiting.add(work);
        if (isIdle) {
            isIdle = false;
            wake.run();
        }
    }

    /** Runs what waits; returns false if there was nothing. */
    public boolean beat() {
        if (waiting.isEmpty()) {
            isIdle = true;
            if (waiting.isEmpty()) { // otherwise its owner may have seen that the beats go on
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
