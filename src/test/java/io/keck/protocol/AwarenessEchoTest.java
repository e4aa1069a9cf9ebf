package io.keck.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * A stock client moves its cursor, loses its connections and comes back while a hostile peer claims its id. The client takes
 * over what it hears of itself under a higher clock, as y-protocols does, and repeats to the server whatever changed, as
 * y-websocket does; messages are under way in both directions. When the peer has gone and everything has arrived, the client and the
 * server show the client's last movement.
 */
class AwarenessEchoTest {
    private static final long CLIENT = 7;
    private static final String FORGED = "\"forged\"";
    private static final int SEEDS = Boolean.getBoolean("keck.campaign") ? 200_000 : 4_000;

    @Test
    void lastMovement_survivesTheRepetitionsOfWhatTheServerRaised() {
        Long one = Long.getLong("keck.seed");
        for (long seed = one == null ? 1 : one; seed <= (one == null ? SEEDS : one); seed++) {
            new Run(seed).run();
        }
    }

    private static final class Run {
        final long seed;
        final Random random;
        final Awareness<FakeOwner> server = new Awareness<>();
        final Deque<AwarenessState> toServer = new ArrayDeque<>();
        final Deque<AwarenessState> toClient = new ArrayDeque<>();
        final List<String> trace = new ArrayList<>();
        FakeOwner socket = FakeOwner.socket(10);
        FakeOwner hostile = FakeOwner.socket(10);
        boolean first = true;
        boolean open;
        long now = 1_000;
        long clock;
        String shown = "0";
        int moved;

        Run(long seed) {
            this.seed = seed;
            this.random = new Random(seed);
        }

        void run() {
            for (int step = 0; step < 40; step++) {
                step(random.nextInt(9));
            }
            publish(server.removeOwner(hostile, now));
            if (!open) {
                connect();
            }
            move();
            settle();
            if (shown.equals(FORGED)) {
                move(); // on its return it was shown the forged state
                settle();
            }
            assertThat(shown)
                    .as("-Dkeck.seed=%d: the client itself %s", seed, trace)
                    .isEqualTo("" + moved);
            assertThat(server.json(CLIENT, socket))
                    .as("-Dkeck.seed=%d: the server %s", seed, trace)
                    .isEqualTo("" + moved);
        }

        /** What is under way arrives, in any order of the two directions; then nobody has anything to say. */
        private void settle() {
            for (int step = 0; step < 500 && !(toServer.isEmpty() && toClient.isEmpty()); step++) {
                if (random.nextBoolean()) {
                    serverHears();
                } else {
                    clientHears();
                }
            }
            now += Awareness.ELSEWHERE_MS;
            publish(server.settle(now));
            for (int step = 0; step < 50; step++) {
                serverHears();
                clientHears();
            }
            assertThat(List.of(toServer.size(), toClient.size()))
                    .as("-Dkeck.seed=%d: both fall silent %s", seed, trace)
                    .containsOnly(0);
        }

        private void step(int what) {
            switch (what) {
                case 0 -> {
                    if (open) {
                        disconnect();
                    } else {
                        connect();
                    }
                }
                case 1, 2 -> move();
                case 3, 4 -> serverHears();
                case 5, 6 -> clientHears();
                case 7 -> {
                    hostile.own = random.nextBoolean() ? CLIENT : -1;
                    long said = clock + random.nextInt(5);
                    publish(server.apply(
                            new AwarenessState(CLIENT, said, random.nextInt(3) == 0 ? "null" : FORGED),
                            hostile,
                            random.nextBoolean(),
                            now));
                }
                default -> {
                    if (random.nextBoolean()) {
                        now += random.nextInt(1_500);
                        socket.alive = open;
                        hostile.alive = random.nextBoolean();
                        publish(server.settle(now));
                    } else {
                        publish(server.removeOwner(hostile, now));
                        hostile = FakeOwner.socket(10);
                    }
                }
            }
        }

        private void connect() {
            trace.add("connect");
            open = true;
            socket = FakeOwner.socket(10);
            first = true;
            say();
            server.states().stream().filter(s -> s.client() == CLIENT).forEach(toClient::add);
        }

        /** The server learns of the end at once; what was under way is lost. */
        private void disconnect() {
            trace.add("disconnect");
            open = false;
            toServer.clear();
            toClient.clear();
            publish(server.removeOwner(socket, now));
        }

        private void move() {
            shown = "" + ++moved;
            clock++;
            trace.add("move " + shown + "@" + clock);
            say();
        }

        private void say() {
            if (open) {
                toServer.add(new AwarenessState(CLIENT, clock, shown));
            }
        }

        private void serverHears() {
            AwarenessState s = toServer.poll();
            if (s != null) {
                trace.add("server hears " + s);
                if (first) {
                    socket.own = CLIENT;
                }
                publish(server.apply(s, socket, first, now));
                first = false;
            }
        }

        /** As applyAwarenessUpdate of y-protocols. */
        private void clientHears() {
            AwarenessState s = toClient.poll();
            if (s == null || s.clock() < clock || s.clock() == clock && !s.isRemoval()) {
                return;
            }
            trace.add("client hears " + s);
            clock = s.isRemoval() ? s.clock() + 1 : s.clock();
            if (!s.isRemoval()) {
                assertThat(s.json())
                        .as("-Dkeck.seed=%d: the server puts no words into its mouth %s", seed, trace)
                        .isEqualTo(FORGED);
                shown = s.json();
            }
            say();
        }

        private void publish(AwarenessState change) {
            publish(change == null ? List.of() : List.of(change));
        }

        private void publish(List<AwarenessState> changes) {
            changes.forEach(s -> trace.add("published " + s));
            if (open) {
                toClient.addAll(changes);
                server.takeReminders().stream()
                        .filter(r -> r.owner() == socket)
                        .forEach(r -> toClient.add(r.removal()));
            }
        }
    }
}
