package io.keck.room;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** A bus of several nodes that delivers when it is told to: in any order, some of it twice, some of it never. */
final class FakeBus {
    private final List<End> ends = new ArrayList<>();
    private final List<Letter> under = new ArrayList<>();
    private final Random random;

    private long numbers;
    private boolean down;

    private record Letter(End to, Runnable delivery) {}

    private void send(End to, long from, long roomId, Bus.Event event) {
        under.add(new Letter(to, () -> {
            Bus.Listener listener = to.listeners.get(roomId);
            if (listener != null) {
                listener.on(from, event);
            }
        }));
    }

    FakeBus(long seed) {
        random = new Random(seed);
    }

    /** Where one node holds the bus. */
    final class End implements Bus {
        private final long number = ++numbers;
        private final Map<Long, Listener> listeners = new HashMap<>();
        private @Nullable NodeListener node;
        boolean healthy = true;

        @Override
        public void publish(long roomId, Event event) {
            if (down) {
                return;
            }
            for (End end : ends) {
                if (end != this && end.listeners.containsKey(roomId)) {
                    send(end, number, roomId, event);
                }
            }
        }

        @Override
        public void subscribe(long roomId, Listener listener) {
            listeners.put(roomId, listener);
            if (!down) {
                send(this, 0, roomId, new Event.Resync());
            }
        }

        @Override
        public void unsubscribe(long roomId, Listener listener) {
            listeners.remove(roomId, listener);
        }

        @Override
        public boolean isHealthy() {
            return healthy && !down;
        }

        @Override
        public void deleted(String name) {
            for (End end : ends) {
                if (end != this && !down) {
                    under.add(new Letter(end, () -> end.listener().deleted(name)));
                }
            }
        }

        @Override
        public void kick(Kick kick) {
            for (End end : ends) {
                if (end != this && !down) {
                    under.add(new Letter(end, () -> end.listener().kicked(kick)));
                }
            }
        }

        @Override
        public void listen(NodeListener listener) {
            node = listener;
        }

        private NodeListener listener() {
            return Objects.requireNonNull(node);
        }

        /** As after a connection was lost and is back. */
        void resync() {
            listener().back();
            listeners.keySet().forEach(room -> send(this, 0, room, new Event.Back()));
        }

        /** It is not heard of, though it is there, or is not. */
        void isMissed() {
            for (End end : ends) {
                if (end != this) {
                    end.listeners.keySet().forEach(room -> send(end, number, room, new Event.NodeGone()));
                }
            }
        }

        /** The node is killed. */
        void die() {
            listeners.clear();
            ends.remove(this);
            isMissed();
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
            if (ends.contains(letter.to())) {
                letter.delivery().run();
            }
        }
    }

    /** Loses one. */
    void lose() {
        if (!under.isEmpty()) {
            under.remove(random.nextInt(under.size()));
        }
    }

    /** All that are on their way get lost. */
    void loseAll() {
        under.clear();
    }

    /** One will come twice. */
    void repeat() {
        if (!under.isEmpty()) {
            under.add(under.get(random.nextInt(under.size())));
        }
    }
}
