package io.keck.room;

import io.keck.access.Author;
import io.keck.access.Origin;
import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.store.DeleteSet;
import io.keck.crdt.store.StateVector;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.metrics.RoomMetrics;
import io.keck.protocol.Message;
import io.keck.room.FlakyLog.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A few rooms on one to three nodes over one log, with a bus that loses, repeats and reorders; clients that edit, come
 * and go; slow sockets, killed nodes, compaction with a fold that is sometimes wrong, rooms that are deleted and
 * recreated; hostile peers ({@link Hostility}) are among them, and in some seeds documents reach their limit. In every second seed the log fails or loses answers, in every third it is restored from a backup now and then.
 * Everything follows from the seed.
 */
final class ClusterSimulation {
    private static final int STEPS = 500;
    private static final long HOLD = 100;
    private static final long LIMIT = 1_500;

    private static final long MAX_SKEW = 6 * 3_600_000;
    private static final String[] WORDS = {"a", "é", "😀", "hello", "0123456789".repeat(20)};

    private final long seed;
    private final Twin twin;
    private final Safeguards safeguards;
    private final Random random;
    private final FakeLog log = new FakeLog();
    private final FakeBus bus;
    private final Node[] nodes;
    private final List<Peer> peers = new ArrayList<>();
    private final List<String> violations = new ArrayList<>();
    private final int roomCount;
    /** Whether the log may fail: then updates are seen unsaved, and "seen is saved" cannot be asked for. */
    private final boolean troubled;
    /** Whether the log may go back; then not even what is saved stays so, until a node notices. */
    private final boolean restores;
    /** Whether lives end all the time. */
    private final boolean lives;
    /** Whether what failed may be carried out later, after what was tried since. */
    private final boolean late;

    /** Whether documents have a limit that they reach. */
    private final boolean limited;

    private final BackEnds backEnds;
    private final Hostility hostility;

    private FakeLog.@Nullable Backup backup;
    private long now = 1_000_000;
    private final boolean skewed;
    private final Random skews;

    private final class Node {
        /** How far its clock is ahead of that of the simulation; the clocks of some are negative. */
        final long skew = skewed ? skews.nextLong(-MAX_SKEW, MAX_SKEW) : 0;

        final FlakyLog way = new FlakyLog(log);
        final ManualExecutor executor = new ManualExecutor(random.nextLong());
        final FakeBus.End end = bus.end();
        final Postponed beats = Postponed.untilBeat(() -> {});
        final Rooms rooms = new Rooms(
                new RoomContext(
                                way,
                                end,
                                TurnThreads.shared(executor),
                                RoomMemory.unlimited(new DocumentBudget(1 << 20)),
                                () -> now + skew,
                                World.ids(random.nextLong()),
                                settings(),
                                RoomMetrics.NONE)
                        .with(beats),
                this::room);
        final List<Watched> watched = new ArrayList<>();

        Node() {
            way.shared = true;
            way.answersFirst = twin == Twin.NO_COMMIT_FIRST;
            way.hidesOthers = twin == Twin.NO_GAPS;
        }

        private Room room(String name, RoomContext context, Overlays overlays, Runnable onClosed) {
            Room room = Rooms.Maker.with(safeguards).make(name, context, overlays, onClosed);
            room.watchers().observe(new Watched(room, watched));
            return room;
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

    /** Checks each step of a room's replica, and lists the room while it is open. */
    private final class Watched implements Watcher {
        final Room room;
        private final List<Watched> open;
        private long last;

        Watched(Room room, List<Watched> open) {
            this.room = room;
            this.open = open;
            open.add(this);
        }

        @Override
        public void risen(long roomId, long seq) {
            // past rows that were compacted away the snapshot brings it
            boolean snapshot = seq == last || (seq > last && last <= log.snapshotSeq(roomId));
            if (seq != last + 1 && !snapshot && !restores) {
                violations.add("applied went from " + last + " to " + seq);
            }
            last = seq;
        }

        @Override
        public void wentBack() {}

        @Override
        public void ended(RuntimeException why) {
            open.remove(this);
        }
    }

    ClusterSimulation(long seed, Twin twin) {
        this(seed, twin, false);
    }

    /** @param skewed whether the clocks of nodes are hours apart, and some before their zero */
    ClusterSimulation(long seed, Twin twin, boolean skewed) {
        this.skewed = skewed;
        this.skews = new Random(~seed);
        this.seed = seed;
        this.twin = twin;
        this.safeguards = twin.safeguards();
        random = new Random(seed);
        troubled = seed % 2 == 1;
        restores = seed % 3 == 2;
        late = seed % 4 == 1;
        lives = seed % 5 == 3;
        limited = seed % 7 == 4 && !restores;
        backEnds = new BackEnds(log, new Random(random.nextLong()), restores, violations);
        hostility = new Hostility(new Random(seed * 31 + 7), () -> now);
        roomCount = 1 + random.nextInt(3);
        bus = new FakeBus(random.nextLong());
        nodes = new Node[1 + random.nextInt(3)];
        for (int i = 0; i < nodes.length; i++) {
            nodes[i] = new Node();
        }
        log.hold(() -> now, HOLD);
        if (twin == Twin.NO_BATCH_IDS) {
            log.forgetBatchIds();
        }
        if (twin == Twin.NO_CHECKED_COMPACTION) {
            log.trustFolds();
        }
        int count = 2 + random.nextInt(6);
        for (int i = 0; i < count; i++) {
            Peer peer = new Peer(new FakeClient(10 + i, () -> now), "room" + random.nextInt(roomCount), anyNode());
            peer.client.author = new Author("p" + i % 3, Origin.SOCKET, Map.of());
            peer.client.point("{\"i\":" + i + "}");
            peer.client.onUpdate = update -> seen(peer, update);
            peer.client.onSaved = update -> saved(peer, update);
            peers.add(peer);
        }
    }

    private RoomSettings settings() {
        long saveTimeout = troubled ? 300 : Long.MAX_VALUE / 2;
        return RoomSettings.builder()
                .maxBacklog(500)
                .maxInbound(2_000)
                .maxUnsaved(3_000)
                .maxUnsavedTotal(4_000)
                .maxAwarenessState(1_000)
                .saveTimeout(saveTimeout)
                .retryAfter(50)
                .stuckAfter(1L << 40)
                .unloadAfter(10_000)
                .deletedNameHold(HOLD)
                .compareEvery(300)
                .compareEveryWithoutBus(20)
                .document(limited ? new DocumentLimits(LIMIT, 1_000, 10_000) : DocumentLimits.NONE)
                .build();
    }

    private void seen(Peer peer, Update update) {
        if (!troubled && !restores && !log.everHeld(peer.room, update)) {
            violations.add("client " + peer.client.id + " saw what is not saved");
        }
    }

    private void saved(Peer peer, Update update) {
        if (!restores && !log.everHeld(peer.room, update)) {
            violations.add("client " + peer.client.id + " was told that something is saved that is not");
        }
    }

    /** Whether one of the first seeds fails. */
    static boolean fails(int seeds, Twin twin) {
        for (long seed = 0; seed < seeds; seed++) {
            try {
                new ClusterSimulation(seed, twin).run();
            } catch (AssertionError e) {
                return true;
            }
        }
        return false;
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
        switch (random.nextInt(23)) {
            case 0, 1, 2 -> peer.client.type(WORDS[random.nextInt(WORDS.length)]);
            case 3 -> delete(peer.client);
            case 4 -> peer.client.point("{\"at\":" + random.nextInt() + "}");
            case 5, 6, 7, 8, 9 -> turns(node);
            case 10, 11 -> release(node);
            case 12 -> node.way.holding = random.nextBoolean();
            case 13, 14 -> comeOrGo(peer);
            case 15 -> slowOrDrained(peer.client);
            case 16 -> pass(random.nextInt(200));
            case 17 -> log.compact("room" + random.nextInt(roomCount), random.nextInt(4), random.nextInt(4) == 0);
            case 18 -> trouble(node);
            case 19, 20 -> busMoves(node);
            case 21 -> backEnd(node, "room" + random.nextInt(roomCount));
            default -> rarely(peer);
        }
        if (hostility.random.nextInt(12) == 0) {
            hostility.act(peer.client, peer.room, anyNodeFor(hostility.random).rooms);
        }
        if (log.copies() > 0 && !restores) {
            violations.add("content of an ended life came back within the hold");
        }
        if (random.nextInt(20) == 0) {
            checkReplicas();
        }
    }

    private Node anyNodeFor(Random other) {
        return nodes[other.nextInt(nodes.length)];
    }

    private void busMoves(Node node) {
        switch (random.nextInt(12)) {
            case 8 -> bus.goDown();
            case 9, 10 -> bus.comeUp();
            case 0, 4 -> bus.lose();
            case 1 -> bus.repeat();
            case 2 -> node.end.healthy = random.nextBoolean();
            case 3 -> {
                if (random.nextBoolean()) {
                    node.end.isMissed();
                }
                node.end.resync();
            }
            default -> bus.deliver(random.nextInt(8));
        }
    }

    /** Every replica equals the log up to where it is. */
    private void checkReplicas() {
        if (restores || twin == Twin.NO_CHECKED_COMPACTION) {
            return;
        }
        for (Node node : nodes) {
            for (Watched watched : node.watched) {
                Room room = watched.room;
                Replica.Position at = room.position();
                if (at != null) {
                    World.assertSame(
                            room.store(), log.replay(at.roomId(), at.seq()), "replica of " + room.name() + " at " + at);
                }
            }
        }
    }

    private void rarely(Peer peer) {
        int what = random.nextInt(8);
        if (what < 2) {
            kill(random.nextInt(nodes.length));
        } else if (what == 2) {
            deleteRoom(peer.node, peer.room);
        } else if ((what == 3 || what == 4) && restores) {
            backUpOrRestore();
        } else if (peer.client.isConnected()) {
            boolean all = random.nextBoolean();
            peer.client.send(Message.step1(all ? StateVector.EMPTY : peer.client.knows()));
        }
    }

    private void backEnd(Node node, String room) {
        if (lives && random.nextInt(3) == 0) {
            backEnds.begin(node.rooms, room, random.nextInt(4));
        } else {
            backEnds.act(node.rooms, room);
        }
    }

    private void deleteRoom(Node node, String room) {
        if (random.nextInt(2) == 0) {
            backEnds.begin(node.rooms, room, random.nextInt(4));
        }
    }

    private void backUpOrRestore() {
        if (backup == null || random.nextInt(3) == 0) {
            backup = log.backup();
        } else {
            log.restore(backup);
        }
    }

    private void delete(FakeClient client) {
        List<Map.Entry<Long, Long>> known = client.knows().asMap().entrySet().stream()
                .filter(entry -> entry.getKey() < 1_000) // what back ends wrote stays
                .toList();
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
            if (!peer.node.rooms.mayBeHeld(peer.room)) { // as the filter before the socket does
                peer.client.connect(peer.node.rooms, peer.room);
            }
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
            node.beats.beat();
            node.rooms.tick();
            node.rooms.tail();
        }
    }

    private void trouble(Node node) {
        if (troubled) {
            int percent = random.nextInt(3) * 40;
            Outcome[] bad = late
                    ? new Outcome[] {Outcome.FAIL, Outcome.UNKNOWN, Outcome.LATE}
                    : new Outcome[] {Outcome.FAIL, Outcome.UNKNOWN};
            node.way.outcome = () -> random.nextInt(100) >= percent ? Outcome.OK : bad[random.nextInt(bad.length)];
        }
    }

    /** All memory of a node is gone; what it had asked of the log arrives or does not. */
    private void kill(int i) {
        Node dead = nodes[i];
        dead.executor.die();
        dead.end.die();
        while (twin != Twin.NO_COMMIT_FIRST && dead.way.heldBack() > 0 && random.nextBoolean()) {
            dead.way.release(0);
        }
        dead.way.loseHeldBack();
        backEnds.lose(dead.rooms);
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
        hostility.leave();
        for (Node node : nodes) {
            node.way.always(Outcome.OK);
            node.way.holding = false;
        }
        quiet();
        backEnds.checkAnswers();
        for (Peer peer : peers) {
            for (int i = 0; i < 3 && !peer.client.isConnected(); i++) {
                comeOrGo(peer);
                quiet();
            }
        }
        bus.comeUp();
        if (limited) {
            makeRoom();
        }
        compareMembers();
        bus.goDown(); // the log alone makes them equal
        for (Peer peer : peers) {
            peer.client.type("end");
        }
        quiet();
        for (Peer peer : peers) {
            World.assertSame(peer.client.replica, log.replay(peer.room), "client " + peer.client.id);
            check(
                    !log.replay(peer.room).deletes().contains(peer.client.id, peer.client.typed() - 1),
                    "what client " + peer.client.id + " wrote last was deleted in advance");
        }
        checkReplicas();
        everybodyComesBack();
        allLeaveAndLoadAfresh();
    }

    /**
     * The largest size that a document of {@link #LIMIT} bytes can reach. A node accepts an update with structs only if the
     * document, as this node knows it, stays within the limit with it. What this node knows contains all structs that it has
     * accepted itself, but not those that other nodes accept before their rows arrive. So the structs in the log are the union
     * of what each node knew when it last accepted some, and each of these is at most as large as the limit: a document of
     * n nodes has n times its limit of structs, and one of a single node cannot exceed the limit. Deletions are accepted
     * beyond the limit; a range of them takes its own bytes, and those of the structs that it cuts in three.
     */
    private long largest(StructStore document) {
        DeleteSet deletes = document.deletes();
        Encoder encoded = new Encoder();
        deletes.encode(encoded);
        return nodes.length * LIMIT + encoded.toByteArray().length + deletes.size() * DocumentGrowth.PER_RANGE;
    }

    /** No document has outgrown its limit. When everything is deleted, updates that were refused are accepted. */
    private void makeRoom() {
        for (int i = 0; i < roomCount; i++) {
            StructStore document = log.replay("room" + i);
            long bytes = document.encode().length;
            check(
                    bytes <= largest(document),
                    "room" + i + " has " + bytes + " bytes, more than " + largest(document) + " on " + nodes.length
                            + " nodes");
        }
        for (Peer peer : peers) {
            peer.client.knows().asMap().forEach((client, clock) -> peer.client.delete(client, 0, clock));
        }
        for (int i = 0; i < 3; i++) {
            quiet();
            pass(61_000);
        }
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
            settle();
            pass(60);
        }
        settle();
        check(violations.isEmpty(), "a promise is broken");
    }

    private void settle() {
        for (int i = 0; i < 4; i++) {
            for (Node node : nodes) {
                node.way.releaseAll();
                node.executor.runAll();
            }
            bus.deliver(Integer.MAX_VALUE);
        }
    }

    /** Owners that are silent have lost their states to those who claimed them, and the nodes have told each other. */
    private void awaitClaims() {
        for (int i = 0; i < 16; i++) {
            pass(500);
            settle();
        }
        quiet();
    }

    private void compareMembers() {
        for (Peer peer : peers) {
            check(peer.client.isConnected(), "client " + peer.client.id + " was closed");
            check(!peer.client.connection.paused, "client " + peer.client.id + " is not read any more");
            check(peer.client.isSaved(), "client " + peer.client.id + " does not know that all of its is saved");
            peer.client.point("{\"end\":1}");
        }
        awaitClaims();
        for (int renewals = 0; renewals < 20 && someoneIsHiddenByAForgery(); renewals++) {
            peers.forEach(peer -> peer.client.point("{\"end\":1}"));
            awaitClaims();
        }
        for (Peer a : peers) {
            TreeSet<Long> there = new TreeSet<>();
            for (Peer b : peers) {
                if (a.room.equals(b.room)) {
                    there.add(b.client.id);
                }
            }
            check(
                    there.equals(new TreeSet<>(a.client.present())),
                    "client " + a.client.id + " sees " + a.client.present() + " of " + there);
        }
    }

    /**
     * Whether a client remembers a forged clock of another one, from a node that it has left: it passes over what the other one
     * says until that clock is reached, which takes as many renewals.
     */
    private boolean someoneIsHiddenByAForgery() {
        return peers.stream()
                .anyMatch(a -> peers.stream()
                        .filter(b ->
                                a.room.equals(b.room) && !a.client.present().contains(b.client.id))
                        .anyMatch(b -> a.client.states.containsKey(b.client.id)
                                && a.client.states.get(b.client.id).clock() >= b.client.own.clock()));
    }

    /** Nobody has anything new, so nobody writes anything. */
    private void everybodyComesBack() {
        List<Integer> rows = rows();
        for (Peer peer : peers) {
            peer.client.disconnect();
            peer.client.connect(peer.node.rooms, peer.room);
        }
        quiet();
        check(rows.equals(rows()), "rows were written though there was nothing new: " + rows + rows());
    }

    private List<Integer> rows() {
        return peers.stream().map(peer -> log.history(peer.room).size()).toList();
    }

    private void allLeaveAndLoadAfresh() {
        peers.forEach(peer -> peer.client.disconnect());
        quiet();
        pass(20_000);
        quiet();
        for (Node node : nodes) {
            check(node.rooms.size() == 0, "rooms without sockets are still loaded");
            check(node.rooms.unsavedBytes() == 0, "what is saved counts as unsaved");
            check(node.rooms.unsavedRooms() == 0, "rooms that are closed count as unsaved");
        }
        for (Peer peer : peers) {
            FakeClient fresh = new FakeClient(1_000 + peer.client.id, () -> now);
            fresh.connect(nodes[0].rooms, peer.room);
            quiet();
            World.assertSame(fresh.replica, log.replay(peer.room), "a new client in " + peer.room);
            World.assertSame(fresh.replica, peer.client.replica, "a new client and " + peer.client.id);
            check(late || log.everyBatchIsThereOnce(peer.room), "a batch is in the log twice");
            StructStore merged = new StructStore();
            merged.apply(Update.merge(log.history(peer.room).stream()
                    .map(row -> Update.decode(row.payload()))
                    .toList()));
            World.assertSame(merged, log.replay(peer.room), "the rows merged");
        }
    }
}
