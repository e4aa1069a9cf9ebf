package io.keck.room;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** A bus of several nodes that delivers when it is told to: in any order, some of it twice, some of it never. */
final class FakeBus {
    private final List<End> ends = new ArrayList<>();
    private final List<Letter> under = new ArrayList<>();
    private final Random random;

    private boolean down;

    private record Letter(End to, long roomId, Bus.Event event) {}

    FakeBus(long seed) {
        random = new Random(seed);
    }

    /** Where one node holds the bus. */
    final class End implements Bus {
        private final Map<Long, Listener> listeners = new HashMap<>();
        boolean healthy = true;

        @Override
        public void publish(long roomId, Event event) {
            if (down) {
                return;
            }
            for (End end : ends) {
                if (end != this && end.listeners.containsKey(roomId)) {
                    under.add(new Letter(end, roomId, event));
                }
            }
        }

        @Override
        public void subscribe(long roomId, Listener listener) {
            listeners.put(roomId, listener);
            if (!down) {
                under.add(new Letter(this, roomId, new Event.Resync()));
            }
        }

        @Override
        public void unsubscribe(long roomId) {
            listeners.remove(roomId);
        }

        @Override
        public boolean isHealthy() {
            return healthy && !down;
        }

        /** As after a connection was lost and is back. */
        void resync() {
            listeners.keySet().forEach(room -> under.add(new Letter(this, room, new Event.Resync())));
        }

        /** The node is killed. */
        void die() {
            listeners.clear();
            ends.remove(this);
        }
    }

    /** What is under way is lost, and whatever is published until it comes up again. */
    void goDown() {
        down = true;
        under.clear();
    }

    void comeUp() {
        if (down) {
            down = false;
            ends.forEach(End::resync);
        }
    }

    End end() {
        End end = new End();
        ends.add(end);
        return end;
    }

    /** Delivers so many of those that are under way. */
    void deliver(int count) {
        for (int i = 0; i < count && !under.isEmpty(); i++) {
            Letter letter = under.remove(random.nextInt(under.size()));
            Bus.Listener listener = letter.to().listeners.get(letter.roomId());
            if (listener != null) {
                listener.on(letter.event());
            }
        }
    }

    /** Loses one. */
    void lose() {
        if (!under.isEmpty()) {
            under.remove(random.nextInt(under.size()));
        }
    }

    /** One will come twice. */
    void repeat() {
        if (!under.isEmpty()) {
            under.add(under.get(random.nextInt(under.size())));
        }
    }
}
