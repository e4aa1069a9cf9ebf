package io.keck.room;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.metrics.RoomMetrics;
import io.keck.protocol.AwarenessState;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One node, its clients, a log and a clock, all moved by hand. */
final class World {
    static final String ROOM = "room";
    /** Milliseconds between two looks at the clock of a room without unsaved updates. */
    static final long IDLE_TICK = 4_000;

    /** Small limits; times are those of production. */
    static final RoomSettings SMALL = RoomSettings.builder()
            .maxBacklog(1_000)
            .maxInbound(2_000)
            .maxUnsaved(5_000)
            .maxUnsavedTotal(1L << 30)
            .maxAwarenessState(1_000)
            .maxAwarenessStates(3)
            .document(DocumentLimits.NONE)
            .build();

    /** Rooms with every safeguard, as in production. */
    static final Rooms.Maker ROOMS = Rooms.Maker.with(Safeguards.ON);

    static final AwarenessState.Limits STATES = new AwarenessState.Limits(1_000, 3, 1_000);

    final FakeLog log;
    final FlakyLog way;
    final ManualExecutor executor = new ManualExecutor(1);
    final List<FakeClient> clients = new ArrayList<>();
    final RoomSettings settings;
    private final long firstClient;
    final Rooms rooms;
    /** What rooms put off, in a world {@link #withBeats}. */
    final Postponed beats = Postponed.untilBeat(() -> {});

    long now = 1_000_000;

    World() {
        this(SMALL);
    }

    /** A node with beats, which come when a test says so. */
    static World withBeats() {
        return new World(
                SMALL,
                ROOMS,
                new FakeLog(),
                Bus.NONE,
                RoomMetrics.NONE,
                1,
                null,
                new DocumentBudget(1 << 20),
                null,
                true);
    }

    World(RoomSettings settings) {
        this(settings, ROOMS);
    }

    World(RoomSettings settings, Rooms.Maker maker) {
        this(settings, maker, new FakeLog(), Bus.NONE, RoomMetrics.NONE, 1);
    }

    /** With other turns for documents. */
    World(RoomSettings settings, Rooms.Maker maker, Executor documents) {
        this(settings, maker, new FakeLog(), Bus.NONE, RoomMetrics.NONE, 1, documents);
    }

    /** With another budget for documents. */
    World(DocumentBudget budget) {
        this(SMALL, ROOMS, new FakeLog(), Bus.NONE, RoomMetrics.NONE, 1, null, budget, null, false);
    }

    /** One of several nodes. */
    World(RoomSettings settings, Rooms.Maker maker, FakeLog log, Bus bus, RoomMetrics metrics, long seed) {
        this(settings, maker, log, bus, metrics, seed, null);
    }

    /** With other turns for documents, too. */
    World(
            RoomSettings settings,
            Rooms.Maker maker,
            FakeLog log,
            Bus bus,
            RoomMetrics metrics,
            long seed,
            @Nullable Executor documents) {
        this(settings, maker, log, bus, metrics, seed, documents, new DocumentBudget(1 << 20), null, false);
    }

    /** A node that keeps what somebody brings under the client id of somebody else. */
    World(Rooms.Maker maker, FakeLog log, Bus bus, long seed, Held held) {
        this(SMALL, maker, log, bus, RoomMetrics.NONE, seed, null, new DocumentBudget(1 << 20), held, false);
    }

    private World(
            RoomSettings settings,
            Rooms.Maker maker,
            FakeLog log,
            Bus bus,
            RoomMetrics metrics,
            long seed,
            @Nullable Executor documents,
            DocumentBudget budget,
            @Nullable Held held,
            boolean hasBeats) {
        this.settings = settings;
        this.firstClient = 100 * seed;
        this.log = log;
        this.way = new FlakyLog(log);
        log.hold(() -> now, settings.deletedNameHold());
        RoomContext context = new RoomContext(
                way,
                bus,
                new TurnThreads(executor, documents == null ? executor : documents),
                RoomMemory.unlimited(budget),
                () -> now,
                ids(seed),
                settings,
                metrics);
        RoomContext beating = hasBeats ? context.with(beats) : context;
        rooms = new Rooms(held == null ? beating : beating.with(held), maker);
    }

    static Supplier<UUID> ids(long seed) {
        Random random = new Random(seed);
        return () -> new UUID(random.nextLong(), random.nextLong());
    }

    FakeClient client() {
        FakeClient client = new FakeClient(firstClient + clients.size(), () -> now);
        clients.add(client);
        return client;
    }

    /** A client that has joined and synced. */
    FakeClient joined() {
        FakeClient client = client();
        client.connect(rooms, ROOM);
        settle();
        return client;
    }

    /** Joined and synced, and what was sent so far forgotten. */
    FakeClient quiet() {
        FakeClient client = joined();
        client.connection.forget();
        return client;
    }

    void settle() {
        executor.runAll();
    }

    /** Lets a client type and runs everything that follows; returns the update. */
    byte[] typed(FakeClient client, String text) {
        byte[] update = client.type(text);
        settle();
        return update;
    }

    /** Lets the log answer all commits that it holds back, and runs everything that follows. */
    void release() {
        way.releaseAll();
        settle();
    }

    void pass(long millis) {
        now += millis;
        rooms.tick();
        settle();
    }

    /** All rows of the room, as one document. */
    StructStore saved() {
        return log.replay(ROOM);
    }

    long rows() {
        return log.head(ROOM);
    }

    void assertAllEqualTheLog() {
        for (FakeClient client : clients) {
            if (client.isConnected()) {
                assertSame(client.replica, saved(), "client " + client.id);
            }
        }
        assertThat(log.everyBatchIsThereOnce(ROOM)).isTrue();
    }

    static void assertSame(StructStore a, StructStore b, String what) {
        assertThat(a.reduce(Update.decode(b.encode())).isEmpty())
                .as("%s lacks something", what)
                .isTrue();
        assertThat(b.reduce(Update.decode(a.encode())).isEmpty())
                .as("%s has more", what)
                .isTrue();
    }
}
