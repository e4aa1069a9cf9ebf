package io.keck.room;

import static io.keck.room.World.ROOM;

import io.keck.access.Author;
import io.keck.access.Grant;
import io.keck.access.Origin;
import io.keck.access.Right;
import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.protocol.Message;
import io.keck.room.HeldUpdates.Entry;
import io.keck.room.HeldUpdates.Limits;
import io.keck.room.HeldUpdates.State;
import io.keck.testing.Grants;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;

/** A node with strict authorship, and what its clients are told of it. */
final class StrictWorld {
    static final Author ALICE = new Author("alice", Origin.SOCKET, Map.of("org", "7"));
    static final Author BOB = new Author("bob", Origin.SOCKET, Map.of());
    static final Author CAROL = new Author("carol", Origin.SOCKET, Map.of());

    final FakeHeldUpdates held;
    final World world;

    StrictWorld() {
        this(Safeguards.ON, Limits.DEFAULT, true);
    }

    StrictWorld(Safeguards safeguards, Limits limits, boolean isStrict) {
        this(safeguards, new FakeHeldUpdates(() -> 7, limits), new FakeLog(), Bus.NONE, 1, isStrict);
    }

    StrictWorld(Safeguards safeguards, FakeHeldUpdates held, FakeLog log, Bus bus, long seed, boolean isStrict) {
        this.held = held;
        this.world = new World(Rooms.Maker.with(safeguards), log, bus, seed, new Held(held, isStrict));
    }

    FakeClient by(Author author) {
        FakeClient client = world.client();
        connect(client, author);
        return client;
    }

    void connect(FakeClient client, Author author) {
        client.author = author;
        client.connect(world.rooms, ROOM);
        world.settle();
    }

    /** Two nodes or more over one log and one store of held updates, whose bus delivers everything. */
    static final class Nodes {
        final FakeLog log = new FakeLog();
        final FakeHeldUpdates held = new FakeHeldUpdates(() -> 7, Limits.DEFAULT);
        final FakeBus bus;
        final List<StrictWorld> all = new ArrayList<>();

        Nodes(int count, long seed, Safeguards safeguards) {
            bus = new FakeBus(seed);
            for (int i = 0; i < count; i++) {
                StrictWorld node = new StrictWorld(safeguards, held, log, bus.end(), i + 1, true);
                node.world.way.shared = true;
                all.add(node);
            }
        }

        void settle() {
            for (int i = 0; i < 4; i++) {
                all.forEach(node -> node.world.settle());
                bus.deliver(1_000);
            }
        }

        /** So much time passes for all nodes that everything is stored and looked at. */
        void rest() {
            for (int i = 0; i < 8; i++) {
                pass(2_000);
                all.forEach(node -> node.world.rooms.lookAtHeld());
                settle();
            }
        }

        void pass(long millis) {
            all.forEach(node -> node.world.now += millis);
            for (StrictWorld node : all) {
                node.world.rooms.tick();
                node.world.rooms.tail();
            }
            settle();
        }
    }

    /** So much time passes that everything is stored and looked at. */
    void rest() {
        for (int i = 0; i < 8; i++) {
            world.pass(2_000);
            world.rooms.lookAtHeld();
            world.settle();
        }
    }

    List<Entry> entries() {
        return now(held.ofRoom(world.log.id(ROOM)));
    }

    List<Entry> waiting() {
        return entries().stream().filter(entry -> entry.state() == State.HELD).toList();
    }

    <T> T now(CompletionStage<T> stage) {
        world.settle();
        return stage.toCompletableFuture().getNow(null);
    }

    Entry takeIn(Entry entry, String by) {
        return now(world.rooms.held().takeIn(decider(by), entry));
    }

    static Grant decider(String principal) {
        return Grants.of(principal, ROOM, Right.READ, Right.WRITE);
    }

    boolean hasSaved(byte[] update) {
        return world.saved().reduce(Update.decode(update)).isEmpty();
    }

    static boolean has(Entry entry, byte[] update) {
        StructStore store = new StructStore(true);
        store.apply(entry.payload(), DecodeLimits.OWN);
        return store.reduce(Update.decode(update)).isEmpty();
    }

    /** The refusals that a client was sent. */
    static List<String> told(FakeClient client) {
        List<String> told = new ArrayList<>();
        for (byte[] frame : client.connection.frames) {
            for (String sentence : List.of(HeldBack.KEPT, HeldBack.KEPT_WAITING, HeldBack.NOT_KEPT)) {
                if (Arrays.equals(frame, Message.denied(sentence))) {
                    told.add(sentence);
                }
            }
        }
        return told;
    }

    /** Text right after a clock of another client. */
    static byte[] after(long client, long clock, long ofClient, long ofClock, String text) {
        Encoder out = new Encoder();
        out.writeVarUint(1);
        out.writeVarUint(1);
        out.writeVarUint(client);
        out.writeVarUint(clock);
        out.writeUint8(0x84);
        out.writeVarUint(ofClient);
        out.writeVarUint(ofClock);
        out.writeVarString(text);
        out.writeVarUint(0);
        return out.toByteArray();
    }
}
