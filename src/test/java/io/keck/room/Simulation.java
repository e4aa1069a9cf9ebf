package io.keck.room;

import io.keck.crdt.StateVector;
import io.keck.crdt.Update;
import io.keck.protocol.Message;
import io.keck.room.FlakyLog.Outcome;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * A few rooms on one or two nodes over one log, clients that edit, come and go, slow sockets, killed nodes, compaction,
 * and in every second seed a log that fails or loses answers. Everything follows from the seed. There is no bus: a node
 * hears of the other's rows when it commits.
 */
final class Simulation {
    /** A safeguard that is off. */
    enum Twin {
        NONE,
        NO_BATCH_IDS,
        NO_COMMIT_FIRST,
        NO_GAPS
    }

    private static final int STEPS = 500;
    private static final String[] WORDS = {"a", "é", "😀", "hello", "0123456789".repeat(20)};

    private final long seed;
    private final Twin twin;
    private final Random random;
    private final FakeLog log = new FakeLog();
    private final Node[] nodes;
    private final List<Peer> peers = new ArrayList<>();
    private final List<String> violations = new ArrayList<>();
    private final int roomCount;
    /** Whether the log may fail: then updates are seen unsaved, and "seen is saved" cannot be asked for. */
    private final boolean troubled;

    private long now = 1_000_000;

    private final class Node {
        final FlakyLog way = new FlakyLog(log);
        final ManualExecutor executor = new ManualExecutor(random.nextLong());
        final Rooms rooms = new Rooms(way, executor, () -> now, World.ids(random.nextLong()), settings(), Watched::new);

        Node() {
            way.answersFirst = twin == Twin.NO_COMMIT_FIRST;
            way.hidesOthers = twin == Twin.NO_GAPS;
        }
    }

    private static final class Peer {
        final FakeClient client;
        final String room;
        Node node;

        Peer(FakeClient client, String room, Node node) {
            this.client = client;
            this.room = room;
            this.node = node;
        }
    }

    /** A room whose {@code applied} is watched. */
    private final class Watched extends Room {
        private final String watchedName;
        private long last;

        Watched(
                String name,
                UpdateLog log,
                Executor executor,
                LongSupplier clock,
                Supplier<UUID> ids,
                RoomSettings settings,
                Runnable onClosed) {
            super(name, log, executor, clock, ids, settings, onClosed);
            watchedName = name;
        }

        @Override
        void applied(long seq) {
            boolean snapshot = seq > last && seq <= log.snapshotSeq(watchedName);
            if (seq != last + 1 && !snapshot) {
                violations.add("applied went from " + last + " to " + seq);
            }
            last = seq;
            super.applied(seq);
        }
    }

    Simulation(long seed, Twin twin) {
        this.seed = seed;
        this.twin = twin;
        random = new Random(seed);
        troubled = seed % 2 == 1;
        roomCount = 1 + random.nextInt(3);
        nodes = new Node[1 + random.nextInt(2)];
        for (int i = 0; i < nodes.length; i++) {
            nodes[i] = new Node();
        }
        if (twin == Twin.NO_BATCH_IDS) {
            log.forgetBatchIds();
        }
        int count = 2 + random.nextInt(6);
        for (int i = 0; i < count; i++) {
            Peer peer = new Peer(new FakeClient(10 + i, () -> now), "room" + random.nextInt(roomCount), anyNode());
            peer.client.point("{\"i\":" + i + "}");
            peer.client.onUpdate = update -> seen(peer, update);
            peers.add(peer);
        }
    }

    private RoomSettings settings() {
        long saveTimeout = troubled ? 300 : Long.MAX_VALUE / 2;
        return new RoomSettings(500, 2_000, 3_000, 1_000, 100, saveTimeout, 50, 20_000, 1L << 40, 10_000);
    }

    private void seen(Peer peer, Update update) {
        if (!troubled && !log.holds(peer.room, update)) {
            violations.add("client " + peer.client.id + " saw what is not saved");
        }
    }

    /** How many of the first seeds a twin fails in. */
    static int failures(int seeds, Twin twin) {
        int failures = 0;
        for (long seed = 0; seed < seeds; seed++) {
            try {
                new Simulation(seed, twin).run();
            } catch (AssertionError e) {
                failures++;
            }
        }
        return failures;
    }

    /** Runs to the end; an AssertionError tells what is wrong, and the seed. */
    void run() {
        try {
            for (int i = 0; i < STEPS; i++) {
                step();
                check(violations.isEmpty(), "a promise is broken");
            }
            end();
        } catch (RuntimeException | AssertionError e) {
            throw new AssertionError("seed " + seed + ", twin " + twin + ": " + violations, e);
        }
    }

    private static void check(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }

    private Node anyNode() {
        return nodes[random.nextInt(nodes.length)];
    }

    private void step() {
        Peer peer = peers.get(random.nextInt(peers.size()));
        Node node = anyNode();
        switch (random.nextInt(20)) {
            case 0, 1, 2 -> peer.client.type(WORDS[random.nextInt(WORDS.length)]);
            case 3 -> delete(peer.client);
            case 4 -> peer.client.point("{\"at\":" + random.nextInt() + "}");
            case 5, 6, 7, 8, 9 -> turns(node);
            case 10, 11 -> release(node);
            case 12 -> node.way.holding = random.nextBoolean();
            case 13, 14 -> comeOrGo(peer);
            case 15 -> slowOrDrained(peer.client);
            case 16 -> pass(random.nextInt(200));
            case 17 -> log.compact("room" + random.nextInt(roomCount), random.nextInt(4));
            case 18 -> trouble(node);
            default -> rarely(peer);
        }
    }

    private void rarely(Peer peer) {
        if (random.nextInt(4) == 0) {
            kill(random.nextInt(nodes.length));
        } else if (peer.client.isConnected()) {
            boolean all = random.nextBoolean();
            peer.client.send(Message.step1(all ? StateVector.EMPTY : peer.client.knows()));
        }
    }

    private void delete(FakeClient client) {
        List<Map.Entry<Long, Long>> known = List.copyOf(client.knows().asMap().entrySet());
        if (!known.isEmpty()) {
            Map.Entry<Long, Long> of = known.get(random.nextInt(known.size()));
            long from = random.nextLong(of.getValue());
            client.delete(of.getKey(), from, 1 + random.nextLong(of.getValue() - from));
        }
    }

    private void turns(Node node) {
        for (int n = random.nextInt(12); n > 0; n--) {
            node.executor.runOne();
        }
    }

    private void release(Node node) {
        if (node.way.heldBack() > 0) {
            node.way.release(twin == Twin.NO_COMMIT_FIRST ? 0 : random.nextInt(node.way.heldBack()));
        }
    }

    private void comeOrGo(Peer peer) {
        if (!peer.client.isConnected()) {
            peer.client.disconnect(); // the socket that the server closed
            peer.node = anyNode();
            peer.client.connect(peer.node.rooms, peer.room);
        } else {
            peer.client.disconnect();
        }
    }

    private void slowOrDrained(FakeClient client) {
        if (client.isConnected()) {
            if (client.connection.slow) {
                client.connection.drain(client.seat);
            } else {
                client.connection.slow = true;
            }
        }
    }

    private void pass(long millis) {
        now += millis;
        for (Node node : nodes) {
            node.rooms.tick();
        }
    }

    private void trouble(Node node) {
        if (troubled) {
            int percent = random.nextInt(3) * 40;
            node.way.outcome = () ->
                    random.nextInt(100) >= percent ? Outcome.OK : random.nextBoolean() ? Outcome.FAIL : Outcome.UNKNOWN;
        }
    }

    /** All memory of a node is gone; what it had asked of the log arrives or does not. */
    private void kill(int i) {
        Node dead = nodes[i];
        dead.executor.die();
        while (twin != Twin.NO_COMMIT_FIRST && dead.way.heldBack() > 0 && random.nextBoolean()) {
            dead.way.release(0);
        }
        dead.way.loseHeldBack();
        nodes[i] = new Node();
        for (Peer peer : peers) {
            if (peer.node == dead) {
                peer.client.cutOff();
                peer.node = nodes[i];
            }
        }
    }

    // ------------------------------------------------------------------ the end

    private void end() {
        for (Node node : nodes) {
            node.way.always(Outcome.OK);
            node.way.holding = false;
        }
        quiet();
        for (Peer peer : peers) {
            if (!peer.client.isConnected()) {
                comeOrGo(peer);
            }
        }
        quiet();
        for (int round = 0; round < 2; round++) {
            for (Node node : nodes) {
                everyRoomWrites(node);
            }
        }
        everyRoomWrites(nodes[0]);
        compareMembers();
        allLeaveAndComeBack();
    }

    private void everyRoomWrites(Node node) {
        Map<String, Peer> writers = new HashMap<>();
        for (Peer peer : peers) {
            if (peer.node == node) {
                writers.putIfAbsent(peer.room, peer);
            }
        }
        writers.values().forEach(peer -> peer.client.type("end"));
        quiet();
    }

    /** Until everything that can happen has happened. */
    private void quiet() {
        for (int round = 0; round < 8; round++) {
            for (Peer peer : peers) {
                if (peer.client.isConnected() && peer.client.connection.slow) {
                    peer.client.connection.drain(peer.client.seat);
                }
            }
            for (Node node : nodes) {
                node.way.releaseAll();
                node.executor.runAll();
            }
            pass(60);
        }
        for (Node node : nodes) {
            node.way.releaseAll();
            node.executor.runAll();
        }
        check(violations.isEmpty(), "a promise is broken");
    }

    private void compareMembers() {
        for (Peer peer : peers) {
            check(peer.client.isConnected(), "client " + peer.client.id + " was closed");
            check(!peer.client.connection.paused, "client " + peer.client.id + " is not read any more");
            peer.client.point("{\"end\":1}");
        }
        quiet();
        for (Peer a : peers) {
            TreeSet<Long> there = new TreeSet<>();
            for (Peer b : peers) {
                if (a.node == b.node && a.room.equals(b.room)) {
                    there.add(b.client.id);
                    World.assertSame(a.client.replica, b.client.replica, a.client.id + " and " + b.client.id);
                }
            }
            check(there.equals(new TreeSet<>(a.client.present())), "who is there: " + there + a.client.present());
            if (a.node == nodes[0]) {
                World.assertSame(a.client.replica, log.replay(a.room), "client " + a.client.id);
            }
        }
    }

    private void allLeaveAndComeBack() {
        peers.forEach(peer -> peer.client.disconnect());
        quiet();
        pass(20_000);
        quiet();
        for (Node node : nodes) {
            check(node.rooms.size() == 0, "rooms without sockets are still loaded");
        }
        for (Peer peer : peers) {
            peer.node = nodes[0];
            peer.client.connect(peer.node.rooms, peer.room);
        }
        quiet();
        for (Peer peer : peers) {
            World.assertSame(peer.client.replica, log.replay(peer.room), "client " + peer.client.id + " at last");
            check(log.everyBatchIsThereOnce(peer.room), "a batch is in the log twice");
        }
    }
}
