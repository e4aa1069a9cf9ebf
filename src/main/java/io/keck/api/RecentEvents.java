package io.keck.api;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/** The newest events of a room, at most {@value #MOST} bytes of them, and a few in any case. Used by one thread at a time. */
final class RecentEvents {
    private static final long MOST = 256 << 10;
    private static final int FEW = 3;

    /** An event that was derived. */
    private record Event(long seq, EventFrame frame) {}

    private final ArrayDeque<Event> events = new ArrayDeque<>();
    private long bytes;

    /** Adds the next event, and forgets the oldest ones. */
    void add(long seq, EventFrame frame) {
        events.add(new Event(seq, frame));
        bytes += frame.memory();
        while (bytes > MOST && events.size() > FEW) {
            bytes -= events.remove().frame().memory();
        }
    }

    /** Whether all events after that row are here. */
    boolean reachBackTo(long seq) {
        Event oldest = events.peek();
        return oldest != null && oldest.seq() <= seq + 1;
    }

    /** The events after that row. */
    List<EventFrame> after(long seq) {
        List<EventFrame> frames = new ArrayList<>();
        for (Event event : events) {
            if (event.seq() > seq) {
                frames.add(event.frame());
            }
        }
        return frames;
    }

    /** Bytes of heap. */
    long memory() {
        return bytes;
    }

    /** Forgets all. */
    void clear() {
        events.clear();
        bytes = 0;
    }
}
