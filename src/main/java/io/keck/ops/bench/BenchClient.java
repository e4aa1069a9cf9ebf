package io.keck.ops.bench;

import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.StateVector;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.protocol.Message;
import java.io.ByteArrayOutputStream;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;

/**
 * One editor: types one character after another into the root "t", each as an update, and receives the letters of the
 * others. Letters are identified by client and clock, so that the time from sending to each receipt can be measured.
 * {@link #type} is called by one thread at a time, the methods of the listener by the JDK's client one after another.
 */
final class BenchClient implements WebSocket.Listener {
    private static final int MAX_PENDING = 100;
    private static final int STRING = 4;
    private static final int HAS_ORIGIN = 0x80;

    private final long id;
    /** The editors of the same room by id, this one included. */
    private final Map<Long, BenchClient> room;

    private final Bench.Counters counters;
    /** The time at which each letter was sent, by {@link System#nanoTime}. */
    private final AtomicLongArray sentAt;

    private final CompletableFuture<Void> synced = new CompletableFuture<>();
    private final StructStore store = new StructStore();
    private final Map<Long, Long> seen = new HashMap<>();
    private final ByteArrayOutputStream parts = new ByteArrayOutputStream();
    private final AtomicInteger pending = new AtomicInteger();
    private CompletableFuture<?> lastSend = CompletableFuture.completedFuture(null);
    private volatile @Nullable WebSocket socket;
    private volatile boolean closing;
    private int typed;

    /** @param letters the largest number of letters that it types */
    BenchClient(long id, Map<Long, BenchClient> room, int letters, Bench.Counters counters) {
        this.id = id;
        this.room = room;
        this.counters = counters;
        this.sentAt = new AtomicLongArray(letters);
    }

    /** Completes when the client has the content of the room; exceptionally if that fails. */
    CompletableFuture<Void> synced() {
        return synced;
    }

    // ------------------------------------------------------------------ out

    /** Types a letter, unless the server is not accepting more at the moment. */
    void type() {
        WebSocket to = socket;
        if (to == null || closing || typed >= sentAt.length()) {
            return;
        }
        if (pending.get() > MAX_PENDING) {
            counters.heldBack.increment();
            return;
        }
        byte[] update = letter(id, typed);
        sentAt.set(typed++, System.nanoTime());
        counters.sent.increment();
        send(to, Message.update(update));
    }

    /** Encodes an update with one letter after the previous one. */
    static byte[] letter(long client, int clock) {
        Encoder out = new Encoder();
        out.writeVarUint(1);
        out.writeVarUint(1);
        out.writeVarUint(client);
        out.writeVarUint(clock);
        if (clock == 0) {
            out.writeUint8(STRING);
            out.writeVarUint(1);
            out.writeVarString("t");
        } else {
            out.writeUint8(STRING | HAS_ORIGIN);
            out.writeVarUint(client);
            out.writeVarUint(clock - 1);
        }
        out.writeVarString("x");
        out.writeVarUint(0);
        return out.toByteArray();
    }

    /** Sends frames one after another, as the JDK's client demands. */
    private synchronized void send(WebSocket to, byte[] frame) {
        pending.incrementAndGet();
        lastSend = lastSend.handle((done, error) -> null)
                .thenCompose(x -> to.sendBinary(ByteBuffer.wrap(frame), true))
                .whenComplete((done, error) -> pending.decrementAndGet());
    }

    /** Closes the connection. */
    void close() {
        closing = true;
        WebSocket to = socket;
        if (to != null) {
            synchronized (this) {
                lastSend = lastSend.handle((done, error) -> null)
                        .thenCompose(x -> to.sendClose(WebSocket.NORMAL_CLOSURE, ""));
            }
        }
    }

    /** The number of letters typed. */
    int typed() {
        return typed;
    }

    // ------------------------------------------------------------------ in

    @Override
    public void onOpen(WebSocket opened) {
        socket = opened;
        send(opened, Message.step1(StateVector.EMPTY));
        opened.request(1);
    }

    @Override
    public @Nullable CompletionStage<?> onBinary(WebSocket from, ByteBuffer data, boolean last) {
        byte[] bytes = new byte[data.remaining()];
        data.get(bytes);
        parts.writeBytes(bytes);
        if (last) {
            byte[] frame = parts.toByteArray();
            parts.reset();
            receive(from, frame);
        }
        from.request(1);
        return null;
    }

    private void receive(WebSocket from, byte[] frame) {
        long now = System.nanoTime();
        counters.bytes.add(frame.length);
        try {
            for (Message message : Message.readAll(frame, DecodeLimits.DEFAULT)) {
                if (message instanceof Message.SyncStep1) {
                    send(from, Message.step2(Update.EMPTY.encode()));
                } else if (message instanceof Message.SyncStep2 step2) {
                    take(step2.update(), now);
                    synced.complete(null);
                } else if (message instanceof Message.SyncUpdate update) {
                    counters.frames.increment();
                    take(update.update(), now);
                }
            }
        } catch (DecodeException e) {
            counters.malformed.increment();
        }
    }

    private void take(Update update, long now) {
        store.apply(update);
        StateVector there = store.stateVector();
        for (long client : update.clients()) {
            BenchClient sender = room.get(client);
            long from = seen.getOrDefault(client, 0L);
            long to = there.clock(client);
            seen.put(client, to);
            if (sender != null && sender != this) {
                for (long clock = from; clock < to; clock++) {
                    counters.received(now - sender.sentAt.get((int) clock));
                }
            }
        }
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket from, int code, String reason) {
        ended(code + " " + reason);
        return null;
    }

    @Override
    public void onError(WebSocket from, Throwable error) {
        ended(String.valueOf(error.getMessage()));
    }

    private void ended(String why) {
        socket = null;
        if (!closing) {
            closing = true;
            counters.closed(why);
        }
        synced.completeExceptionally(new IllegalStateException(why));
    }
}
