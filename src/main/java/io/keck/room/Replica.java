package io.keck.room;

import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.failure.RoomGone;
import io.keck.failure.RoomLost;
import io.keck.metrics.RoomMetrics;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A room's copy of its log, which always equals the log up to {@code applied}: reads what the log has beyond it, and
 * notices when the two differ. Each step is handed to the {@link ReplicaOwner}, which carries it out ({@link #apply}, {@link
 * #become}) in its own order. Touched only in the room's turns.
 *
 * <p><b>Forward.</b> {@code applied} rises by one, row by row, or to a snapshot where rows were compacted away. A row
 * comes from an own commit, from the bus, or from a read; from the first two only when it names the link of the last row
 * here as the row before it. In any other case the replica reads on from where it is.
 *
 * <p><b>Back.</b> A read tells the link of the row it starts from. If that is not the link here, the log has lost rows
 * that counted as committed. Then the replica is rebuilt from the log, and what the old one held beyond it is appended
 * again: the sockets have it already. The same happens when the row can no longer be compared, because it was compacted
 * away; then nothing is found missing and nothing is appended.
 *
 * <p><b>Damaged.</b> Where what is stored is not what was written, the replica ends before it. A replica that was loaded
 * like this goes nowhere: it looks at the log only to see whether the room was repaired or deleted.
 *
 * <pre>
 *   state       reads                    a row of the bus     leaves the state
 *   following   rows beyond applied      is the next step     the log went back: rebuilding; the room is gone: ended
 *   rebuilding  everything               read again later     the new contents are there: following
 *   damaged     the head, no rows        is ignored           the head has changed and the damage is gone: reload
 * </pre>
 */
final class Replica {
    /**
     * Where a replica is in its log.
     *
     * @param link of row {@code seq}
     */
    record Position(long roomId, long seq, long link) {}

    private final String name;
    private final UpdateLog log;
    private final Batches batches;
    private final RoomMetrics metrics;
    private final Safeguards safeguards;
    private final Consumer<Runnable> turns;
    private final ReplicaOwner owner;

    private StructStore store = new StructStore();
    private long id;
    private long applied;
    /** The link of row {@code applied}. */
    private long last = Link.NONE;
    /** How often {@link #applied} was set. */
    private long moves;
    /** The position for other threads; null while loading. */
    private volatile @Nullable Position position;

    private boolean reading;
    /** How many reads have begun. */
    private long reads;
    /** The last of them that went well. */
    private long goodReads;
    /** Whether the read under way began before a row was heard of that it may not show. */
    private boolean readAgain;

    private boolean stopped;
    /** Why the log cannot be followed, or null. */
    private UpdateLog.@Nullable Damage damage;
    /** The head of the log when the damage was seen: a repair changes it. */
    private UpdateLog.@Nullable Head damagedHead;

    /**
     * An empty replica.
     *
     * @param batches of the room, to know own rows again
     * @param turns posts something to the turns of the room
     */
    Replica(
            String name,
            RoomContext context,
            Batches batches,
            Safeguards safeguards,
            Consumer<Runnable> turns,
            ReplicaOwner owner) {
        this.name = name;
        this.log = context.log();
        this.batches = batches;
        this.metrics = context.metrics();
        this.safeguards = safeguards;
        this.turns = turns;
        this.owner = owner;
    }

    /** The content. It is another object after {@link #become}. */
    StructStore store() {
        return store;
    }

    /** Where the replica is; null while it is loading. May be called from any thread. */
    @Nullable
    Position position() {
        return position;
    }

    /** Where the replica is. */
    Position here() {
        return new Position(id, applied, last);
    }

    long roomId() {
        return id;
    }

    /** Whether it follows the log: not where what is stored is damaged. */
    boolean isFollowing() {
        return damage == null;
    }

    long applied() {
        return applied;
    }

    /**
     * Compares with the log as it is from now on.
     *
     * @return the number of the read that tells, see {@link #hasRead}
     */
    long lookUp() {
        if (damage == null || reading) {
            return readOn();
        }
        lookAtHead();
        return reads;
    }

    /** Whether that read, or one after it, has told what there is; or has failed. */
    boolean hasRead(long number) {
        return !reading || goodReads >= number;
    }

    /** Whether it went well. */
    boolean hasReadWell(long number) {
        return goodReads >= number;
    }

    /** Nothing is changed any more, whatever is answered. */
    void stop() {
        stopped = true;
    }

    /** Takes the first contents in. */
    void begin(UpdateLog.Contents contents) {
        id = contents.roomId();
        damage = take(contents);
        if (damage != null) {
            damagedHead = contents.head();
            position = here();
            owner.damaged(damage);
        }
    }

    /** What made a stage fail. */
    static @Nullable Throwable cause(@Nullable Throwable error) {
        return error instanceof CompletionException ? error.getCause() : error;
    }

    // ------------------------------------------------------------------ forward

    /** Whether an own batch that is in the log comes right after the last row here. */
    boolean isNext(UpdateLog.Appended row) {
        return row.seq() == applied + 1 && continues(row.before(), last);
    }

    /** Takes an own batch in that {@link #isNext}. */
    void take(Batch own, UpdateLog.Appended row) {
        takeOwn(own, row.seq(), row.link());
    }

    /** Whether a row that names one link as that of the row before it comes after the row with the other link. */
    private boolean continues(long before, long known) {
        return before == known || !safeguards.comparesLinks();
    }

    /**
     * Compares with the log.
     *
     * @param head how far it is, or null when it does not know the room
     * @param asked where the replica was when the log was asked: the log need not know what was taken in since
     * @param isOwn whether its newest row is an own batch that the log was asked to append, and all before it are here
     */
    void headSeen(UpdateLog.@Nullable Head head, Position asked, boolean isOwn) {
        if (asked.roomId() != id) {
            return;
        }
        if (damage != null) {
            if (!Objects.equals(head, damagedHead)) {
                readOn();
            }
            return;
        }
        if (head == null || head.deleted()) {
            readOn();
        } else if (head.seq() > applied) {
            if (!isOwn) { // else its answer is under way
                readOn();
            }
        } else if (head.seq() < asked.seq() || (head.seq() == asked.seq() && head.link() != asked.link())) {
            readOn();
        }
    }

    /**
     * Takes a row in that came over the bus, or reads on where it does not fit.
     *
     * @param update what the row holds
     * @param at when the row came, by the clock of {@link RoomMetrics}
     */
    void heard(Bus.Event.Committed row, Update update, long at) {
        if (row.seq() == applied + 1 && continues(row.before(), last)) {
            Batch own = batches.find(row.batchId());
            owner.advance(new Advance(row.seq(), row.link(), last, own == null ? update : own.update(), own));
            metrics.heard(metrics.nanos() - at);
            owner.caughtUp(true);
        } else if (row.seq() > applied) {
            metrics.gap();
            readOn();
        }
    }

    /**
     * Reads what the log has beyond the replica, and whether it has what the replica has.
     *
     * @return the number of the read that shows the log as it is from now on
     */
    long readOn() {
        if (reading) {
            readAgain = true;
            return reads + 1;
        }
        beginRead();
        long number = reads;
        long from = damage == null ? applied : 0;
        long anchor = last;
        long asked = moves;
        log.read(id, from)
                .whenComplete((contents, error) -> turns.accept(() -> {
                    reading = false;
                    if (stopped) {
                        return;
                    }
                    read(from, anchor, asked, contents, cause(error));
                    if (!reading) {
                        owner.readEnded(number, null);
                    }
                }));
        return number;
    }

    /** A damaged room is not read again for each request: whether it was deleted or repaired shows in its head. */
    private void lookAtHead() {
        beginRead();
        log.heads(List.of(id))
                .whenComplete((heads, error) -> turns.accept(() -> {
                    reading = false;
                    if (stopped || heads == null) {
                        return;
                    }
                    UpdateLog.Head head = heads.get(id);
                    if (Objects.equals(head, damagedHead)) {
                        goodReads = reads;
                        readOnIfNeeded();
                    } else {
                        readOn();
                    }
                }));
    }

    private void beginRead() {
        reading = true;
        readAgain = false;
        reads++;
    }

    private void read(
            long from, long anchor, long asked, UpdateLog.@Nullable Contents contents, @Nullable Throwable e) {
        if (contents == null) {
            readFailed(e);
        } else if (damage != null) {
            damagedHead = contents.head();
            if (contents.damage() == null) {
                owner.ended(ReplicaOwner.End.RELOAD);
                return;
            }
            goodReads = reads;
            readOnIfNeeded();
        } else if (contents.head().seq() < from || (from > 0 && !continues(contents.anchor(), anchor))) {
            rebuild();
        } else if (moves == asked || shows(contents)) {
            takeAndSettle(contents);
        } else if (readAgain || contents.head().seq() > applied) {
            readOn(); // the replica has moved meanwhile: these rows may not come after its last one
        } else {
            goodReads = reads; // the replica has moved past all of it
        }
    }

    private void takeAndSettle(UpdateLog.Contents contents) {
        goodReads = reads;
        long before = applied;
        if (take(contents) != null) {
            owner.ended(ReplicaOwner.End.RELOAD);
            return;
        }
        if (applied > before) {
            metrics.caughtUp((int) (applied - before));
        }
        owner.caughtUp(contents.isMade());
        readOnIfNeeded();
    }

    private void readOnIfNeeded() {
        if (readAgain) {
            readOn();
        }
    }

    private void readFailed(@Nullable Throwable error) {
        if (error instanceof RoomGone) {
            owner.ended(ReplicaOwner.End.DELETED);
        } else if (error instanceof RoomLost) {
            rebuild();
        } else {
            owner.readEnded(reads, error); // whatever else the read was for is asked for again
        }
    }

    /**
     * Takes in what the log has beyond {@code applied}: the snapshot where it is ahead of the replica, then the rows; as far as
     * they are whole.
     *
     * @return what is wrong with the first row or snapshot that is not whole, or null
     */
    private UpdateLog.@Nullable Damage take(UpdateLog.Contents contents) {
        byte[] snapshot = contents.snapshot();
        long at = contents.snapshotSeq();
        try {
            if (snapshot != null && at > applied) {
                takeForeign(at, Link.UNKNOWN, snapshot);
            }
            for (UpdateLog.Row row : contents.rows()) {
                at = row.seq();
                if (at == applied + 1) {
                    take(at, row.batchId(), row.link(), row.payload());
                } else if (at > applied) {
                    return new UpdateLog.Damage(applied + 1, "row " + (applied + 1) + " is missing");
                }
            }
        } catch (DecodeException e) {
            return new UpdateLog.Damage(at, "row or snapshot " + at + " is no update: " + e.getMessage());
        }
        if (applied == contents.head().seq()) {
            last = contents.head().link();
            position = new Position(id, applied, last);
        }
        return contents.damage();
    }

    private void take(long seq, UUID batchId, long link, byte[] payload) {
        Batch own = batches.find(batchId);
        if (own != null) {
            takeOwn(own, seq, link);
        } else {
            takeForeign(seq, link, payload);
        }
    }

    private void takeOwn(Batch own, long seq, long link) {
        owner.advance(new Advance(seq, link, last, own.update(), own));
    }

    private void takeForeign(long seq, long link, byte[] payload) {
        owner.advance(new Advance(seq, link, last, Update.decode(payload, DecodeLimits.OWN), null));
    }

    /** Carries a step out that the owner was handed. */
    void apply(Advance step) {
        store.apply(step.update());
        moveTo(step.seq(), step.link());
    }

    /** Takes the place of the old replica, as the owner was handed it. */
    void become(Replacement fresh) {
        store = fresh.store();
        id = fresh.roomId();
        moveTo(fresh.seq(), fresh.link());
    }

    private void moveTo(long seq, long link) {
        moves++;
        applied = seq;
        last = link;
        position = here();
    }

    // ------------------------------------------------------------------ back

    private UpdateLog.Contents loadEnded(UpdateLog.Contents contents) {
        log.loaded(contents.roomId(), 0); // a node that had the room can load it
        return contents;
    }

    /** Loads another replica from the log; also where the log does not know the room any more. */
    void rebuild() {
        if (reading) {
            readAgain = true; // that read finds the same reason to rebuild
            return;
        }
        beginRead();
        long number = reads;
        long asked = moves;
        log.read(id, 0)
                .exceptionallyCompose(error -> cause(error) instanceof RoomLost
                        ? log.open(name).thenApply(this::loadEnded) // it went back to before the room was created
                        : CompletableFuture.failedStage(error))
                .whenComplete((c, error) -> turns.accept(() -> {
                    reading = false;
                    if (stopped) {
                        return;
                    }
                    rebuild(asked, c, cause(error));
                    if (!reading) {
                        owner.readEnded(number, null);
                    }
                }));
    }

    private void rebuild(long asked, UpdateLog.@Nullable Contents c, @Nullable Throwable error) {
        if (c == null) {
            readFailed(error);
        } else if (moves != asked && c.head().seq() < applied) {
            rebuild(); // a row was heard of meanwhile that this read does not show
        } else if (shows(c)) {
            takeAndSettle(c);
        } else {
            rebuildFrom(c);
        }
    }

    /** Whether these contents show the last row of the replica. */
    private boolean shows(UpdateLog.Contents contents) {
        return contents.roomId() == id
                && contents.rows().stream().anyMatch(row -> row.seq() == applied && row.link() == last);
    }

    private void rebuildFrom(UpdateLog.Contents contents) {
        if (contents.damage() != null) {
            owner.ended(ReplicaOwner.End.RELOAD);
            return;
        }
        goodReads = reads;
        StructStore fresh = new StructStore();
        if (contents.snapshot() != null) {
            fresh.apply(contents.snapshot(), DecodeLimits.OWN);
        }
        for (UpdateLog.Row row : contents.rows()) {
            fresh.apply(Update.decode(row.payload(), DecodeLimits.OWN));
        }
        Update missing = fresh.reduce(Update.decode(store.encode(), DecodeLimits.OWN));
        UpdateLog.Head head = contents.head();
        owner.replace(new Replacement(fresh, contents.roomId(), head.seq(), head.link(), missing, contents.isMade()));
        readOnIfNeeded();
    }
}
