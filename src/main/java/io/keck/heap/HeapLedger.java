package io.keck.heap;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiFunction;
import java.util.function.LongUnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Accounts for the heap that the node uses for peers: bytes by kind, room and address. Decides whether more may be
 * allocated. One per node. Thread-safe.
 *
 * <p><b>Shares.</b> Each room and each address has a share, a part of the total. A share is not a reservation: below
 * {@link #TIGHT} everyone may use more.
 *
 * <p><b>Relief</b> comes in this order as the sum rises:
 *
 * <ol>
 *   <li>{@link #RECLAIMING}: caches are dropped ({@link #onReclaim}), so that they never keep a peer out.
 *   <li>{@link #TIGHT}: no more rooms are loaded ({@link #isTight}), and rooms and addresses above their share get no more.
 *   <li>{@link #WAITING}: large answers wait in a queue ({@link #turn}).
 *   <li>The total: nothing more is granted, and {@link #relieve} closes the largest guests of addresses above their share,
 *       then of rooms above theirs. A room within its share is never closed.
 * </ol>
 *
 * <p>Small allocations are counted without being asked for, so the sum may briefly exceed the total. The total leaves a
 * margin for that and for the temporary memory of allocations ({@link #totalFor}).
 */
public final class HeapLedger {
    /** The use of bytes. */
    public enum Kind {
        /** Connections, without what they send and receive. */
        SOCKET,
        /** Incomplete messages, and messages that wait for their room. */
        INBOUND,
        /** Updates that are not committed yet. */
        UPDATE,
        /** Loaded rooms. */
        REPLICA,
        /** Documents of back ends, and the forks that they edit. */
        DOCUMENT,
        /** Awareness states. */
        AWARENESS,
        /** Frames that connections have not taken yet. */
        OUTBOUND,
        /** HTTP answers that are not sent yet, and the data from which they are built. */
        ANSWER,
        /** Bodies of HTTP requests. */
        BODY,
        /** Event streams. */
        STREAM
    }

    /** The part of the total above which no more rooms are loaded. */
    public static final double TIGHT = 0.75;
    /** The part of the total above which large answers wait. */
    public static final double WAITING = 0.85;
    /** The part of the total above which caches are dropped; below {@link #TIGHT}. */
    public static final double RECLAIMING = 0.7;
    /** The part of the total that is the share of one room or one address. */
    public static final double SHARE = 0.25;

    /** The part of the total below which a typed document is small. */
    private static final double SMALL = 1 / 32.0;

    /** The heap that the server itself needs, in bytes. */
    private static final long OWN = 80L << 20;
    /** The part of the remaining heap that may be used for peers; the rest is for the temporary memory of allocations. */
    private static final double LIVING = 0.6;

    /** The part of the total that answers may always take. */
    private static final double ANSWERS = 0.1;
    /** Bytes of answers that are too few to wait. */
    private static final long FEW = 256 << 10;

    private static final String WHY = "this node has no memory left, please try again";

    private final long total;
    private final boolean relieves;
    private final LongAdder used = new LongAdder();
    private final Map<Kind, LongAdder> kinds = new EnumMap<>(Kind.class);
    private final Map<Kind, LongAdder> refusals = new EnumMap<>(Kind.class);
    private final LongAdder sentAway = new LongAdder();
    private final ConcurrentHashMap<String, Party> rooms = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<String, Party> addresses = new ConcurrentHashMap<>();
    private final List<LongUnaryOperator> reclaimers = new CopyOnWriteArrayList<>();
    private final Deque<Turn> turns = new ArrayDeque<>();
    private final SharedBytes shared = new SharedBytes(this);

    private record Turn(long bytes, CompletableFuture<@Nullable Void> begin) {}

    /** @param total bytes that may be used for peers */
    public HeapLedger(long total) {
        this(total, true);
    }

    /** @param relieves whether the ledger refuses and closes; false only in tests */
    HeapLedger(long total, boolean relieves) {
        this.total = total;
        this.relieves = relieves;
        for (Kind kind : Kind.values()) {
            kinds.put(kind, new LongAdder());
            refusals.put(kind, new LongAdder());
        }
    }

    /** Creates a ledger that counts and refuses nothing. */
    public static HeapLedger unlimited() {
        return new HeapLedger(Long.MAX_VALUE / 4);
    }

    /** The bytes that may be used for peers with a heap of at most {@code maxHeap} bytes. */
    public static long totalFor(long maxHeap) {
        return Math.max(16L << 20, (long) ((maxHeap - OWN) * LIVING));
    }

    /**
     * Opens the tally of a holder, to be closed when the holder ends.
     *
     * @param room the name of the room that the bytes serve, or null
     * @param address the address of the peer that the bytes serve, or null
     * @param guest the guest to close to free the bytes, or null; all tallies of one holder have the same guest
     */
    public Tally open(Kind kind, @Nullable String room, @Nullable String address, @Nullable Guest guest) {
        Tally[] made = new Tally[1];
        with(
                rooms,
                room,
                false,
                r -> with(addresses, address == null ? null : Addresses.network(address), true, a -> {
                    made[0] = new Tally(this, kind, r, a, guest);
                    if (r != null) {
                        r.tallies.add(made[0]);
                    }
                    if (a != null) {
                        a.tallies.add(made[0]);
                    }
                }));
        return made[0];
    }

    private static void with(
            ConcurrentHashMap<String, Party> all,
            @Nullable String name,
            boolean isAddress,
            java.util.function.Consumer<@Nullable Party> action) {
        if (name == null) {
            action.accept(null);
            return;
        }
        all.compute(name, (key, present) -> {
            Party party = present == null ? new Party(name, isAddress) : present;
            action.accept(party);
            return party;
        });
    }

    /** Accounts for large arrays that several holders share. */
    public SharedBytes shared() {
        return shared;
    }

    /** Opens a tally of the same kind for the room of another tally. */
    Tally ofTheRoom(Tally tally) {
        return open(tally.kind, tally.room == null ? null : tally.room.name, null, null);
    }

    void closed(Tally tally) {
        forget(rooms, tally.room, tally);
        forget(addresses, tally.address, tally);
    }

    private static void forget(ConcurrentHashMap<String, Party> all, @Nullable Party party, Tally tally) {
        if (party != null) {
            BiFunction<String, Party, @Nullable Party> without = (key, present) -> {
                party.tallies.remove(tally);
                return party.tallies.isEmpty() ? null : present;
            };
            all.computeIfPresent(party.name, without);
        }
    }

    private static LongAdder of(Map<Kind, LongAdder> all, Kind kind) {
        return Objects.requireNonNull(all.get(kind));
    }

    void add(Kind kind, long bytes) {
        used.add(bytes);
        of(kinds, kind).add(bytes);
    }

    void refused(Kind kind) {
        of(refusals, kind).increment();
    }

    /** Whether that many more bytes may be allocated for this room and address. */
    boolean admits(@Nullable Party room, @Nullable Party address, long bytes) {
        if (!relieves) {
            return true;
        }
        long after = used() + bytes;
        return after <= total * TIGHT
                || (after <= total && isWithinShare(room, bytes) && isWithinShare(address, bytes));
    }

    private boolean isWithinShare(@Nullable Party party, long more) {
        return party == null || party.bytes.get() + more <= share();
    }

    /** The share of one room or one address, in bytes. */
    public long share() {
        return (long) (total * SHARE);
    }

    /** The bytes that may be used for peers. */
    public long total() {
        return total;
    }

    /** Bytes in use for peers, approximately. */
    public long used() {
        return used.sum();
    }

    /** Bytes in use for one kind, approximately. */
    public long used(Kind kind) {
        return of(kinds, kind).sum();
    }

    /** The number of refused requests for bytes of one kind. */
    public long refusals(Kind kind) {
        return of(refusals, kind).sum();
    }

    /** The number of guests that were closed to free memory. */
    public long sentAway() {
        return sentAway.sum();
    }

    /** Whether the bytes in use exceed the limit above which no more rooms are loaded. */
    public boolean isTight() {
        return relieves && used() > total * TIGHT;
    }

    /** Bytes to free before rooms are loaded again; 0 if they are loaded. */
    public long tooMuch() {
        return isTight() ? used() - (long) (total * TIGHT) + 1 : 0;
    }

    /**
     * Bytes to free before a cache may hold something of {@code whole} bytes, {@code more} of which are not counted
     * yet; 0 if it may. While no more rooms are loaded, a cache may hold only small things.
     */
    public long tooMuchWith(long more, long whole) {
        double part = whole <= total * SMALL ? 1 : TIGHT;
        return relieves ? Math.max(0, used() + more - (long) (total * part)) : 0;
    }

    /** Bytes in use for that address, approximately. */
    public long ofAddress(String address) {
        Party party = addresses.get(Addresses.network(address));
        return party == null ? 0 : party.bytes.get();
    }

    /** Bytes in use for that room, approximately. */
    public long ofRoom(String name) {
        Party party = rooms.get(name);
        return party == null ? 0 : party.bytes.get();
    }

    /**
     * Registers a cache that can free memory; called in {@link #relieve}.
     *
     * @param reclaimer receives the number of excess bytes and returns the number of bytes that it frees
     */
    public void onReclaim(LongUnaryOperator reclaimer) {
        reclaimers.add(reclaimer);
    }

    // ------------------------------------------------------------------ large answers

    /**
     * Whether an answer of that size can be built now. Small answers always can, and a large one can if hardly any other
     * answer waits to be sent: so large answers follow one another however full the node is.
     */
    public boolean hasRoomFor(long bytes) {
        if (bytes < FEW || !relieves || used() + bytes <= total * WAITING) {
            return true;
        }
        long notTaken = used(Kind.OUTBOUND) + used(Kind.ANSWER);
        return notTaken < FEW || notTaken + bytes <= total * ANSWERS;
    }

    /** Whether a room of that size may be loaded. */
    public boolean mayLoad(long bytes) {
        return !relieves || used() + bytes <= total;
    }

    /**
     * Waits until an answer of that size can be built. Waiting answers are admitted in order, in {@link #relieve}; a caller
     * that gives up cancels the stage.
     */
    public CompletionStage<@Nullable Void> turn(long bytes) {
        CompletableFuture<@Nullable Void> begin = new CompletableFuture<>();
        synchronized (turns) {
            if (!turns.isEmpty() || !hasRoomFor(bytes)) {
                turns.add(new Turn(bytes, begin));
                return begin;
            }
        }
        begin.complete(null);
        return begin;
    }

    /** The number of waiting answers. */
    public int waiting() {
        synchronized (turns) {
            return turns.size();
        }
    }

    private void giveTurns() {
        long given = 0;
        while (true) {
            Turn next;
            synchronized (turns) {
                next = turns.peek();
                if (next == null || (!next.begin.isDone() && !hasRoomFor(given + next.bytes))) {
                    return;
                }
                turns.remove();
            }
            given += next.begin.isDone() ? 0 : next.bytes;
            next.begin.complete(null);
        }
    }

    // ------------------------------------------------------------------ relief

    /** Frees memory if too much is used, and admits waiting answers. Call it about twice a second. */
    public void relieve() {
        if (!relieves) {
            return;
        }
        long over = used() - (long) (total * RECLAIMING);
        for (LongUnaryOperator reclaimer : reclaimers) {
            over -= over > 0 ? reclaimer.applyAsLong(over) : 0;
        }
        new Relief(this::parties, share(), guest -> {
                    sentAway.increment();
                    guest.sendAway(WHY);
                })
                .get(used() - total);
        giveTurns();
    }

    private Stream<Party> parties() {
        return Stream.concat(addresses.values().stream(), rooms.values().stream());
    }
}
