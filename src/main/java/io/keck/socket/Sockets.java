package io.keck.socket;

import io.keck.crdt.store.DecodeLimits;
import io.keck.heap.HeapLedger;
import io.keck.metrics.ConnectionMetrics;
import io.keck.protocol.AwarenessState;
import io.keck.protocol.CloseReason;
import io.keck.protocol.Message;
import io.keck.room.RoomSettings;
import io.keck.room.Rooms;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.stream.Stream;

/** All WebSockets of this node, and the parts they share. Thread-safe. */
public final class Sockets {
    /**
     * Limits on what one peer may send, and the time over which a restart closes all connections.
     *
     * @param maxMessageSize the largest message; a larger one closes the connection with 4413
     * @param decode limits inside an update
     * @param states limits inside an awareness message; what exceeds them is dropped
     * @param restartSpread the milliseconds over which clients are asked to reconnect elsewhere
     */
    record Limits(int maxMessageSize, DecodeLimits decode, AwarenessState.Limits states, long restartSpread) {}

    private static final long PING_AFTER_MS = 20_000;
    private static final long DEAD_AFTER_MS = 50_000;
    private static final long CLOSE_WITHIN_MS = 5_000;
    /** Most closes that may be delayed at the same time; beyond it, offenders are closed at once. */
    static final int MAX_DELAYED = 1_000;
    /** The largest backlog, in bytes, of a connection whose close may be delayed. */
    private static final long MAX_DELAYED_BACKLOG = 64 << 10;

    /**
     * Largest number of credentials in messages that are judged at the same time: half of what an access hook is asked at once, so
     * that handshakes and calls find places as well.
     */
    private static final int JUDGED_AT_ONCE = 32;

    private static final long DROP_LINE_EVERY_MS = 10_000;

    private final Rooms rooms;
    private final RoomSettings roomSettings;
    private final Limits limits;
    private final LongSupplier clock;
    private final Strikes strikes;
    private final ConnectionMetrics metrics;
    private final HeapLedger ledger;
    private final SocketShares shares;
    private final Admission admission;
    /** The open documents of sockets that can have many. */
    private final Set<HocuspocusChannel> channels = ConcurrentHashMap.newKeySet();

    private final JudgePlaces judgePlaces = new JudgePlaces(JUDGED_AT_ONCE);

    private final HocuspocusFrames frames = new HocuspocusFrames();

    private final Set<SocketConnection> open = ConcurrentHashMap.newKeySet();
    private final AtomicLong numbers = new AtomicLong();
    /** A permit for each delayed close. */
    private final Semaphore delays = new Semaphore(MAX_DELAYED);

    private final AtomicLong nextDropLine = new AtomicLong(Long.MIN_VALUE);
    /** Notified when the last connection has ended. */
    private final Object ended = new Object();

    Sockets(
            Rooms rooms,
            RoomSettings roomSettings,
            Limits limits,
            LongSupplier clock,
            ConnectionMetrics metrics,
            HeapLedger ledger,
            SocketShares shares,
            Admission admission) {
        this.admission = admission;
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

    Admission admission() {
        return admission;
    }

    JudgePlaces judgePlaces() {
        return judgePlaces;
    }

    /** Upgrades refused because their address, or the node, has as many sockets as it may have. */
    public long beyondShare() {
        return shares.refused();
    }

    ConnectionMetrics metrics() {
        return metrics;
    }

    HocuspocusFrames frames() {
        return frames;
    }

    Strikes strikes() {
        return strikes;
    }

    /** Registers a connection; returns the number that identifies it in the log. */
    long opened(SocketConnection connection) {
        open.add(connection);
        shares.opened(connection.address());
        connection.metrics().opened();
        return numbers.incrementAndGet();
    }

    /** Registers a document that a socket has opened. */
    void joined(HocuspocusChannel channel) {
        channels.add(channel);
    }

    void left(HocuspocusChannel channel) {
        channels.remove(channel);
    }

    /**
     * Closes a connection for what it sent.
     *
     * @param delay milliseconds to delay the close, unless {@link #MAX_DELAYED} closes are delayed already
     */
    void end(SocketConnection offender, CloseReason reason, long delay) {
        if (delay == 0 || offender.backlog() > MAX_DELAYED_BACKLOG || !delays.tryAcquire()) {
            offender.close(reason);
        } else if (!offender.closeDelayed(reason, delay)) {
            delays.release();
        }
    }

    /** Whether a dropped awareness state may be logged now; the rate is limited, so that peers cannot flood the log. */
    boolean mayLogDrop() {
        long now = clock.getAsLong();
        long next = nextDropLine.get();
        return now >= next && nextDropLine.compareAndSet(next, now + DROP_LINE_EVERY_MS);
    }

    /** Whether a message of an application may go to back ends; one that may not is counted. */
    boolean mayTell(String address, String text) {
        boolean may = text.length() <= Message.MAX_TEXT && shares.mayTell(address);
        if (!may) {
            metrics.ignored(ConnectionMetrics.Ignored.STATELESS);
        }
        return may;
    }

    /** @param code the close code of the connection */
    void closed(SocketConnection connection, int code) {
        open.remove(connection);
        shares.closed(connection.address());
        if (connection.wasDelayed()) {
            delays.release();
        }
        connection.metrics().closed(code);
        if (open.isEmpty()) {
            synchronized (ended) {
                ended.notifyAll();
            }
        }
    }

    /** The number of open connections. */
    public int size() {
        return open.size();
    }

    /**
     * The number of connections that skip single updates because their backlog is too large. Iterates over all connections.
     */
    public int slow() {
        int slow = 0;
        for (SocketConnection connection : open) {
            slow += connection.backlog() > roomSettings.maxBacklog() ? 1 : 0;
        }
        return slow;
    }

    /** The number of connections whose close is delayed, or was and that have not ended yet. */
    public int delayed() {
        return MAX_DELAYED - delays.availablePermits();
    }

    /** Bytes that wait to be sent on all connections. Iterates over all connections. */
    public long backlogBytes() {
        long bytes = 0;
        for (SocketConnection connection : open) {
            bytes += connection.waiting();
        }
        return bytes;
    }

    /**
     * A connection as operators see it.
     *
     * @param id random and unique over all nodes
     * @param address the peer's address
     * @param backlog bytes that wait to be sent to the peer
     * @param silentMillis milliseconds since the peer last sent something
     */
    public record View(String id, String room, String address, long backlog, long silentMillis) {}

    /** The connections to that room. */
    public List<View> of(String room) {
        Stream<View> alone = open.stream()
                .filter(c -> c.room().equals(room))
                .map(c -> new View(c.id(), room, c.address(), c.backlog(), c.silentMillis()));
        Stream<View> shared = channels.stream()
                .filter(c -> c.room().equals(room))
                .map(c -> new View(c.id(), room, c.address(), c.backlog(), c.silentMillis()));
        return Stream.concat(alone, shared)
                .sorted(Comparator.comparing(View::id))
                .toList();
    }

    /**
     * Closes connections of this node for good.
     *
     * @param connection the id of one connection, or empty for all of the room
     * @return the number of closed connections
     */
    public int kick(String room, String connection) {
        int kicked = 0;
        for (SocketConnection c : open) {
            if (c.room().equals(room) && (connection.isEmpty() || connection.equals(c.id()))) {
                c.close(CloseReason.kicked());
                kicked++;
            }
        }
        for (HocuspocusChannel c : channels) {
            if (c.room().equals(room) && (connection.isEmpty() || connection.equals(c.id()))) {
                c.end(CloseReason.kicked());
                kicked++;
            }
        }
        return kicked;
    }

    /** Checks every connection for silence and slow messages. Call it about every second. */
    public void tick() {
        open.forEach(c -> c.tick(PING_AFTER_MS, DEAD_AFTER_MS, CLOSE_WITHIN_MS));
    }

    /**
     * Asks the clients of all connections to reconnect elsewhere, spread over the configured time. Members of one room
     * follow each other, so that they soon meet again. Returns when all connections have ended, or a few seconds later: a
     * node that exits earlier breaks connections off without a reason.
     */
    public void restart() {
        List<SocketConnection> all = open.stream()
                .sorted(Comparator.comparingInt(c -> c.room().hashCode()))
                .toList();
        new Spread(clock, Thread::sleep)
                .over(limits.restartSpread(), all, connection -> connection.close(CloseReason.restart()));
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
