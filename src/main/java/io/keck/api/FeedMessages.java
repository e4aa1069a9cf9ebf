package io.keck.api;

import io.keck.room.Mailbox;
import java.util.List;
import java.util.concurrent.Semaphore;

/**
 * Passes messages of client applications on to the readers of a feed. They are kept nowhere: a reader that has not taken what it
 * was given before misses them, and so do all while the feed waits for the database. Thread-safe.
 */
final class FeedMessages {
    /** Messages that may wait for a turn. */
    static final int MAX_WAITING = 100;

    private final Semaphore places = new Semaphore(MAX_WAITING);

    /**
     * Drops the message where too many wait already.
     *
     * @param streams of the feed; used in its turns
     */
    void came(String principal, String text, Mailbox turns, List<EventStream> streams) {
        if (places.tryAcquire()) {
            turns.post(() -> {
                places.release();
                EventFrame frame = EventFrames.clientMessage(principal, text);
                List.copyOf(streams).forEach(stream -> stream.tell(frame));
            });
        }
    }
}
