package io.keck.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.metrics.BusMetrics;
import io.keck.protocol.AwarenessState;
import io.keck.room.Bus;
import io.keck.room.Bus.Event;
import io.keck.testing.RedisServer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;

/** The bus over a real Redis: alone, as a cluster, killed, stopped, and with others on it. */
class RedisBusTest {
    private static final long CLUSTER = 12_345;
    private static final long ROOM = 77;

    @TempDir
    private Path dir;

    private RedisServer redis;
    private final List<RedisBus> buses = new ArrayList<>();
    private final List<Counts> counts = new ArrayList<>();
    private long boots = 1;
    private boolean clustered;

    @AfterEach
    void stop() throws InterruptedException {
        for (RedisBus bus : buses) {
            bus.stop();
        }
        if (redis != null) { // null where a test was skipped
            redis.close();
        }
    }

    /** What a node counts. */
    private static final class Counts implements BusMetrics {
        final Map<Refusal, AtomicInteger> refused = new EnumMap<>(Refusal.class);
        final AtomicInteger dropped = new AtomicInteger();
        final AtomicInteger connected = new AtomicInteger();
        final AtomicInteger disconnected = new AtomicInteger();
        final AtomicInteger tooLarge = new AtomicInteger();

        Counts() {
            for (Refusal why : Refusal.values()) {
                refused.put(why, new AtomicInteger());
            }
        }

        @Override
        public void refused(Refusal why) {
            refused.get(why).incrementAndGet();
        }

        @Override
        public void dropped() {
            dropped.incrementAndGet();
        }

        @Override
        public void connected() {
            connected.incrementAndGet();
        }

        @Override
        public void disconnected() {
            disconnected.incrementAndGet();
        }

        @Override
        public void tooLarge() {
            tooLarge.incrementAndGet();
        }
    }

    private static final byte[] KEY = {1, 2, 3, 4, 5, 6, 7, 8};
    private static final BusKeys SIGNED = new BusKeys(List.of(KEY), false, false);
    private static final BusKeys MIXED = new BusKeys(List.of(KEY), true, false);

    /** How the nodes sign that are made from now on. */
    private BusKeys keys = SIGNED;

    private record Heard(long node, Event event) {}

    /** Who listens to a room. */
    private static final class Ear implements Bus.Listener {
        final BlockingQueue<Heard> heard = new LinkedBlockingQueue<>();

        @Override
        public void on(long node, Event event) {
            heard.add(new Heard(node, event));
        }

        Heard next() throws InterruptedException {
            Heard next = heard.poll(30, TimeUnit.SECONDS);
            assertThat(next).as("something is heard").isNotNull();
            return next;
        }

        <E extends Event> E next(Class<E> type) throws InterruptedException {
            while (true) {
                Event event = next().event();
                if (type.isInstance(event)) {
                    return type.cast(event);
                }
            }
        }
    }

    private Supplier<BusKeys> ring() {
        BusKeys mine = keys;
        return () -> mine;
    }

    private RedisBus node(long cluster, String url) {
        Counts metrics = new Counts();
        RedisBus bus = new RedisBus(
                new BusSettings(4, 20, 400, 1_000, 1_500, 1 << 20, 1_000),
                new Servers(RedisUrl.parse(url), new Servers.Access(1_000)),
                cluster,
                boots++,
                "node" + boots,
                Clock.systemUTC(),
                System::nanoTime,
                ring(),
                metrics);
        buses.add(bus);
        counts.add(metrics);
        return bus;
    }

    private RedisBus made() {
        return node(CLUSTER, clustered ? redis.url().replace("redis://", "redis-cluster://") : redis.url());
    }

    private RedisBus started() {
        RedisBus bus = made();
        bus.start();
        await(bus::isHealthy);
        return bus;
    }

    private static Ear subscribed(RedisBus bus, long room) throws InterruptedException {
        Ear ear = new Ear();
        bus.subscribe(room, ear);
        Heard first = ear.next();
        if (first.event() instanceof Event.Back) { // the bus was just found healthy; Redis has not subscribed us yet
            first = ear.next();
        }
        assertThat(first.node()).isZero();
        assertThat(first.event()).isInstanceOf(Event.Resync.class);
        return ear;
    }

    private static void await(BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("waited in vain").isLessThan(deadline);
            LockSupport.parkNanos(1_000_000);
        }
    }

    private static Event.Committed row(long seq) {
        return new Event.Committed(seq, new UUID(1, seq), seq, seq - 1, new byte[] {(byte) seq});
    }

    private void twoNodesTalk() throws InterruptedException {
        RedisBus a = started();
        RedisBus b = started();
        Ear atA = subscribed(a, ROOM);
        Ear atB = subscribed(b, ROOM);
        for (int seq = 1; seq <= 100; seq++) {
            a.publish(ROOM, row(seq));
        }
        for (int seq = 1; seq <= 100; seq++) {
            assertThat(atB.next(Event.Committed.class))
                    .usingRecursiveComparison()
                    .isEqualTo(row(seq));
        }
        List<Ear> more = new ArrayList<>();
        for (long room = 1_000; room < 1_020; room++) { // over all lanes
            more.add(subscribed(b, room));
            a.publish(room, new Event.Awareness(1, true, List.of(new AwarenessState(room, 1, "{}"))));
        }
        for (int i = 0; i < more.size(); i++) {
            assertThat(more.get(i).next(Event.Awareness.class).states())
                    .containsExactly(new AwarenessState(1_000 + i, 1, "{}"));
        }
        b.unsubscribe(ROOM, atA);
        a.publish(ROOM, row(101));
        assertThat(atB.next(Event.Committed.class).seq())
                .as("of another listener")
                .isEqualTo(101);
        b.publish(ROOM, new Event.AwarenessAsked(true));
        Heard heard = atA.next();
        while (heard.node() == 0) {
            heard = atA.next();
        }
        assertThat(heard).as("nobody hears himself").isEqualTo(new Heard(2, new Event.AwarenessAsked(true)));
        await(() -> a.others().equals(Map.of("node3", 1)));

        b.unsubscribe(ROOM, atB);
        Ear again = subscribed(b, ROOM);
        a.publish(ROOM, row(102));
        assertThat(again.next(Event.Committed.class).seq()).isEqualTo(102);
        assertThat(atB.heard).isEmpty();
    }

    @Test
    void twoNodes_overOneServer() throws InterruptedException {
        redis = RedisServer.start(dir);
        twoNodesTalk();
    }

    @Test
    void twoNodes_overAClusterWithShardedChannels() throws InterruptedException {
        redis = RedisServer.startCluster(dir);
        RedisBus probe = node(CLUSTER, redis.url().replace("redis://", "redis-cluster://"));
        probe.start();
        await(probe::isHealthy);
        assertThat(redis.command("PUBSUB SHARDCHANNELS")).startsWith("*4");
        buses.remove(probe);
        probe.stop();
        counts.clear();
        boots = 1;
        clustered = true;
        twoNodesTalk();
    }

    @Test
    void password_isUsed() throws InterruptedException {
        redis = RedisServer.start(dir, "--requirepass", "p@ss w");
        RedisBus wrong = node(CLUSTER, "redis://:other@127.0.0.1:" + redis.port());
        wrong.start();
        RedisBus right = node(CLUSTER, "redis://:p%40ss%20w@127.0.0.1:" + redis.port());
        right.start();
        await(right::isHealthy);
        subscribed(right, ROOM);
        assertThat(wrong.isHealthy()).isFalse();
        assertThat(counts.get(0).connected).hasValue(0);
    }

    @Test
    void serverIsKilled_busSaysSo_andIsBackByItselfAndTellsItsRooms() throws InterruptedException {
        redis = RedisServer.start(dir);
        RedisBus a = started();
        RedisBus b = made();
        BlockingQueue<String> node = new LinkedBlockingQueue<>();
        b.listen(new Bus.NodeListener() {
            @Override
            public void back() {
                node.add("back");
            }

            @Override
            public void deleted(String name) {
                node.add("deleted " + name);
            }
        });
        b.start();
        assertThat(node.poll(30, TimeUnit.SECONDS)).as("it was away until now").isEqualTo("back");
        Ear atA = subscribed(a, ROOM);
        Ear atB = subscribed(b, ROOM);
        a.deleted("x/é");
        assertThat(node.poll(30, TimeUnit.SECONDS)).isEqualTo("deleted x/é");
        await(() -> b.others().size() == 1);

        redis.kill();
        await(() -> !a.isHealthy() && !b.isHealthy());
        a.publish(ROOM, row(1)); // nobody waits, and it is lost
        await(() -> counts.get(0).dropped.get() > 0);
        assertThat(atB.next(Event.NodeGone.class)).isNotNull();
        Ear late = new Ear();
        b.subscribe(ROOM + 1, late); // while it is away

        redis.restart();
        assertThat(atB.next(Event.Back.class)).isNotNull();
        assertThat(atA.next(Event.Back.class)).isNotNull();
        assertThat(late.next(Event.Back.class)).isNotNull();
        assertThat(node.poll(30, TimeUnit.SECONDS)).isEqualTo("back");
        assertThat(a.isHealthy()).isTrue();
        a.publish(ROOM, row(2));
        assertThat(atB.next(Event.Committed.class).seq()).isEqualTo(2);
        a.publish(ROOM + 1, row(3));
        assertThat(late.next(Event.Committed.class).seq()).isEqualTo(3);
    }

    /** The connections stand and nothing comes over them: only the beat tells. */
    @Test
    void serverIsStopped_isFoundByTheBeat() throws InterruptedException {
        redis = RedisServer.start(dir);
        RedisBus a = started();
        RedisBus b = started();
        Ear atB = subscribed(b, ROOM);

        redis.pause();
        await(() -> !a.isHealthy());
        byte[] large = new byte[900];
        for (int i = 0; i < 50_000; i++) { // more than any buffer on the way holds; nobody may wait
            a.publish(ROOM, new Event.Unsaved(large));
        }
        assertThat(a.queuedBytes()).isLessThanOrEqualTo(1 << 20);
        assertThat(counts.get(0).dropped.get()).isPositive();

        await(() -> counts.get(0).disconnected.get() > 0
                && counts.get(1).disconnected.get() > 0);
        redis.resume();
        assertThat(atB.next(Event.Back.class)).isNotNull();
        await(() -> a.isHealthy() && b.isHealthy());
        a.publish(ROOM, row(2));
        assertThat(atB.next(Event.Committed.class).seq()).isEqualTo(2);
        await(() -> a.queuedBytes() == 0); // what the broken connection had taken is not counted for ever
    }

    @Test
    void nodeThatEnds_isGoneForTheOthers() throws InterruptedException {
        redis = RedisServer.start(dir);
        RedisBus a = started();
        RedisBus b = started();
        Ear atB = subscribed(b, ROOM);
        await(() -> b.others().size() == 1);
        a.stop();
        buses.remove(a);
        Heard gone = atB.next();
        while (!(gone.event() instanceof Event.NodeGone)) {
            gone = atB.next();
        }
        assertThat(gone.node()).isEqualTo(1);
        assertThat(b.others()).isEmpty();
    }

    @Test
    void foreignAndDamagedMessages_areCountedAndDropped() throws InterruptedException {
        keys = MIXED; // else they are forged before they are damaged
        redis = RedisServer.start(dir);
        RedisBus a = started();
        Ear atA = subscribed(a, ROOM);
        String channel = "keck:" + Long.toUnsignedString(CLUSTER, 36) + ":{0}:" + Long.toUnsignedString(ROOM, 36);
        redis.command("PUBLISH " + channel + " nonsense");
        await(() -> counts.get(0).refused.get(BusMetrics.Refusal.DAMAGED).get() == 1);
        try (Jedis jedis = new Jedis("127.0.0.1", redis.port())) {
            byte[] other = new Envelope(9, ROOM, 0, new Envelope.Content.OfRoom(row(1))).encode(CLUSTER + 1);
            jedis.publish(channel.getBytes(StandardCharsets.UTF_8), other);
        }
        await(() -> counts.get(0).refused.get(BusMetrics.Refusal.ALIEN).get() == 1);
        RedisBus otherCluster = node(CLUSTER + 1, redis.url());
        otherCluster.start();
        await(otherCluster::isHealthy);
        otherCluster.publish(ROOM, row(1));
        RedisBus b = started();
        b.publish(ROOM, row(2));
        assertThat(atA.next(Event.Committed.class).seq()).isEqualTo(2);
    }

    @Test
    void largeUpdates_areNotSent_butTheOthersAreToldToRead() throws InterruptedException {
        redis = RedisServer.start(dir);
        RedisBus a = started();
        RedisBus b = started();
        Ear atB = subscribed(b, ROOM);
        a.publish(ROOM, new Event.Unsaved(new byte[1_001]));
        a.publish(ROOM, new Event.Committed(1, new UUID(1, 1), 1, 0, new byte[1_001]));
        Heard told = atB.next();
        while (told.node() == 0) {
            told = atB.next();
        }
        assertThat(told).isEqualTo(new Heard(1, new Event.Resync()));
        assertThat(counts.get(0).tooLarge).hasValue(2);
    }

    // ------------------------------------------------------------------ signatures

    private static final long FORGER = 77;

    private String channel(String of) {
        return "keck:" + Long.toUnsignedString(CLUSTER, 36) + ":{0}:" + of;
    }

    private void publish(String channel, byte[] message) {
        try (Jedis jedis = new Jedis("127.0.0.1", redis.port())) {
            jedis.publish(channel.getBytes(StandardCharsets.UTF_8), message);
        }
    }

    private static byte[] plain(Envelope.Content content, long sentAt) {
        return new Envelope(FORGER, ROOM, sentAt, content).encode(CLUSTER);
    }

    /** What somebody says who may publish in this Redis and has read the number of the cluster there. */
    private void forge(byte[] key, long sentAt, long counter) {
        String rooms = channel(Long.toUnsignedString(ROOM, 36));
        byte[] beat = plain(new Envelope.Content.Beat("forger", 1), sentAt);
        byte[] row = plain(new Envelope.Content.OfRoom(row(6)), sentAt);
        byte[] unsaved = plain(new Envelope.Content.OfRoom(new Event.Unsaved(new byte[] {0, 0})), sentAt);
        if (key == null) {
            publish(channel("nodes"), beat);
            publish(rooms, row);
            publish(rooms, unsaved);
        } else {
            Seal seal = new Seal(0);
            publish(channel("nodes"), seal.seal(beat, counter, List.of(key)));
            publish(rooms, seal.seal(row, counter + 1, List.of(key)));
            publish(rooms, seal.seal(unsaved, counter + 2, List.of(key)));
        }
    }

    private int forged() {
        return counts.get(0).refused.get(BusMetrics.Refusal.FORGED).get();
    }

    @Test
    void messagesThatNoNodeHasSigned_areCountedAndDropped() throws InterruptedException {
        redis = RedisServer.start(dir);
        RedisBus a = started();
        Ear atA = subscribed(a, ROOM);
        forge(null, System.currentTimeMillis(), 0);
        await(() -> forged() == 3);
        forge(new byte[] {9}, System.currentTimeMillis(), 0);
        await(() -> forged() == 6);
        assertThat(a.others()).isEmpty();
        RedisBus b = started();
        b.publish(ROOM, row(2));
        assertThat(atA.next(Event.Committed.class).seq())
                .as("the first that is heard")
                .isEqualTo(2);
    }

    /** The twin: without keys, whoever may publish writes into any open room. */
    @Test
    void withoutSignatures_theSameForgeryIsTaken() throws InterruptedException {
        redis = RedisServer.start(dir);
        keys = BusKeys.NONE;
        Ear atA = subscribed(started(), ROOM);
        forge(null, System.currentTimeMillis(), 0);
        assertThat(atA.next(Event.Committed.class).seq()).isEqualTo(6);
        assertThat(atA.next(Event.Unsaved.class)).isNotNull();
    }

    @Test
    void messagesThatComeAgain_orLate_areDropped() throws InterruptedException {
        redis = RedisServer.start(dir);
        Ear atA = subscribed(started(), ROOM);
        long now = System.currentTimeMillis();
        forge(KEY, now, 10);
        assertThat(atA.next(Event.Committed.class).seq()).isEqualTo(6);
        assertThat(atA.next(Event.Unsaved.class)).isNotNull();
        forge(KEY, now, 10);
        await(() -> forged() == 3);
        forge(KEY, now - 3_600_000, 20);
        forge(KEY, now + 3_600_000, 30);
        await(() -> forged() == 9);
        assertThat(atA.heard).isEmpty();
    }

    @Test
    void keyThatWasRotatedOut_countsUntilTheNextRotation() throws InterruptedException {
        redis = RedisServer.start(dir);
        byte[] next = {42};
        keys = new BusKeys(List.of(next, KEY), false, false);
        Ear atA = subscribed(started(), ROOM);
        forge(KEY, System.currentTimeMillis(), 0);
        assertThat(atA.next(Event.Committed.class).seq()).isEqualTo(6);
        forge(next, System.currentTimeMillis(), 10);
        assertThat(atA.next(Event.Committed.class).seq()).isEqualTo(6);
        assertThat(forged()).isZero();
    }

    /** The release before this one has no such messages, so one without a signature is forged. Awareness shows what is heard. */
    @Test
    void messageBetweenApplications_countsOnlySigned() throws InterruptedException {
        redis = RedisServer.start(dir);
        keys = MIXED;
        Ear atA = subscribed(started(), ROOM);
        long now = System.currentTimeMillis();
        String rooms = channel(Long.toUnsignedString(ROOM, 36));
        List<Event> messages = List.of(new Event.Broadcast("x"), new Event.ClientMessage("alice", "x"));
        for (Event message : messages) {
            publish(rooms, plain(new Envelope.Content.OfRoom(message), now));
        }
        publish(rooms, plain(new Envelope.Content.OfRoom(new Event.AwarenessAsked(true)), now));
        assertThat(atA.next(Event.AwarenessAsked.class)).isNotNull();
        assertThat(forged()).isEqualTo(2);
        Seal seal = new Seal(0);
        int counter = 0;
        for (Event message : messages) {
            byte[] frame = plain(new Envelope.Content.OfRoom(message), now);
            publish(rooms, seal.seal(frame, counter++, List.of(KEY)));
            assertThat(atA.next(message.getClass())).isEqualTo(message);
        }
    }

    /** A node of the release before is heard while one is at work; what it says of documents is a hint. */
    @Test
    void nodeThatSignsNothing_isHeard_butOnlyMakesOthersLook() throws InterruptedException {
        redis = RedisServer.start(dir);
        keys = MIXED;
        RedisBus a = started();
        Ear atA = subscribed(a, ROOM);
        keys = BusKeys.NONE;
        RedisBus old = started();
        Ear atOld = subscribed(old, ROOM);
        await(() -> a.others().size() == 1 && old.others().size() == 1);
        a.publish(ROOM, row(1));
        assertThat(atOld.next(Event.Committed.class).seq())
                .as("the older node understands")
                .isEqualTo(1);
        atA.heard.clear();
        old.publish(ROOM, row(2));
        old.publish(ROOM, new Event.Unsaved(new byte[] {0, 0}));
        old.publish(ROOM, new Event.AwarenessAsked(true));
        Event first = atA.next().event();
        assertThat(first).isInstanceOf(Event.Resync.class);
        assertThat(atA.next().event()).isInstanceOf(Event.AwarenessAsked.class);
    }
}
