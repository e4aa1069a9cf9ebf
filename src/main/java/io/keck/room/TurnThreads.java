package io.keck.room;

import java.util.concurrent.Executor;

/**
 * The threads on which rooms and documents get their turns.
 *
 * @param rooms runs the turns of rooms, which are short
 * @param documents runs the turns of typed documents, which may be long; apart from those of rooms, so that no room waits
 *     for a large document
 */
public record TurnThreads(Executor rooms, Executor documents) {
    /** Returns threads that serve rooms and documents alike. */
    public static TurnThreads shared(Executor both) {
        return new TurnThreads(both, both);
    }
}
