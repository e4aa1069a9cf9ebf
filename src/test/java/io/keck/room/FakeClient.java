package io.keck.room;

import io.keck.access.Author;
import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.StateVector;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.protocol.AwarenessState;
import io.keck.protocol.Message;
import io.keck.testing.Grants;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** A client as stock y-websocket behaves, with a replica that does not integrate. */
final class FakeClient {
    final long id;
    /** What it has: its own edits and all it heard. */
    final StructStore replica = new StructStore();
    /** Awareness states it knows of. */
    final Map<Long, AwarenessState> states = new HashMap<>();

    private final LongSupplier clock;
    private final ArrayDeque<byte[]> unsent = new ArrayDeque<>();
    private long typed;
    /** The step 2s and updates that the room was given on this connection, in order. */
    private final List<Update> given = new ArrayList<>();
    /** Told of each of its own updates that the server calls saved. */
    Consumer<Update> onSaved = update -> {};
    /** Told of each update that comes from the server. */
    Consumer<Update> onUpdate = update -> {};

    /** Whether it asks to get back what it sends. */
    boolean isEchoed;

    long epoch = Connection.NO_EPOCH;

    /** From where it connects; empty where that is not known. */
    String address = "";

    /** Who it is to the server; null where nobody knows. */
    @Nullable
    Author author;

    @Nullable
    FakeConnection connection;

    @Nullable
    Seat seat;

    @Nullable
    AwarenessState own;

    FakeClient(long id, LongSupplier clock) {
        this.id = id;
        this.clock = clock;
    }

    /** Joins, and says what a stock client says first. */
    void connect(Rooms rooms, String room) {
        FakeConnection fresh = sit();
        seat = rooms.join(Grants.on(room), fresh);
        hello();
    }

    FakeConnection sit() {
        FakeConnection[] self = new FakeConnection[1];
        self[0] = new FakeConnection(clock, frame -> {
            if (connection == self[0]) {
                receive(frame);
            }
        });
        self[0].onResume = this::flush;
        self[0].address = address;
        self[0].author = author;
        self[0].isEchoed = isEchoed;
        self[0].epoch = epoch;
        self[0].isThere = () -> connection == self[0];
        connection = self[0];
        unsent.clear();
        given.clear();
        self[0].onSaved = new LongConsumer() {
            private int before;

            @Override
            public void accept(long position) {
                if (connection == self[0]) {
                    given.subList(before, Math.toIntExact(position)).forEach(onSaved);
                    before = Math.toIntExact(position);
                }
            }
        };
        states.clear();
        if (own != null) {
            states.put(id, own);
        }
        return self[0];
    }

    void hello() {
        send(Message.step1(replica.stateVector()));
        if (own != null) {
            send(Message.awareness(List.of(own)));
        }
    }

    boolean isConnected() {
        return connection != null && connection.closed == null;
    }

    void disconnect() {
        if (seat != null) {
            seat.leave();
        }
        cutOff();
    }

    /** The other side is gone without a word. */
    void cutOff() {
        seat = null;
        connection = null;
    }

    void send(byte[] frame) {
        unsent.add(frame);
        flush();
    }

    private void flush() {
        while (connection != null && !connection.paused && connection.closed == null && !unsent.isEmpty()) {
            byte[] frame = unsent.poll();
            List<Message> messages = Message.readAll(frame, DecodeLimits.DEFAULT, World.STATES);
            messages.forEach(this::count);
            seat.receive(messages, frame.length);
        }
    }

    private void count(Message message) {
        if (message instanceof Message.SyncStep2 m) {
            given.add(m.update());
        } else if (message instanceof Message.SyncUpdate m) {
            given.add(m.update());
        }
    }

    /** Whether the server has said of everything that it was given on this connection that it is saved. */
    boolean isSaved() {
        return connection != null && connection.saved == given.size();
    }

    private void receive(byte[] frame) {
        for (Message message : Message.readAll(frame, DecodeLimits.DEFAULT)) {
            if (message instanceof Message.SyncStep1 m) {
                send(Message.step2(replica.diff(m.stateVector())));
            } else if (message instanceof Message.SyncStep2 m) {
                take(m.update());
            } else if (message instanceof Message.SyncUpdate m) {
                take(m.update());
            } else if (message instanceof Message.AwarenessUpdate m) {
                hear(m.states());
            }
        }
    }

    private void take(Update update) {
        onUpdate.accept(update);
        replica.apply(update);
    }

    /** Takes what is new and repeats it to the server, as stock clients do. */
    private void hear(List<AwarenessState> heard) {
        List<AwarenessState> changed = new ArrayList<>();
        for (AwarenessState s : heard) {
            AwarenessState known = states.get(s.client());
            boolean removed = known != null && s.clock() == known.clock() && s.isRemoval() && !known.isRemoval();
            if (known == null || s.clock() > known.clock() || removed) {
                AwarenessState now = s;
                if (s.client() == id && own != null) {
                    now = s.isRemoval() ? new AwarenessState(id, s.clock() + 1, own.json()) : s;
                    own = now;
                }
                states.put(s.client(), now);
                changed.add(now);
            }
        }
        if (!changed.isEmpty()) {
            send(Message.awareness(changed));
        }
    }

    /** Who is there, as it knows. */
    List<Long> present() {
        List<Long> there = new ArrayList<>();
        states.values().forEach(s -> {
            if (!s.isRemoval()) {
                there.add(s.client());
            }
        });
        there.sort(null);
        return there;
    }

    /** Types, and sends it if it is connected. */
    byte[] type(String text) {
        byte[] update = text(id, typed, text);
        typed += text.length();
        edit(update);
        return update;
    }

    /** How many clocks it has written. */
    long typed() {
        return typed;
    }

    /** Deletes something that it has. */
    byte[] delete(long ofClient, long from, long length) {
        byte[] update = deletion(ofClient, from, length);
        edit(update);
        return update;
    }

    private void edit(byte[] update) {
        replica.apply(Update.decode(update));
        if (isConnected()) {
            send(Message.update(update));
        }
    }

    /** Says where its cursor is. */
    void point(String json) {
        own = new AwarenessState(id, own == null ? 1 : own.clock() + 1, json);
        states.put(id, own);
        if (isConnected()) {
            send(Message.awareness(List.of(own)));
        }
    }

    boolean has(byte[] update) {
        return replica.reduce(Update.decode(update)).isEmpty();
    }

    StateVector knows() {
        return replica.stateVector();
    }

    /** An update: text after what the same client wrote before. */
    static byte[] text(long client, long clock, String text) {
        Encoder out = new Encoder();
        out.writeVarUint(1);
        out.writeVarUint(1);
        out.writeVarUint(client);
        out.writeVarUint(clock);
        if (clock == 0) {
            out.writeUint8(4);
            out.writeVarUint(1);
            out.writeVarString("t");
        } else {
            out.writeUint8(0x84);
            out.writeVarUint(client);
            out.writeVarUint(clock - 1);
        }
        out.writeVarString(text);
        out.writeVarUint(0);
        return out.toByteArray();
    }

    /** An update that only deletes. */
    static byte[] deletion(long ofClient, long from, long length) {
        Encoder out = new Encoder();
        out.writeVarUint(0);
        out.writeVarUint(1);
        out.writeVarUint(ofClient);
        out.writeVarUint(1);
        out.writeVarUint(from);
        out.writeVarUint(length);
        return out.toByteArray();
    }
}
