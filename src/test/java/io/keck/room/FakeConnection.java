package io.keck.room;

import io.keck.access.Author;
import io.keck.crdt.store.DecodeLimits;
import io.keck.protocol.CloseReason;
import io.keck.protocol.Message;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** A socket whose network takes everything at once, or nothing while it is slow. */
final class FakeConnection implements Connection {
    /** Everything that was sent, in order. */
    final List<byte[]> frames = new ArrayList<>();

    private final ArrayDeque<byte[]> queue = new ArrayDeque<>();
    private final LongSupplier clock;
    private final Consumer<byte[]> peer;
    private long backlog;
    private long lastSend;
    private long lastProgress;
    /** Takes nothing. */
    boolean slow;
    /** Not read from. */
    boolean paused;

    int pauses;

    @Nullable
    CloseReason closed;

    /** A room that sends throws this instead. */
    @Nullable
    RuntimeException failure;

    Runnable onResume = () -> {};
    String address = "";
    /** Bytes up to which the document may grow by what its peer writes. */
    long maxDocument = Long.MAX_VALUE;
    /** Bytes of its updates that were taken. */
    long brought;

    @Override
    public @Nullable String whyNotGrow(long bytes) {
        return bytes > maxDocument ? "at the limit of its credential" : null;
    }

    /** Whether what its peer writes may create the document. */
    boolean mayCreate = true;

    @Override
    public @Nullable String whyNotCreate() {
        return mayCreate ? null : "it may not create";
    }

    @Override
    public void brought(long bytes) {
        brought += bytes;
    }

    /** Whether the peer's network stack answers a ping. */
    BooleanSupplier isThere = () -> true;

    int pings;

    /** Up to which of the peer's updates it was told that everything is saved. */
    long saved;

    LongConsumer onSaved = position -> {};

    /** Messages of back ends. */
    final List<String> told = new ArrayList<>();

    boolean hearsOfConflicts;
    boolean isEchoed;
    long epoch = NO_EPOCH;
    /** Bytes of what it sent that the room holds. */
    long waiting;

    /** Who sends. */
    @Nullable
    Author author;

    FakeConnection(LongSupplier clock, Consumer<byte[]> peer) {
        this.clock = clock;
        this.peer = peer;
        lastSend = clock.getAsLong();
        lastProgress = lastSend;
    }

    @Override
    public @Nullable Author author() {
        return author;
    }

    @Override
    public void send(byte[] frame) {
        if (failure != null) {
            throw failure;
        }
        if (closed != null) {
            return;
        }
        frames.add(frame);
        lastSend = clock.getAsLong();
        if (slow) {
            queue.add(frame);
            backlog += frame.length;
        } else {
            lastProgress = lastSend;
            peer.accept(frame);
        }
    }

    /** The network takes all that waits, and the room is told. */
    void drain(Seat seat) {
        take();
        seat.drained();
    }

    /** The network takes all that waits. */
    void take() {
        slow = false;
        lastProgress = clock.getAsLong();
        List<byte[]> all = List.copyOf(queue);
        queue.clear();
        backlog = 0;
        all.forEach(peer);
    }

    @Override
    public String address() {
        return address;
    }

    @Override
    public long backlog() {
        return backlog;
    }

    @Override
    public long lastProgress() {
        return backlog == 0 ? clock.getAsLong() : lastProgress;
    }

    @Override
    public long lastSend() {
        return lastSend;
    }

    @Override
    public boolean hearsOfConflicts() {
        return hearsOfConflicts;
    }

    @Override
    public boolean hearsOfSaved() {
        return true;
    }

    @Override
    public void waits(long bytes) {
        waiting += bytes;
    }

    @Override
    public long epoch() {
        return epoch;
    }

    @Override
    public boolean isEchoed() {
        return isEchoed;
    }

    @Override
    public void saved(long position) {
        if (position <= saved) {
            throw new AssertionError("saved up to " + position + " after " + saved);
        }
        saved = position;
        onSaved.accept(position);
    }

    @Override
    public void tell(String text) {
        told.add(text);
    }

    @Override
    public long ping() {
        return ++pings;
    }

    @Override
    public boolean hasAnswered(long ping) {
        return isThere.getAsBoolean() && closed == null;
    }

    @Override
    public void pause() {
        paused = true;
        pauses++;
    }

    @Override
    public void resume() {
        paused = false;
        onResume.run();
    }

    @Override
    public void close(CloseReason reason) {
        if (closed == null) {
            closed = reason;
        }
    }

    /** What kinds of messages were sent, one word a frame. */
    List<String> kinds() {
        return frames.stream().map(FakeConnection::kind).toList();
    }

    private static String kind(byte[] frame) {
        List<Message> messages = Message.readAll(frame, DecodeLimits.DEFAULT);
        if (messages.size() != 1) {
            throw new AssertionError("stock y-websocket reads one message a frame");
        }
        return messages.get(0).getClass().getSimpleName();
    }

    int count(Class<? extends Message> kind) {
        return (int) kinds().stream().filter(kind.getSimpleName()::equals).count();
    }

    /** Forgets what was sent so far. */
    void forget() {
        frames.clear();
    }
}
