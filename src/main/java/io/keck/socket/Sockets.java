package io.keck.socket;

import io.keck.crdt.store.DecodeLimits;
import io.keck.heap.HeapLedger;
import io.keck.metrics.ConnectionMetrics;
import io.keck.protocol.AwarenessState;
import io.keck.protocol.CloseReason;
import io.keck.room.RoomSettings;
import io.keck.room.Rooms;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/** All WebSockets of this node, and what each of them needs. Thread-safe. */
public final class Sockets {
    /**
     * What one peer may send, and how all of them are sent away.
     *
     * @param maxMessageBytes the largest message; a larger one is closed with 4413
     * @param decode limits inside an update
     * @param states limits inside an awareness message; what is beyond them is dropped
     * @param restartSpreadMillis the time over which all are told to come back elsewhere
     */
    record Limits(int maxMessageBytes, DecodeLimits decode, AwarenessState.Limits states, long restartSpreadMillis) {}

    private static final long PING_AFTER_MS = 20_000;
    private static final long DEAD_AFTER_MS = 50_000;
    private static final long CLOSE_WITHIN_MS = 5_000;
    /** Connections whose close is held back at the same time; beyond it, offenders are closed at once. */
    static final int MAX_HELD = 1_000;
    /** Bytes that may still wait for a connection whose close is held back. */
    private static final long MAX_HELD_BACKLOG = 64 << 10;

    private static final long DROP_LINE_EVERY_MS = 10_000;

    private final Rooms rooms;
    private final RoomSettings roomSettings;
    private final Limits limits;
    private final LongSupplier clock;
    private final Strikes strikes;
    private final ConnectionMetrics metrics;
    private final HeapLedger ledger;
    private final SocketShares shares;
    private final Set<SocketConnection> open = ConcurrentHashMap.newKeySet();
    private final AtomicLong numbers = new AtomicLong();
    /** A permit for each connection whose close may be held back. */
    private final Semaphore holds = new Semaphore(MAX_HELD);

    private final AtomicLong nextDropLine = new AtomicLong(Long.MIN_VALUE);
    /** Told when the last one has ended. */
    private final Object ended = new Object();

    Sockets(
            Rooms rooms,
            RoomSettings roomSettings,
            Limits limits,
            LongSupplier clock,
            ConnectionMetrics metrics,
            HeapLedger ledger,
            SocketShares shares) {
        this.ledger = ledger;
        this.shares = shares;
        this.rooms = rooms;
        this.roomSettings = roomSettings;
        this.limits = limits;
        this.clock = clock;
        this.metrics = metrics;
        this.strikes = new Strikes(clock);
    }

    Rooms rooms() {
        return rooms;
    }

    RoomSettings roomSettings() {
        return roomSettings;
    }

    Limits limits() {
        return limits;
    }

    LongSupplier clock() {
        return clock;
    }

    HeapLedger ledger() {
        return ledger;
    }

    SocketShares shares() {
        return shares;
    }

    /** Upgrades that were refused since their address, or the node, has as many sockets as it may have. */
    public long beyondShare() {
        return shares.refused();
    }

    ConnectionMetrics metrics() {
        return metrics;
    }

    Strikes strikes() {
        return strikes;
    }

    /** Gives it a number, by which logs call it. */
    long opened(SocketConnection connection) {
        open.add(connection);
        shares.opened(connection.address());
        metrics.opened();
        return numbers.incrementAndGet();
    }

    /**
     * Ends a connection for what it sent.
     *
     * @param hold milliseconds to hold the close back, if there is room for one more connection that waits like that
     */
    void end(SocketConnection offender, CloseReason reason, long hold) {
        if (hold == 0 || offender.backlog() > MAX_HELD_BACKLOG || !holds.tryAcquire()) {
            offender.close(reason);
        } else if (!offender.closeLate(reason, hold)) {
            holds.release();
        }
    }

    /** Whether a dropped awareness state may be logged now; few are, so that peers cannot fill the log. */
    boolean mayLogDrop() {
        long now = clock.getAsLong();
        long next = nextDropLine.get();
        return now >= next && nextDropLine.compareAndSet(next, now + DROP_LINE_EVERY_MS);
    }

    /** @param code with which it ended */
    void closed(SocketConnection connection, int code) {
        open.remove(connection);
        shares.closed(connection.address());
        if (connection.wasHeld()) {
            holds.release();
        }
        metrics.closed(code);
        if (open.isEmpty()) {
            synchronized (ended) {
                ended.notifyAll();
            }
        }
    }

    /** How many are open. */
    public int size() {
        return open.size();
    }

    /** Connections that get no single updates now, since too much waits for them. Looks at all. */
    public int slow() {
        int slow = 0;
        for (SocketConnection connection : open) {
            slow += connection.backlog() > roomSettings.maxBacklog() ? 1 : 0;
        }
        return slow;
    }

    /** Connections whose close is held back, or was and that have not ended yet. */
    public int held() {
        return MAX_HELD - holds.availablePermits();
    }

    /** Bytes that wait for all connections together. Looks at all. */
    public long backlogBytes() {
        long bytes = 0;
        for (SocketConnection connection : open) {
            bytes += connection.waiting();
        }
        return bytes;
    }

    /**
     * A connection, for operators.
     *
     * @param id random; no other connection has it, on no node
     * @param address where the peer is
     * @param backlog bytes that it has not taken yet
     * @param silentMillis since something came from it
     */
    public record View(String id, String room, String address, long backlog, long silentMillis) {}

    /** The connections to that room. */
    public List<View> of(String room) {
        return open.stream()
                .filter(c -> c.room().equals(room))
                .map(c -> new View(c.id(), room, c.address(), c.backlog(), c.silentMillis()))
                .sorted(Comparator.comparing(View::id))
                .toList();
    }

    /**
     * Ends connections of this node for good.
     *
     * @param connection the one, or empty for all of the room
     * @return how many
     */
    public int kick(String room, String connection) {
        int kicked = 0;
        for (SocketConnection c : open) {
            if (c.room().equals(room) && (connection.isEmpty() || connection.equals(c.id()))) {
                c.close(CloseReason.kicked());
                kicked++;
            }
        }
        return kicked;
    }

    /** Looks after every connection; to be called about every second. */
    public void tick() {
        open.forEach(c -> c.tick(PING_AFTER_MS, DEAD_AFTER_MS, CLOSE_WITHIN_MS));
    }

    /**
     * Tells all that are open to come back elsewhere, one after the other over the configured time. The members of a room
     * go one after the other, so that they soon meet again. Returns when all have ended, and those that take no close frame
     * are waited for no longer than a few seconds: a node that exits before breaks connections off without a reason.
     */
    public void restart() {
        List<SocketConnection> all = open.stream()
                .sorted(Comparator.comparingInt(c -> c.room().hashCode()))
                .toList();
        new Spread(clock, Thread::sleep)
                .over(limits.restartSpreadMillis(), all, connection -> connection.close(CloseReason.restart()));
        long until = clock.getAsLong() + CLOSE_WITHIN_MS;
        try {
            synchronized (ended) {
                for (long left = CLOSE_WITHIN_MS; left > 0 && !open.isEmpty(); left = until - clock.getAsLong()) {
                    ended.wait(left);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
