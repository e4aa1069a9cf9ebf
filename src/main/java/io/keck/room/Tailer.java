package io.keck.room;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;

/**
 * Compares the rooms of this node with the log: rarely while the bus is healthy, often while it is not. The comparison
 * alone finds updates of other nodes, deleted rooms and a log that went back; the bus only makes that faster.
 */
final class Tailer {
    /** The number of rooms in one query, which takes a few milliseconds of one connection. */
    private static final int MANY = 2_500;

    private final RoomContext context;
    private final LongSupplier clock;
    /** The number of unanswered queries. */
    private final AtomicInteger asked = new AtomicInteger();

    private volatile boolean soon;
    private boolean isFirst = true;
    private long askedAt;

    Tailer(RoomContext context) {
        this.context = context;
        this.clock = context.clock();
    }

    /** Makes the next comparison due now because events may have been missed; may be called from any thread. */
    void hurry() {
        soon = true;
    }

    /** Queries the log if a comparison is due and the last queries were answered. Used by one thread. */
    void tick(Collection<Room> rooms) {
        long now = clock.getAsLong();
        RoomSettings settings = context.settings();
        long every =
                // the bus may have become unhealthy since
                context.bus().isHealthy() ? settings.compareEvery() : settings.compareEveryWithoutBus();
        if ((now - askedAt < every && !soon && !isFirst) || asked.get() > 0) {
            return;
        }
        soon = false;
        isFirst = false;
        askedAt = now;
        List<Map<Room, Replica.Position>> questions = new ArrayList<>();
        Map<Room, Replica.Position> positions = new HashMap<>();
        for (Room room : rooms) {
            Replica.Position position = room.position();
            if (position != null) {
                positions.put(room, position);
            }
            if (positions.size() == MANY) {
                questions.add(positions);
                positions = new HashMap<>();
            }
        }
        if (!positions.isEmpty()) {
            questions.add(positions);
        }
        if (rooms.isEmpty()) {
            context.metrics().compared(0, 0);
        }
        asked.addAndGet(questions.size());
        Comparison comparison = new Comparison(questions.size());
        questions.forEach(question -> ask(question, comparison));
    }

    private void ask(Map<Room, Replica.Position> positions, Comparison comparison) {
        List<Long> ids = new ArrayList<>(positions.size());
        positions.values().forEach(position -> ids.add(position.roomId()));
        context.log().heads(ids).whenComplete((heads, error) -> {
            asked.decrementAndGet();
            if (heads != null) {
                comparison.answered(positions.keySet(), heads);
                positions.forEach((room, position) -> room.headSeen(heads.get(position.roomId()), position));
            }
        });
    }

    /** Sums up the queries of one comparison, and reports the result only if all are answered. */
    private final class Comparison {
        private int open;
        private int behind;
        private long most;

        Comparison(int questions) {
            open = questions;
        }

        /** Counts how far the replicas are behind; missing rows may already be in transit. */
        synchronized void answered(Collection<Room> rooms, Map<Long, UpdateLog.Head> heads) {
            for (Room room : rooms) {
                Replica.Position here = room.position();
                UpdateLog.Head head = here == null ? null : heads.get(here.roomId());
                if (here != null && head != null && head.seq() > here.seq()) {
                    behind++;
                    most = Math.max(most, head.seq() - here.seq());
                }
            }
            if (--open == 0) {
                context.metrics().compared(behind, most);
            }
        }
    }
}
