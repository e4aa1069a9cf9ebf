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
 * A room's copy of its log, which always equals the log up to {@code applied}. It reads newer rows from the log and
 * detects when the two differ. Each step is handed to the {@link ReplicaOwner}, which carries it out ({@link #apply},
 * {@link #become}) in its own order. Used only in the room's turns.
 *
 * <p><b>Forward.</b> {@code applied} rises by one, row by row, or to a snapshot where rows were compacted away. A row
 * comes from an own commit, from the bus, or from a read; from the first two only if it names the link of the replica's
 * last row as that of the previous row. Otherwise the replica reads the log from its own position.
 *
 * <p><b>Back.</b> A read returns the link of the row from which it starts. If that differs from the replica's link, the
 * log has lost rows that counted as committed. Then the replica is rebuilt from the log, and the content of the old one
 * that the log lacks is appended again, because the sockets already have it. The same happens when the row can no
 * longer be compared, because it was compacted away; then nothing is missing and nothing is appended.
 *
 * <p><b>Damaged.</b> If stored data differs from what was written, the replica ends before it. Such a replica does not
 * advance: it checks the log only to see whether the room was repaired or deleted.
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
     * The position of a replica in its log.
     *
     * @param link the link of row {@code seq}
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
    /** The number of reads begun. */
    private long reads;
    /** The number of the last successful read. */
    private long goodReads;
    /** Whether a row was reported after the current read began, so that another read is needed. */
    private boolean readAgain;

    private boolean stopped;
    /** Why the log cannot be followed, or null. */
    private UpdateLog.@Nullable Damage damage;
    /** The head of the log when the damage was seen: a repair changes it. */
    private UpdateLog.@Nullable Head damagedHead;

    /**
     * Creates an empty replica.
     *
     * @param batches the batches of the room, to recognise own rows
     * @param turns posts a task to the turns of the room
     */
    Replica(RoomScope room, Batches batches, Consumer<Runnable> turns, ReplicaOwner owner) {
        this.name = room.name();
        this.log = room.context().log();
        this.metrics = room.context().metrics();
        this.safeguards = room.safeguards();
        this.batches = batches;
        this.turns = turns;
        this.owner = owner;
    }

    /** The content; a different object after {@link #become}. */
    StructStore store() {
        return store;
    }

    /** The position; null while the replica is loading. May be called from any thread. */
    @Nullable
    Position position() {
        return position;
    }

    /** The position. */
    Position here() {
        return new Position(id, applied, last);
    }

    long roomId() {
        return id;
    }

    /** Whether the replica follows the log, which it does not if stored data is damaged. */
    boolean isFollowing() {
        return damage == null;
    }

    long applied() {
        return applied;
    }

    /**
     * Starts a read that shows the log as it is now or later.
     *
     * @return the number of that read, see {@link #hasRead}
     */
    long lookUp() {
        if (damage == null || reading) {
            return readOn();
        }
        lookAtHead();
        return reads;
    }

    /** Whether this read or a later one has ended, successfully or not. */
    boolean hasRead(long number) {
        return !reading || goodReads >= number;
    }

    /** Whether this read or a later one has succeeded. */
    boolean hasReadWell(long number) {
        return goodReads >= number;
    }

    /** Stops the replica: later answers of the log change nothing. */
    void stop() {
        stopped = true;
    }

    /** Applies the first contents. */
    void begin(UpdateLog.Contents contents) {
        id = contents.roomId();
        damage = take(contents);
        if (damage != null) {
            damagedHead = contents.head();
            position = here();
            owner.damaged(damage);
        }
    }

    /** The cause of a stage's failure. */
    static @Nullable Throwable cause(@Nullable Throwable error) {
        return error instanceof CompletionException ? error.getCause() : error;
    }

    // ------------------------------------------------------------------ forward

    /** Whether a committed batch of this room directly follows the replica's last row. */
    boolean isNext(UpdateLog.Appended row) {
        return row.seq() == applied + 1 && continues(row.before(), last);
    }

    /** Applies a committed batch for which {@link #isNext} holds. */
    void take(Batch own, UpdateLog.Appended row) {
        takeOwn(own, row.seq(), row.link());
    }

    /**
     * Whether a row that names {@code before} as the link of the previous row follows the row with the link
     * {@code known}.
     */
    private boolean continues(long before, long known) {
        return before == known || !safeguards.comparesLinks();
    }

    /**
     * Compares the replica with a head of the log.
     *
     * @param head the head of the room, or null if the log does not know the room
     * @param asked the position of the replica when the log was asked; the head need not include rows applied since
     * @param isOwn whether the newest row is a batch in flight of this room, and the replica has all rows before it
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
            if (!isOwn) { // otherwise the answer to its append is about to arrive
                readOn();
            }
        } else if (head.seq() < asked.seq() || (head.seq() == asked.seq() && head.link() != asked.link())) {
            readOn();
        }
    }

    /**
     * Applies a row that the bus delivered, or reads the log if the row does not follow the last one.
     *
     * @param update the content of the row
     * @param at the time of arrival by the clock of {@link RoomMetrics}
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
     * Reads the rows after the replica's position, and checks that the log still has the replica's last row.
     *
     * @return the number of the read that shows the log as it is now or later
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

    /** Checks only the head of a damaged room, which shows whether the room was deleted or repaired. */
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
            readOn(); // the replica has moved meanwhile, so these rows may not follow its last one
        } else {
            goodReads = reads; // the replica has moved past all these rows
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
            owner.readEnded(reads, error); // other purposes of the read ask again
        }
    }

    /**
     * Applies the snapshot if it is ahead of the replica, then the rows, up to the first damaged one.
     *
     * @return the damage of the first damaged row or snapshot, or null
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
            return new UpdateLog.Damage(at, "row or snapshot " + at + " is not a valid update: " + e.getMessage());
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

    /** Carries out a step on behalf of the owner. */
    void apply(Advance step) {
        store.apply(step.update());
        moveTo(step.seq(), step.link());
    }

    /** Replaces the content of the replica on behalf of the owner. */
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
        log.loaded(contents.roomId(), 0); // a node that had the room in memory can load it
        return contents;
    }

    /** Loads the replica from the log again, even if the log no longer knows the room. */
    void rebuild() {
        if (reading) {
            readAgain = true; // the current read will find the same reason to rebuild
            return;
        }
        beginRead();
        long number = reads;
        long asked = moves;
        log.read(id, 0)
                .exceptionallyCompose(error -> cause(error) instanceof RoomLost
                        ? log.open(name).thenApply(this::loadEnded) // the log went back to before the room was created
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
            rebuild(); // a row was reported meanwhile that this read does not show
        } else if (shows(c)) {
            takeAndSettle(c);
        } else {
            rebuildFrom(c);
        }
    }

    /** Whether the contents include the replica's last row. */
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
