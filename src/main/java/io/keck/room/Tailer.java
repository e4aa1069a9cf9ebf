package io.keck.room;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;

/**
 * Compares the rooms of this node with the log: seldom while the bus is healthy, often while not. This alone brings the
 * updates of other nodes, finds rooms that were deleted and a log that went back; the bus only makes it faster.
 */
final class Tailer {
    /** Rooms in one question: a few milliseconds of one connection. */
    private static final int MANY = 2_500;

    private final RoomContext context;
    private final LongSupplier clock;
    /** Questions that are not answered. */
    private final AtomicInteger asked = new AtomicInteger();

    private volatile boolean soon;
    private boolean isFirst = true;
    private long askedAt;

    Tailer(RoomContext context) {
        this.context = context;
        this.clock = context.clock();
    }

    /** Something may have been missed: does not wait until it is time. From any thread. */
    void hurry() {
        soon = true;
    }

    /** Asks the log, if it is time and the last questions are answered. For one thread. */
    void tick(Collection<Room> rooms) {
        long now = clock.getAsLong();
        RoomSettings settings = context.settings();
        long every =
                context.bus().isHealthy() ? settings.tailHealthy() : settings.tailAlone(); // it may have gone since
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

    /** What the questions of one time come to; it is told when all are answered, and not if one is not. */
    private final class Comparison {
        private int open;
        private int behind;
        private long most;

        Comparison(int questions) {
            open = questions;
        }

        /** Counts how far the replicas are behind now; some of it may be under way. */
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
