package io.keck.room;

import io.keck.protocol.CloseReason;
import io.keck.protocol.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The seat of a connection under a name, from the moment it asks for one. Until the log has confirmed the current life
 * of the name, the connection is in no room and receives nothing, and its frames wait here in order; then they move to
 * the room. Thread-safe.
 */
final class Place implements Seat, Lives.Errand<Boolean> {
    /** The messages of one frame. */
    record Frame(List<Message> messages, long cameAt) {}

    private final Connection connection;
    private final long maxInbound;
    private final LongSupplier nanos;
    private volatile @Nullable Seat seat;
    private List<Frame> early = new ArrayList<>();
    private long earlyBytes;
    private boolean left;

    Place(Connection connection, long maxInbound, LongSupplier nanos) {
        this.connection = connection;
        this.maxInbound = maxInbound;
        this.nanos = nanos;
    }

    Connection connection() {
        return connection;
    }

    @Override
    public void run(Room room, Replica.Position at, boolean stale, CompletableFuture<Boolean> done) {
        room.members().sit(this, stale);
        done.complete(true);
    }

    @Override
    public void refused(CloseReason reason) {
        connection.close(reason);
    }

    /**
     * Sets the seat in the room and returns the frames that waited, which the caller must handle; null if the
     * connection has left.
     */
    synchronized @Nullable List<Frame> begin(Seat taken) {
        if (left) {
            return null;
        }
        List<Frame> frames = early;
        early = List.of();
        connection.waits(-earlyBytes);
        earlyBytes = 0;
        seat = taken;
        return frames;
    }

    @Override
    public void receive(List<Message> messages, int bytes) {
        Seat taken = seat;
        if (taken == null) {
            taken = waitWith(messages, bytes);
        }
        if (taken != null) {
            taken.receive(messages, bytes);
        }
    }

    private synchronized @Nullable Seat waitWith(List<Message> messages, int bytes) {
        if (seat == null && !left) {
            early.add(new Frame(messages, nanos.getAsLong()));
            earlyBytes += bytes;
            connection.waits(bytes);
            if (earlyBytes > maxInbound) {
                connection.pause();
            }
        }
        return seat;
    }

    @Override
    public void drained() {
        Seat taken = seat;
        if (taken != null) {
            taken.drained();
        }
    }

    @Override
    public void leave() {
        Seat taken;
        synchronized (this) {
            left = true;
            taken = seat;
            early = List.of();
        }
        if (taken != null) {
            taken.leave();
        }
    }
}
