package io.keck.room;

import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One room's end of the log: the replica, which always equals the log up to {@code applied}, and what waits to be
 * committed. Touched only in the room's turns.
 *
 * <p><b>Forward.</b> {@code applied} rises by one, row by row, or to a snapshot where rows were compacted away. A row
 * comes from our own commit, from the bus, or from a read; from the first two only when it names the link of the row that
 * we have as the one before it. In any other case we read on from where we are.
 *
 * <p><b>Back.</b> A read tells the link of the row it starts from. If that is not the one we have, the log has lost rows
 * that we took for committed. Then the replica is made anew from the log, and what the old one held beyond it becomes a
 * batch and is appended again: the sockets have it already. The same happens when the row can no longer be compared,
 * because it was compacted away; then nothing is found missing and nothing appended.
 *
 * <p><b>Damaged.</b> Where what is stored is not what was written, the replica ends before it. A replica that was loaded
 * like this goes nowhere: it looks at the log only to see whether it was repaired or deleted.
 */
final class Journal {
    /** The room, as its journal sees it. */
    interface Owner {
        /** The replica is about to change. */
        void beforeChange();

        /** {@code applied} has risen, or was set anew. */
        void applied(long seq);

        /** Whether there is nobody to tell. */
        boolean isAlone();

        /** Something came from elsewhere. */
        void took(Update news);

        /** An own batch is in the log and in the replica now. */
        void committed(Batch batch, long seq, long link, long before);

        /** A batch waits no more. */
        void saved(Batch batch);

        /** A batch could not be committed, or nobody knows. */
        void troubled(Batch batch, @Nullable Throwable error);

        /** The replica has taken this in. */
        void changed(Update update);

        /** The replica is another one. */
        void madeAnew();

        /** The log has another past than the replica had; so many bytes had to be appended again. */
        void wentBack(int bytes);

        /** The room now has this id. */
        void identified(long roomId);

        /** The room was deleted. */
        void gone();

        /** The log has answered for the batch that was on its way when the replica was stopped. */
        void answeredLate(Batch batch, @Nullable Throwable error);

        /** What is stored is damaged from there on; so it was loaded up to there. */
        void damaged(UpdateLog.Damage damage);

        /** The replica is of no use any more: what is stored is damaged, or was and is not any more. */
        void reload();

        /** Whether what follows the row with one link follows what we have, which ends with the other. */
        boolean continues(long before, long last);

        /** A random link. */
        long newLink();
    }

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
    private final Consumer<Runnable> mailbox;
    private final Owner owner;

    private StructStore store = new StructStore();
    private long id;
    private long applied;
    /** The link of row {@code applied}. */
    private long last = UpdateLog.NO_LINK;
    /** How often {@link #applied} was set. */
    private long moves;
    /** Where that is, for others; null while loading. */
    private volatile @Nullable Position position;

    private @Nullable Batch inFlight;
    /** That of the attempt to append it. */
    private long inFlightLink;
    /** Whether there was an attempt before. */
    private boolean inFlightAgain;
    /** Where {@link #inFlight} is in the log, when it is known to be there but rows before it are missing here. */
    private long awaited;

    private boolean reading;
    /** How many reads have begun. */
    private long reads;
    /** The last of them that went well. */
    private long goodReads;
    /** What was read is older than what we have heard of since. */
    private boolean readAgain;

    private boolean stopped;
    /** Why the log can be followed no further, or null. */
    private UpdateLog.@Nullable Damage damage;
    /** How far the log was when it was damaged: a repair changes that. */
    private UpdateLog.@Nullable Head damagedHead;

    Journal(String name, UpdateLog log, Batches batches, RoomMetrics metrics, Consumer<Runnable> mailbox, Owner owner) {
        this.name = name;
        this.log = log;
        this.batches = batches;
        this.metrics = metrics;
        this.mailbox = mailbox;
        this.owner = owner;
    }

    /** The replica. It may be another object after the log went back. */
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

    /** The batch that is on its way. */
    @Nullable
    Batch inFlight() {
        return inFlight;
    }

    /** That batch, while the log has not answered for it. */
    @Nullable
    Batch unanswered() {
        return awaited == 0 ? inFlight : null;
    }

    /** Compares with the log as it is from now on, and tells what to ask {@link #hasRead} for. */
    long lookUp() {
        boolean tooEarly = reading;
        if (damage != null && !reading) {
            lookAtHead();
        } else {
            readOn();
        }
        return tooEarly ? reads + 1 : reads;
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

    /** The first contents. */
    void begin(UpdateLog.Contents contents) {
        id = contents.roomId();
        owner.identified(id);
        damage = take(contents);
        if (damage != null) {
            damagedHead = contents.head();
            position = here();
            owner.damaged(damage);
        }
    }

    // ------------------------------------------------------------------ commit

    /**
     * Hands the oldest batch to the log, unless one is on its way.
     *
     * @param nanos when this turn began, by the clock of {@link RoomMetrics}
     */
    void commit(long now, long nanos) {
        Batch first = batches.first();
        if (first == null || inFlight != null) {
            return;
        }
        inFlight = first;
        boolean again = first.submitted;
        inFlightAgain = again;
        if (!again) {
            first.submitted = true;
            first.submittedAt = now;
            first.handedOver = nanos;
        }
        inFlightLink = owner.newLink();
        RequestKey key = first.key();
        (key != null && first.isKeyOnly()
                        ? log.keep(id, key)
                        : log.append(id, first.id, inFlightLink, first.payload(), again, key))
                .whenComplete((at, error) -> mailbox.accept(() -> appended(first, at, error)));
    }

    private void appended(Batch batch, UpdateLog.@Nullable Appended at, @Nullable Throwable error) {
        if (stopped || batch != inFlight) {
            if (stopped && batch == inFlight) {
                owner.answeredLate(batch, cause(error));
            }
            return;
        }
        if (error != null || at == null) {
            failed(batch, error);
        } else if (!batches.contains(batch)) {
            inFlight = null; // it came back to us before the answer did
        } else if (batch.isKeyOnly() && at.seq() <= applied) {
            inFlight = null;
            saved(batch);
        } else if (!batch.isKeyOnly() && at.seq() == applied + 1 && owner.continues(at.before(), last)) {
            inFlight = null;
            committed(batch, at.seq(), at.link());
        } else {
            awaited = at.seq();
            readOn();
        }
    }

    private void failed(Batch batch, @Nullable Throwable error) {
        notAwaited();
        Throwable cause = cause(error);
        if (cause instanceof UpdateLog.RoomGoneException) {
            batch.submitted = inFlightAgain; // only this attempt is certain to have done nothing
            owner.gone();
            return;
        }
        if (cause instanceof UpdateLog.KeyUsedException) {
            owner.troubled(batch, cause);
            return;
        }
        metrics.commitFailed();
        if (cause instanceof UpdateLog.RoomUnknownException) {
            makeAnew();
        }
        owner.troubled(batch, cause);
    }

    static @Nullable Throwable cause(@Nullable Throwable error) {
        return error instanceof CompletionException ? error.getCause() : error;
    }

    // ------------------------------------------------------------------ forward

    /**
     * Compares with the log.
     *
     * @param head how far it is, or null when it does not know the room
     * @param asked where we were when it was asked: what we have taken in since it need not know
     */
    void headSeen(UpdateLog.@Nullable Head head, Position asked) {
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
            boolean own = inFlight != null && head.seq() == applied + 1 && head.link() == inFlightLink;
            if (!own) { // else its answer is under way
                readOn();
            }
        } else if (head.seq() < asked.seq() || (head.seq() == asked.seq() && head.link() != asked.link())) {
            readOn();
        }
    }

    /**
     * A row, as the bus tells it.
     *
     * @param at when it came, by the clock of {@link RoomMetrics}
     */
    void heard(Bus.Event.Committed row, long at) {
        if (row.seq() == applied + 1 && owner.continues(row.before(), last)) {
            take(row.seq(), row.batchId(), row.link(), row.payload());
            metrics.heard(metrics.nanos() - at);
            settle();
        } else if (row.seq() > applied) {
            metrics.gap();
            readOn();
        }
    }

    /** Reads what the log has beyond the replica, and whether it has what the replica has. */
    void readOn() {
        if (reading) {
            readAgain = true;
            return;
        }
        beginRead();
        long from = damage == null ? applied : 0;
        long anchor = last;
        long asked = moves;
        long awaitedThen = awaited;
        log.read(id, from)
                .whenComplete((contents, error) -> mailbox.accept(() -> {
                    reading = false;
                    if (stopped) {
                        return;
                    }
                    read(from, anchor, asked, contents, cause(error));
                    if (awaited > 0 && awaited == awaitedThen && !reading) {
                        notAwaited(); // the log went back after it had answered: the batch is not in it any more
                    }
                }));
    }

    /** A damaged room is not read again for each who asks: whether it was deleted or repaired shows in its head. */
    private void lookAtHead() {
        beginRead();
        log.heads(List.of(id))
                .whenComplete((heads, error) -> mailbox.accept(() -> {
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
                owner.reload();
                return;
            }
            goodReads = reads;
            readOnIfNeeded();
        } else if (contents.head().seq() < from || (from > 0 && !owner.continues(contents.anchor(), anchor))) {
            makeAnew();
        } else if (moves == asked || shows(contents)) {
            takeAndSettle(contents);
        } else if (readAgain || contents.head().seq() > applied) {
            readOn(); // we have moved meanwhile, and cannot tell whether these rows come after ours
        } else {
            goodReads = reads; // we have moved past all of it
        }
    }

    private void takeAndSettle(UpdateLog.Contents contents) {
        goodReads = reads;
        long before = applied;
        if (take(contents) != null) {
            owner.reload();
            return;
        }
        if (applied > before) {
            metrics.caughtUp((int) (applied - before));
        }
        settle();
        readOnIfNeeded();
    }

    private void readOnIfNeeded() {
        if (readAgain) {
            readOn();
        }
    }

    private void readFailed(@Nullable Throwable error) {
        if (error instanceof UpdateLog.RoomGoneException) {
            owner.gone();
        } else if (error instanceof UpdateLog.RoomUnknownException) {
            makeAnew();
        } else if (awaited > 0 && inFlight != null) {
            failed(inFlight, error); // who only wanted to know how far the log is asks again by himself
        }
    }

    /**
     * Takes in what the log has beyond {@code applied}: the snapshot where it is ahead of us, then the rows; as far as
     * they are whole. What is wrong then, or null.
     */
    private UpdateLog.@Nullable Damage take(UpdateLog.Contents contents) {
        byte[] snapshot = contents.snapshot();
        long at = contents.snapshotSeq();
        try {
            if (snapshot != null && at > applied) {
                takeForeign(at, UpdateLog.UNKNOWN_LINK, snapshot);
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
            committed(own, seq, link);
        } else {
            takeForeign(seq, link, payload);
        }
    }

    private void takeForeign(long seq, long link, byte[] payload) {
        Update update = Update.decode(payload, DecodeLimits.OWN);
        Update news = owner.isAlone() ? Update.EMPTY : batches.reduceSent(store.reduce(update));
        owner.beforeChange();
        store.apply(update);
        owner.changed(update);
        moveTo(seq, link);
        if (!news.isEmpty()) {
            owner.took(news);
        }
    }

    private void committed(Batch batch, long seq, long link) {
        long before = last;
        owner.beforeChange();
        Update update = batch.update();
        store.apply(update);
        owner.changed(update);
        moveTo(seq, link);
        owner.committed(batch, seq, link, before);
        saved(batch);
    }

    private void moveTo(long seq, long link) {
        moves++;
        applied = seq;
        last = link;
        position = new Position(id, seq, link);
        owner.applied(seq);
    }

    private void saved(Batch batch) {
        batches.remove(batch);
        owner.saved(batch);
    }

    /** After rows were taken in: what else is settled by them. */
    private void settle() {
        Batch batch = inFlight;
        if (awaited > 0 && batch != null && applied >= awaited) {
            notAwaited();
            if (batches.contains(batch) && store.reduce(batch.update()).isEmpty()) {
                saved(batch); // it came with the snapshot
            }
        }
        dropWhatOthersSaved();
    }

    /** Our batch is in the log, or has to be handed to it once more. */
    private void notAwaited() {
        awaited = 0;
        inFlight = null;
    }

    /** What was passed on unsaved may have been committed by another node. */
    private void dropWhatOthersSaved() {
        for (Batch batch : batches.sent()) {
            if (batch != inFlight && store.reduce(batch.update()).isEmpty()) {
                saved(batch);
            }
        }
    }

    // ------------------------------------------------------------------ back

    private void makeAnew() {
        if (reading) {
            readAgain = true; // what is read now tells once more that it has to be
            return;
        }
        beginRead();
        long asked = moves;
        log.read(id, 0)
                .exceptionallyCompose(error -> cause(error) instanceof UpdateLog.RoomUnknownException
                        ? log.open(name) // it went back to before the room was created
                        : CompletableFuture.failedStage(error))
                .whenComplete((c, error) -> mailbox.accept(() -> {
                    reading = false;
                    if (stopped) {
                        return;
                    }
                    if (c == null) {
                        readFailed(cause(error));
                    } else if (moves != asked && c.head().seq() < applied) {
                        makeAnew(); // what was read is older than what we have heard of since
                    } else if (shows(c)) {
                        takeAndSettle(c);
                    } else {
                        makeAnewFrom(c);
                    }
                }));
    }

    /** Whether it can be seen in these contents that the row that we have as the last is there. */
    private boolean shows(UpdateLog.Contents contents) {
        return contents.roomId() == id
                && contents.rows().stream().anyMatch(row -> row.seq() == applied && row.link() == last);
    }

    private void makeAnewFrom(UpdateLog.Contents contents) {
        if (contents.damage() != null) {
            owner.reload();
            return;
        }
        goodReads = reads;
        StructStore old = store;
        StructStore fresh = new StructStore();
        if (contents.snapshot() != null) {
            fresh.apply(contents.snapshot(), DecodeLimits.OWN);
        }
        for (UpdateLog.Row row : contents.rows()) {
            fresh.apply(Update.decode(row.payload(), DecodeLimits.OWN));
        }
        Update missing = fresh.reduce(Update.decode(old.encode(), DecodeLimits.OWN));
        Update news = batches.reduceSent(old.reduce(Update.decode(fresh.encode(), DecodeLimits.OWN)));
        owner.beforeChange();
        store = fresh;
        if (id != contents.roomId()) {
            id = contents.roomId();
            owner.identified(id);
        }
        owner.madeAnew();
        moveTo(contents.head().seq(), contents.head().link());
        if (!missing.isEmpty()) {
            batches.addLost(missing);
            owner.wentBack(missing.encode().length);
        }
        if (!news.isEmpty()) {
            owner.took(news);
        }
        if (awaited > 0) {
            notAwaited();
        }
        for (Batch batch : batches.all()) {
            if (batch != inFlight && store.reduce(batch.update()).isEmpty()) {
                saved(batch);
            }
        }
        readOnIfNeeded();
    }
}
