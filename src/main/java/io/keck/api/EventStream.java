package io.keck.api;

import io.keck.feed.Histories;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One reader of a room's changes. It holds at most what it was given last and has not taken yet, and asks its feed for more
 * when that is gone: a slow one keeps a number, no queue. Thread-safe; the marked fields belong to the turns of its feed.
 */
final class EventStream {
    /** Where events go, without ever waiting. Called by one thread at a time. */
    interface Output {
        /** Whether something can be written now; if not, {@link EventStream#write} is to be called when it can. */
        boolean isReady();

        /** Writes bytes that nobody changes; only when it is ready. */
        void write(byte[] bytes) throws IOException;

        /** Sends what was written; only when it is ready. */
        void flush() throws IOException;

        /** Ends it, whatever is left. */
        void complete();
    }

    private final RoomFeed feed;
    private final Output output;
    private final ArrayDeque<byte[]> queue = new ArrayDeque<>();
    private boolean dirty;
    private boolean ending;
    private boolean ended;
    private long writtenAt;

    /** The seq of the last row it was given. Belongs to the feed. */
    long given;
    /** Whether it has to be told everything anew. Belongs to the feed. */
    boolean isLost;
    /** What tells of rows that the feed has forgotten; kept while the reader keeps up. Belongs to the feed. */
    @Nullable
    Histories past;

    /** @param now milliseconds of the feed's clock */
    EventStream(RoomFeed feed, Output output, long now) {
        this.feed = feed;
        this.output = output;
        this.writtenAt = now;
    }

    /** Whether it has taken everything that it was given. */
    synchronized boolean isIdle() {
        return queue.isEmpty() && !ending && !ended;
    }

    /** Gives it the first; whoever opened it writes. */
    synchronized void begin(List<byte[]> frames) {
        queue.addAll(frames);
    }

    /** Gives it more. */
    void give(List<byte[]> frames) {
        synchronized (this) {
            queue.addAll(frames);
        }
        write();
    }

    /** Writes as much as it takes. Called when it takes something again, and when there is something new. */
    void write() {
        boolean drained = false;
        boolean over = false;
        synchronized (this) {
            if (ended) {
                return;
            }
            try {
                while (output.isReady()) {
                    byte[] next = queue.poll();
                    if (next != null) {
                        output.write(next);
                        dirty = true;
                        writtenAt = feed.now();
                    } else if (dirty) {
                        dirty = false;
                        output.flush();
                    } else {
                        drained = true;
                        break;
                    }
                }
                over = drained && ending;
            } catch (IOException | RuntimeException e) {
                over = true; // the reader is gone
            }
        }
        if (over) {
            abort();
        } else if (drained) {
            feed.drained(this);
        }
    }

    /** Ends it when it has taken what it was given. */
    void end() {
        synchronized (this) {
            ending = true;
        }
        write();
    }

    /** Ends it now. */
    void abort() {
        synchronized (this) {
            if (ended) {
                return;
            }
            ended = true;
            queue.clear();
            output.complete();
        }
        feed.left(this);
    }

    /** Milliseconds since it took something. */
    synchronized long silentFor(long now) {
        return now - writtenAt;
    }
}
