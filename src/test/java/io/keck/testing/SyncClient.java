package io.keck.testing;

import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.StateVector;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.protocol.AwarenessState;
import io.keck.protocol.Message;
import java.net.URI;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;

/**
 * A client of the y-websocket protocol that keeps everything it has seen of a room. As Yjs's own clients do, it answers the
 * server's sync step 1 with what the server lacks. Thread-safe.
 */
public final class SyncClient implements AutoCloseable {
    private final StructStore store;
    private final RawClient raw;
    private final Object news = new Object();
    private boolean synced;
    private int updates;
    private int syncFrames;
    private long awarenessClock;
    private final Map<Long, AwarenessState> states = new HashMap<>();

    private SyncClient(URI room, StructStore store) {
        this.store = store;
        this.raw = RawClient.connect(room, this::receive);
        raw.begin();
        send(Message.step1(stateVector()));
    }

    /** Connects with an empty document and waits for the server's answer to sync step 1. */
    public static SyncClient join(URI room) {
        return join(room, new StructStore());
    }

    /** Connects with a document and waits for the server's answer to sync step 1. */
    public static SyncClient join(URI room, StructStore document) {
        SyncClient client = new SyncClient(room, document);
        client.await("the answer to step 1", () -> client.synced);
        return client;
    }

    private void receive(byte[] frame) {
        synchronized (news) {
            for (Message m : Message.readAll(frame, DecodeLimits.DEFAULT)) {
                if (m instanceof Message.SyncStep1 step1) {
                    raw.send(Message.step2(store.diff(step1.stateVector())));
                } else if (m instanceof Message.SyncStep2 step2) {
                    store.apply(step2.update());
                    synced = true;
                    syncFrames++;
                } else if (m instanceof Message.SyncUpdate update) {
                    store.apply(update.update());
                    updates++;
                    syncFrames++;
                } else if (m instanceof Message.AwarenessUpdate awareness) {
                    awareness.states().forEach(s -> awarenessClock = Math.max(awarenessClock, s.clock()));
                    awareness.states().forEach(s -> states.put(s.client(), s));
                }
            }
            news.notifyAll();
        }
    }

    /** The WebSocket of this client. */
    public RawClient raw() {
        return raw;
    }

    /** Sends a raw message. */
    public void send(byte[] frame) {
        raw.send(frame);
    }

    /** Applies a V1 update and sends it; false where the connection has ended. */
    public boolean write(byte[] update) {
        synchronized (news) {
            store.apply(Update.decode(update));
        }
        return raw.sendNow(Message.update(update));
    }

    /**
     * Waits until the server has read all messages so far, which the echo of an awareness state shows. False where the
     * connection ended before.
     */
    public boolean awaitRead(long client, long clock) {
        raw.send(Message.awareness(List.of(new AwarenessState(client, clock, "{}"))));
        return awaitOrEnd(() -> awarenessClock >= clock);
    }

    /** Sends an awareness state of a client; one connection may speak for several clients. */
    public void point(long client, long clock) {
        raw.send(Message.awareness(List.of(new AwarenessState(client, clock, "{\"at\":" + clock + "}"))));
    }

    /** Whether the awareness states received so far include one of this client. */
    public boolean sees(long client) {
        synchronized (news) {
            AwarenessState state = states.get(client);
            return state != null && !state.isRemoval();
        }
    }

    /** The state vector of the document. */
    public StateVector stateVector() {
        synchronized (news) {
            return store.stateVector();
        }
    }

    /** The document: everything received or written, as a V1 update. */
    public byte[] encode() {
        synchronized (news) {
            return store.encode();
        }
    }

    /** The part of a V1 update that the document lacks. */
    public Update missing(byte[] update) {
        synchronized (news) {
            return store.reduce(Update.decode(update));
        }
    }

    /** The number of updates received, answers to sync step 1 aside. */
    public int updates() {
        synchronized (news) {
            return updates;
        }
    }

    /** How many answers to a sync step 1 have arrived. */
    public int syncFrames() {
        synchronized (news) {
            return syncFrames;
        }
    }

    /** Waits until a condition holds, which is checked after each message; fails where it never does. */
    public void await(String what, BooleanSupplier condition) {
        if (!awaitOrEnd(what, condition)) {
            throw new AssertionError("closed before " + what + ": " + raw.awaitEnd());
        }
    }

    /** As {@link #await}, but returns false where the connection ends before. */
    public boolean awaitOrEnd(BooleanSupplier condition) {
        return awaitOrEnd("something", condition);
    }

    private boolean awaitOrEnd(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + KeckProcess.PATIENCE.toNanos();
        synchronized (news) {
            while (!condition.getAsBoolean()) {
                if (raw.isEnded() && !condition.getAsBoolean()) {
                    return false;
                }
                if (System.nanoTime() > deadline) {
                    throw new AssertionError("waited in vain for " + what);
                }
                try {
                    news.wait(20);
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            }
            return true;
        }
    }

    @Override
    public void close() {
        raw.close();
    }
}
