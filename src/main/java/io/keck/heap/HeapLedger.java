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
 * The heap of the node, as far as it is there for peers: how many bytes there are, of which kind, for which room and which
 * address, and whether more may be allocated. One for each node; thread-safe.
 *
 * <p><b>Shares.</b> A room and an address have a share each, a part of the total. A share is no reservation: as long as
 * there is room, everyone may have more.
 *
 * <p><b>Relief</b>, in this order, as the sum rises:
 *
 * <ol>
 *   <li>{@link #RECLAIMING}: what is only kept to be quick goes ({@link #onReclaim}), so that it never keeps anybody out.
 *   <li>{@link #TIGHT}: no more rooms are loaded ({@link #isTight}), and whoever is above its share gets no more.
 *   <li>{@link #WAITING}: large answers wait for their turn ({@link #turn}).
 *   <li>The total: nobody gets more, and {@link #relieve} sends the guests away that take most, of those who are above their
 *       share: first of addresses, then rooms. A room within its share is never sent away.
 * </ol>
 *
 * <p>Small things are not asked for but only counted, so the sum may exceed the total for a moment. The total leaves room
 * for that, and for what an allocation takes beside what stays of it ({@link #totalFor}).
 */
public final class HeapLedger {
    /** What bytes are for. */
    public enum Kind {
        /** Connections themselves. */
        SOCKET,
        /** Messages that are not whole, and messages that wait for their room. */
        INBOUND,
        /** Updates that are not committed. */
        UPDATE,
        /** Loaded rooms. */
        REPLICA,
        /** Documents of back ends, and the forks that are edited. */
        DOCUMENT,
        /** Awareness states. */
        AWARENESS,
        /** What connections have not taken yet. */
        OUTBOUND,
        /** Answers of HTTP that were not taken yet, and what they are made of. */
        ANSWER,
        /** Bodies of requests. */
        BODY,
        /** Event streams. */
        STREAM
    }

    /** The part of the total from which on no rooms are loaded. */
    public static final double TIGHT = 0.75;
    /** The part of the total from which on large answers wait. */
    public static final double WAITING = 0.85;
    /** The part of the total from which on caches are dropped; below {@link #TIGHT}. */
    public static final double RECLAIMING = 0.7;
    /** The part of the total that one room, or one address, has a right to. */
    public static final double SHARE = 0.25;

    /** Heap that the server takes for itself, in bytes. */
    private static final long OWN = 80L << 20;
    /** The part of the rest that may live for peers: what an allocation takes beside its result needs the other part. */
    private static final double LIVING = 0.6;

    /** The part of the total that answers have whatever else there is. */
    private static final double ANSWERS = 0.1;
    /** Bytes of answers that do not matter. */
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

    /** @param total bytes that may live for peers */
    public HeapLedger(long total) {
        this(total, true);
    }

    /** @param relieves whether it ever refuses or ends something; a test switches it off */
    HeapLedger(long total, boolean relieves) {
        this.total = total;
        this.relieves = relieves;
        for (Kind kind : Kind.values()) {
            kinds.put(kind, new LongAdder());
            refusals.put(kind, new LongAdder());
        }
    }

    /** A ledger that counts and refuses nothing. */
    public static HeapLedger unlimited() {
        return new HeapLedger(Long.MAX_VALUE / 4);
    }

    /** The bytes that may live for peers where the heap has at most so many. */
    public static long totalFor(long maxHeap) {
        return Math.max(16L << 20, (long) ((maxHeap - OWN) * LIVING));
    }

    /**
     * A tally of a holder, to be closed when the holder ends.
     *
     * @param room the name of the room that it is for, or null
     * @param address where the peer is that it is for, or null
     * @param guest who can be sent away to get the bytes back, or null; tallies of one holder have the same guest
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

    /** Large arrays that several holders share. */
    public SharedBytes shared() {
        return shared;
    }

    /** A tally of the same kind for the room of another one. */
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

    /** Whether that many bytes more may be allocated for these. */
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

    /** Bytes that one room, or one address, has a right to. */
    public long share() {
        return (long) (total * SHARE);
    }

    /** Bytes that may live for peers. */
    public long total() {
        return total;
    }

    /** Bytes that live for peers, roughly. */
    public long used() {
        return used.sum();
    }

    /** Bytes of one kind, roughly. */
    public long used(Kind kind) {
        return of(kinds, kind).sum();
    }

    /** How often bytes of one kind were refused. */
    public long refusals(Kind kind) {
        return of(refusals, kind).sum();
    }

    /** How many guests were sent away. */
    public long sentAway() {
        return sentAway.sum();
    }

    /** Whether so much is used that no more rooms are loaded. */
    public boolean isTight() {
        return relieves && used() > total * TIGHT;
    }

    /** Bytes that would have to go for rooms to be loaded again; not above 0 where they are loaded. */
    public long tooMuch() {
        return isTight() ? used() - (long) (total * TIGHT) + 1 : 0;
    }

    /** Bytes that live for that address, roughly. */
    public long ofAddress(String address) {
        Party party = addresses.get(Addresses.network(address));
        return party == null ? 0 : party.bytes.get();
    }

    /** Bytes that live for that room, roughly. */
    public long ofRoom(String name) {
        Party party = rooms.get(name);
        return party == null ? 0 : party.bytes.get();
    }

    /**
     * Gives memory back that is only used to be quick. Called in {@link #relieve}.
     *
     * @param reclaimer is told how many bytes are too many, and answers how many it gives back
     */
    public void onReclaim(LongUnaryOperator reclaimer) {
        reclaimers.add(reclaimer);
    }

    // ------------------------------------------------------------------ large answers

    /**
     * Whether an answer of that size can be made now. Small ones always can, and any can while hardly anything waits to be
     * taken: so large answers come one after the other, however full the node is.
     */
    public boolean hasRoomFor(long bytes) {
        if (bytes < FEW || !relieves || used() + bytes <= total * WAITING) {
            return true;
        }
        long notTaken = used(Kind.OUTBOUND) + used(Kind.ANSWER);
        return notTaken < FEW || notTaken + bytes <= total * ANSWERS;
    }

    /** Whether that many bytes may come to live for peers, by the load of a room. */
    public boolean mayLoad(long bytes) {
        return !relieves || used() + bytes <= total;
    }

    /**
     * Waits until an answer of that size can be made. Turns are given in the order in which they were asked for, in {@link
     * #relieve}; whoever waits for too long gives up by cancelling.
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

    /** How many answers wait. */
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

    /** Gives memory back where too much is used, and gives turns to those who wait; to be called about twice a second. */
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
