package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.crdt.lib0.Encoder;
import io.keck.protocol.AwarenessState;
import io.keck.protocol.Message;
import io.keck.testing.Eventually;
import io.keck.testing.KeckProcess;
import io.keck.testing.NodeClients;
import io.keck.testing.RawClient;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Stock clients edit, move their cursors and lose their connections beside a peer that speaks in their names. No honest client
 * is ever closed by the server, none of its edits is lost, and its cursor comes back. {@code -Dkeck.seed=N} repeats a run,
 * {@code -Dkeck.campaign=true} makes many.
 */
class HonestClientsIT {
    private static final int ROUNDS = Boolean.getBoolean("keck.campaign") ? 200 : 3;
    private static final int STEPS = 120;
    private static final long MAX = (1L << 53) - 1;
    private static final String[] LIBRARIES = {"y-websocket", "y-websocket-1", "y-websocket-2", "y-websocket"};

    @TempDir
    private static Path files;

    private static KeckProcess keck;
    private static NodeClients clients;

    @BeforeAll
    static void start() {
        clients = NodeClients.start();
        keck = KeckProcess.in(files).start();
    }

    @AfterAll
    static void stop() {
        clients.close();
        keck.close();
    }

    @Test
    void honestClients_besideAHostileOne_areNeverClosedAndLoseNothing() {
        Long one = Long.getLong("keck.seed");
        long first = one == null ? System.nanoTime() & 0xffff_ffffL : one;
        for (int round = 0; round < (one == null ? ROUNDS : 1); round++) {
            long seed = first + round;
            System.out.println("HonestClientsIT: -Dkeck.seed=" + seed);
            new Run(seed).run();
        }
    }

    private static final class Run {
        private final long seed;
        private final Random random;
        private final String room;
        private final List<String> names = new ArrayList<>();
        private final List<Long> ids = new ArrayList<>();
        private final List<RawClient> hostile = new ArrayList<>();
        private final int[] typed = new int[LIBRARIES.length];

        Run(long seed) {
            this.seed = seed;
            this.random = new Random(seed);
            this.room = "honest-" + Long.toString(seed, 36);
        }

        void run() {
            for (int i = 0; i < LIBRARIES.length; i++) {
                String name = room + "-" + i;
                names.add(name);
                ids.add(clients.open(name, keck.port(), room, LIBRARIES[i]));
            }
            String[] all = names.toArray(new String[0]);
            clients.awaitSynced(all);
            for (int step = 0; step < STEPS; step++) {
                honest(random.nextInt(names.size()));
                if (random.nextBoolean()) {
                    hostile();
                }
            }
            hostile.forEach(RawClient::close);
            for (int i = 0; i < names.size(); i++) {
                clients.connect(names.get(i));
                type(i);
                clients.awareness(names.get(i), 1 + i);
            }
            clients.awaitEqual(all);
            String text = clients.text(names.get(0));
            for (int i = 0; i < names.size(); i++) {
                for (int k = 0; k < typed[i]; k++) {
                    assertThat(text).as("seed %d", seed).contains(word(i, k));
                }
                assertThat(clients.closeCodes(names.get(i)))
                        .as("seed %d, client %d: closed by the server", seed, i)
                        .isSubsetOf(1000, 1005, 1006); // its own end of the connection
            }
            // none moves again: who was kept out is asked for its state when the one that had taken its id is gone
            Eventually.await(
                    "all cursors, seed " + seed,
                    this::everybodySeesEachCursor,
                    () -> names.stream().map(clients::awarenessOf).toList().toString());
            clients.closeClients();
        }

        /** From 1, since y-protocols sends a state of 0 as null, that is to say as that of a client that has left. */
        private boolean everybodySeesEachCursor() {
            return names.stream()
                    .allMatch(name -> clients.states(name).stream()
                            .map(state -> state.asInt(-1))
                            .toList()
                            .containsAll(List.of(1, 2, 3, 4)));
        }

        private static String word(int client, int number) {
            return "<" + client + "." + number + ">";
        }

        private void type(int i) {
            clients.edit(names.get(i), new Object[][] {NodeClients.insert(0, word(i, typed[i]++))});
        }

        private void honest(int i) {
            switch (random.nextInt(8)) {
                case 0, 1, 2, 3 -> type(i);
                case 4, 5 -> clients.awareness(names.get(i), 5 + random.nextInt(95));
                case 6 -> clients.disconnect(names.get(i));
                default -> clients.connect(names.get(i));
            }
        }

        private void hostile() {
            if (hostile.size() < 6 || random.nextInt(4) == 0) {
                hostile.add(RawClient.connect(keck.room(room)));
            }
            RawClient bad = hostile.get(random.nextInt(hostile.size()));
            int victim = random.nextInt(ids.size());
            if (!bad.sendNow(message(ids.get(victim), typed[victim]))) {
                hostile.remove(bad);
            }
        }

        private byte[] message(long victim, int words) {
            long clock = random.nextBoolean() ? MAX - random.nextInt(2) : random.nextInt(60);
            return switch (random.nextInt(7)) {
                case 0 -> Message.awareness(List.of(AwarenessState.removed(victim, clock)));
                case 1 -> Message.awareness(List.of(new AwarenessState(victim, clock, "\"forged\"")));
                case 2 ->
                    Message.awareness(ids.stream()
                            .map(id -> new AwarenessState(id, clock, "null"))
                            .toList());
                case 3 -> new byte[] {1, 5, 1, (byte) 0xff}; // an awareness message that is cut off
                case 4 -> Message.awareness(List.of(new AwarenessState(victim, clock, "9".repeat(60_000))));
                // what the victim may write after many further words
                case 5 -> Message.update(deletion(victim, 20L * (words + 1), MAX - 20L * (words + 1) - 1));
                default -> Message.update(deletion(victim, 10_000L + random.nextInt(99), 1L + random.nextInt(9)));
            };
        }

        private static byte[] deletion(long client, long from, long length) {
            Encoder out = new Encoder();
            for (long n : new long[] {0, 1, client, 1, from, length}) {
                out.writeVarUint(n);
            }
            return out.toByteArray();
        }
    }
}
