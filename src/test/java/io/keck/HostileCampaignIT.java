package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.testing.Eventually;
import io.keck.testing.HostileGrammar;
import io.keck.testing.HostileSocket;
import io.keck.testing.KeckProcess;
import io.keck.testing.NodeClients;
import io.keck.testing.PostgresServer;
import io.keck.testing.RedisServer;
import io.keck.testing.Seeds;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedDeque;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.BinaryJedisPubSub;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisException;

/**
 * Frames, requests and messages of the bus, all of a {@link HostileGrammar}, from many addresses, beside stock clients that type:
 * two in a room of their own, on two nodes, and two in a room that hostile sockets join. None of the honest is closed, the first
 * two lose nothing, and the heap is what it was. {@code -Dkeck.campaign=true} sends a million, {@code -Dkeck.acts=N} another number, {@code -Dkeck.seed=N}
 * repeats a run.
 */
class HostileCampaignIT {
    private static final int ACTS =
            Integer.getInteger("keck.acts", Boolean.getBoolean("keck.campaign") ? 1_000_000 : 10_000);
    private static final int SOCKETS = 64;
    private static final int REQUESTS = 48;
    private static final int ROOMS = 10;
    private static final int REPORT_EVERY = 50_000;
    private static final int REMEMBERED = 200;
    private static final long HEAP_LEFT = 80 << 20;

    @TempDir
    private Path dir;

    private final HostileSocket[] sockets = new HostileSocket[SOCKETS];
    /** Whether the socket of that number speaks the protocol of Hocuspocus. */
    private final boolean[] many = new boolean[SOCKETS];

    /** What the nodes have published, newest last. */
    private final Deque<Heard> heard = new ConcurrentLinkedDeque<>();

    private record Heard(byte[] channel, byte[] message) {}

    private final Deque<HostileSocket> requests = new ArrayDeque<>();
    private long ended;

    @Test
    void nobodyElseNotices() throws Exception {
        Random random = new Random(Seeds.next("HostileCampaignIT"));
        HostileGrammar grammar = new HostileGrammar(random);
        try (PostgresServer postgres = PostgresServer.start(dir);
                RedisServer redis = RedisServer.start(dir);
                KeckProcess keck = node(postgres, redis, "one");
                KeckProcess other = node(postgres, redis, "two");
                NodeClients clients = NodeClients.start();
                Jedis publisher = new Jedis("127.0.0.1", redis.port());
                Jedis subscriber = new Jedis("127.0.0.1", redis.port())) {
            listen(subscriber);
            for (String name : List.of("a1", "a2", "b1", "b2")) {
                clients.open(name, name.equals("a2") ? other : keck, "witness-" + name.charAt(0));
            }
            clients.awaitSynced("a1", "a2", "b1", "b2");
            long before = heap(keck);
            clients.keepTyping(50, List.of("a1", "a2"));
            clients.keepTyping(100, List.of("b1", "b2"));
            for (int act = 0; act < ACTS; act++) {
                act(keck, publisher, grammar, random);
                if (act % REPORT_EVERY == REPORT_EVERY - 1) {
                    System.out.printf("HostileCampaignIT: %d acts, %d connections ended%n", act + 1, ended);
                    assertThat(keck.isAlive()).as("after %d acts", act + 1).isTrue();
                }
            }
            int typed = clients.stopTyping(List.of("a1", "a2")).stream()
                    .mapToInt(Integer::intValue)
                    .sum();
            clients.stopTyping(List.of("b1", "b2"));
            close();
            System.out.printf("HostileCampaignIT: %d acts, %d connections ended%n", ACTS, ended);

            assertThat(keck.isAlive()).isTrue();
            assertThat(ended)
                    .as("connections that were closed for what they said")
                    .isPositive();
            assertThat(keck.getAdmin("/metrics/prometheus").body())
                    .as("some of it was right")
                    .containsPattern("keck_rooms_batch_updates_sum [1-9]");
            clients.awaitLength(typed, "a1", "a2");
            clients.awaitEqual("a1", "a2");
            for (String name : List.of("a1", "a2", "b1", "b2")) {
                assertThat(clients.closeCodes(name)).as(name).isEmpty();
            }
            Eventually.await("health", () -> keck.get("/health").statusCode() == 200);
            Eventually.await(
                    "a heap as before", () -> heap(keck) < before + HEAP_LEFT, () -> before + " then, " + heap(keck));
            for (KeckProcess node : List.of(keck, other)) {
                assertThat(node.metric("keck.bus.forged"))
                        .as("messages without a key")
                        .isPositive();
                assertThat(node.log()
                                .lines()
                                .dropWhile(line -> !line.matches("ERROR.*|.*(OutOfMemory|StackOverflow).*")))
                        .as("the first fault of the server itself, and what follows")
                        .isEmpty();
            }
        } finally {
            close();
        }
    }

    private KeckProcess node(PostgresServer postgres, RedisServer redis, String label) {
        return KeckProcess.on(postgres, "postgres", dir)
                .env("REDIS_URL", redis.url())
                .env("NODE_ID", label)
                .start();
    }

    private void listen(Jedis subscriber) {
        Thread thread = new Thread(
                () -> {
                    try {
                        subscriber.psubscribe(
                                new BinaryJedisPubSub() {
                                    @Override
                                    public void onPMessage(byte[] pattern, byte[] channel, byte[] message) {
                                        heard.add(new Heard(channel, message));
                                        if (heard.size() > REMEMBERED) {
                                            heard.poll();
                                        }
                                    }
                                },
                                "*".getBytes(StandardCharsets.US_ASCII));
                    } catch (JedisException e) {
                        // the test is over
                    }
                },
                "hears-the-bus");
        thread.setDaemon(true);
        thread.start();
    }

    private void publish(Jedis publisher, HostileGrammar grammar, Random random) {
        Heard one = random.nextBoolean() ? heard.peekFirst() : heard.peekLast();
        if (one != null) {
            publisher.publish(one.channel(), grammar.busMessage(one.message()));
        }
    }

    private void act(KeckProcess keck, Jedis publisher, HostileGrammar grammar, Random random) throws IOException {
        int from = random.nextInt(1 << 23);
        int kind = random.nextInt(40);
        if (kind == 0) {
            ask(HostileSocket.connect(keck.port(), from), grammar.request("h-" + random.nextInt(ROOMS)));
            return;
        }
        if (kind == 1 && random.nextInt(4) == 0) {
            ask(HostileSocket.connect(keck.adminPort(), from), grammar.adminRequest());
            return;
        }
        if (kind == 2) {
            publish(publisher, grammar, random);
            return;
        }
        int i = answered(keck, random, from);
        byte[] frames = many[i] ? grammar.hocuspocusFrames("h-" + random.nextInt(ROOMS)) : grammar.frames();
        if (!sockets[i].send(frames) || random.nextInt(2_000) == 0) {
            sockets[i].close();
            sockets[i] = null;
            ended++;
        }
    }

    /** One whose upgrade is answered; those whose are not, meanwhile, are left alone, so that no upgrade is waited for. */
    private int answered(KeckProcess keck, Random random, int from) throws IOException {
        long deadline = System.nanoTime() + KeckProcess.PATIENCE.toNanos();
        while (System.nanoTime() < deadline) {
            int i = random.nextInt(SOCKETS);
            if (sockets[i] == null) {
                many[i] = random.nextInt(4) == 0;
                String room = random.nextInt(4) == 0 ? "witness-b" : "h-" + random.nextInt(ROOMS);
                sockets[i] = many[i]
                        ? HostileSocket.hocuspocus(keck.port(), from)
                        : HostileSocket.upgrade(keck.port(), from, room);
            } else if (!sockets[i].isUnanswered()) {
                return i;
            }
        }
        throw new AssertionError("no upgrade is answered any more");
    }

    private void ask(HostileSocket socket, byte[] request) {
        socket.send(request);
        requests.add(socket);
        if (requests.size() > REQUESTS) {
            requests.remove().close();
        }
    }

    private void close() {
        for (int i = 0; i < SOCKETS; i++) {
            if (sockets[i] != null) {
                sockets[i].close();
                sockets[i] = null;
            }
        }
        requests.forEach(HostileSocket::close);
        requests.clear();
    }

    /** Bytes of heap in use after a collection. */
    private static long heap(KeckProcess keck) {
        keck.postAdmin("/tasks/gc");
        return keck.metric("jvm.memory.heap.used");
    }
}
