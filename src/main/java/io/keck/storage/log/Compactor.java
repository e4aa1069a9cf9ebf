package io.keck.storage.log;

import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.failure.RoomDamaged;
import io.keck.failure.RoomGone;
import io.keck.failure.TooLargeHere;
import io.keck.room.UpdateLog;
import io.keck.storage.database.Database;
import io.keck.storage.rows.Checksum;
import io.keck.storage.rows.ContentsReader;
import io.keck.storage.rows.FoldedAuthors;
import io.keck.thread.Loop;
import io.keck.thread.OutOfMemory;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Folds the rows of a room into its snapshot. A folding node holds a lease on the snapshot row, never the lock of the
 * room's head. Rows are read and folded outside any transaction of the writer, and one short transaction swaps the
 * snapshot. Before that the new snapshot is decoded again and checked to contain the old snapshot and every folded row
 * completely. Folded rows are kept for the retention, for readers that resume, and then purged. Thread-safe.
 */
class Compactor {
    /**
     * The age at which a room to which clients have only connected is removed; a node with clients in it adds another.
     */
    private static final long UNMADE_MILLIS = TimeUnit.DAYS.toMillis(1);

    private static final Logger LOG = LoggerFactory.getLogger(Compactor.class);
    private static final long LEASE_MILLIS = 60_000;
    private static final long PURGE_EVERY_SECONDS = 60;
    private static final long LOOK_MILLIS = 500;

    /**
     * A marker that {@link #stop()} queues behind all requests, so that an idle loop ends at once; no room has this id.
     */
    private static final Long LAST = -1L;
    /** The time that folding or purging may take. */
    private static final long PATIENCE_MILLIS = 600_000;

    private static final long STOP_MILLIS = 10_000;
    private static final int PURGE_ROOMS = 100;
    /** The time after which rows are handed to the keeper again if that failed. */
    private static final long RETRY_MILLIS = 3_600_000;

    /** The number of rows beyond which rows are folded even if followers have not read them. */
    private static final int MAX_UNFOLDED = 20_000;

    private final Database database;
    private final Followers followers;
    private final RoomLoads loads;
    private final Clock clock;
    private final AuthorPruner authorPruner;
    private final long retentionMillis;
    private final @Nullable RowKeeper keeper;
    private final String owner = UUID.randomUUID().toString();
    private final Set<Long> requested = ConcurrentHashMap.newKeySet();
    private final BlockingQueue<Long> queue = new LinkedBlockingQueue<>();
    private final Loop loop = Loop.paced("log-compactor", PATIENCE_MILLIS, this::turn);
    private volatile boolean stopping;
    private long purgedAt = System.nanoTime();

    /** Creates a compactor with its own measurement of loads. */
    Compactor(Database database, Clock clock, Duration retention, Followers followers) {
        this(database, clock, retention, followers, new RoomLoads(database), null);
    }

    /**
     * @param loads measures a room before it is read
     * @param keeper takes rows over; null if they are deleted
     */
    Compactor(
            Database database,
            Clock clock,
            Duration retention,
            Followers followers,
            RoomLoads loads,
            @Nullable RowKeeper keeper) {
        this.keeper = keeper;
        this.loads = loads;
        this.database = database;
        this.followers = followers;
        this.clock = clock;
        this.authorPruner = new AuthorPruner(database, clock);
        this.retentionMillis = retention.toMillis();
        loop.start();
    }

    /** Queues a room to be folded. */
    void request(long roomId) {
        if (requested.add(roomId)) {
            queue.add(roomId);
        }
    }

    private long turn() throws InterruptedException {
        Long roomId = queue.poll(LOOK_MILLIS, TimeUnit.MILLISECONDS);
        if (roomId != null && !roomId.equals(LAST)) {
            requested.remove(roomId);
            compactQuietly(roomId);
        } else if (stopping) {
            return Loop.END;
        }
        if (System.nanoTime() - purgedAt >= TimeUnit.SECONDS.toNanos(PURGE_EVERY_SECONDS)) {
            purgedAt = System.nanoTime();
            purge();
        }
        return 0;
    }

    private void compactQuietly(long roomId) {
        try {
            compact(roomId);
        } catch (RoomGone e) {
            LOG.debug("Room {} was deleted before it was folded", roomId);
        } catch (TooLargeHere e) {
            database.metrics().foldFailed();
            LOG.warn("A room was not folded into a snapshot; retrying when it has grown again: {}", e.getMessage());
        } catch (RoomDamaged e) {
            LOG.debug("Not folded: {}", e.getMessage()); // the room has already logged its damage
        } catch (RuntimeException e) {
            OutOfMemory.check(e);
            database.metrics().foldFailed();
            LOG.warn("Room {} could not be folded into a snapshot; retrying when it has grown again", roomId, e);
        }
    }

    /**
     * Folds a room now; returns false if another node is folding it or there is nothing to fold.
     *
     * @throws RoomDamaged if the room is damaged; nothing was changed
     * @throws TooLargeHere if this node has no memory for the room now; nothing was read
     */
    boolean compact(long roomId) {
        if (!join(database.change(roomId, h -> lease(h, roomId)))) {
            return false;
        }
        loads.beginFold(roomId);
        try {
            return foldRoom(roomId);
        } finally {
            loads.foldEnded(roomId);
        }
    }

    private boolean foldRoom(long roomId) {
        long began = System.nanoTime();
        UpdateLog.Contents all = database.jdbi().withHandle(h -> ContentsReader.read(h, roomId, 0));
        UpdateLog.Damage damage = all.damage();
        if (damage != null) {
            throw new RoomDamaged(roomId, damage.what());
        }
        UpdateLog.Contents contents = foldable(all);
        List<UpdateLog.Row> rows = contents.rows();
        if (rows.isEmpty()) {
            return false;
        }
        byte[] state = fold(contents);
        verify(contents, state);
        if (keeper != null) {
            keeper.beforeFold(contents);
        }
        UpdateLog.Row last = rows.get(rows.size() - 1);
        byte[] authors = database.jdbi().withHandle(h -> RowAuthors.fold(h, contents));
        boolean swapped = join(database.change(roomId, h -> swap(h, contents, last, state, authors)));
        if (swapped) {
            database.metrics().folded(rows.size(), System.nanoTime() - began);
            keep(roomId, last.seq());
        }
        return swapped;
    }

    /**
     * The rows that may be folded. Rows that {@link Followers} have not read are excluded, because their changes can be
     * derived exactly only from the state before them; they wait for the retention, unless there are more than
     * {@link #MAX_UNFOLDED}.
     */
    private UpdateLog.Contents foldable(UpdateLog.Contents all) {
        if (all.rows().size() > MAX_UNFOLDED) {
            return all;
        }
        long limit = database.jdbi().withHandle(h -> followers.haveRead(h, all.roomId()));
        if (all.rows().isEmpty() || limit >= all.head().seq()) {
            return all;
        }
        long old = database.jdbi()
                .withHandle(h -> h.createQuery("""
                        SELECT COALESCE(max(seq), 0) FROM room_log
                        WHERE room_id = :room AND created_at <= :before""")
                        .bind("room", all.roomId())
                        .bind("before", clock.millis() - retentionMillis)
                        .mapTo(Long.class)
                        .one());
        List<UpdateLog.Row> rows = all.rows().stream()
                .filter(row -> row.seq() <= Math.max(limit, old))
                .toList();
        return new UpdateLog.Contents(all.roomId(), all.head(), all.anchor(), all.snapshotSeq(), all.snapshot(), rows);
    }

    /** Makes the new snapshot. A test makes a wrong one. */
    byte[] fold(UpdateLog.Contents contents) {
        StructStore store = new StructStore();
        if (contents.snapshot() != null) {
            store.apply(contents.snapshot(), DecodeLimits.OWN);
        }
        for (UpdateLog.Row row : contents.rows()) {
            store.apply(Update.decode(row.payload(), DecodeLimits.OWN));
        }
        return store.encode();
    }

    /** Keeps a wrong fold from losing data. A test switches this off. */
    void verify(UpdateLog.Contents folded, byte[] state) {
        check(folded, state);
    }

    /**
     * Checks that a snapshot contains everything that was folded into it, except deletes that a mark among the rows
     * made the log forget ({@link Update#FORGET_UNHELD}).
     *
     * @throws IllegalStateException if content is missing or was not forgotten; nothing was changed
     */
    static void check(UpdateLog.Contents folded, byte[] state) {
        List<Update> parts = new ArrayList<>();
        if (folded.snapshot() != null) {
            parts.add(Update.decode(folded.snapshot(), DecodeLimits.OWN));
        }
        folded.rows().forEach(row -> parts.add(Update.decode(row.payload(), DecodeLimits.OWN)));
        int mark = parts.lastIndexOf(Update.FORGET_UNHELD);
        StructStore snapshot = new StructStore();
        snapshot.apply(state, DecodeLimits.OWN);
        List<Update> kept = parts.subList(mark + 1, parts.size());
        boolean isRight = holds(snapshot, kept);
        if (mark >= 0) {
            StructStore plain = new StructStore();
            parts.subList(0, mark + 1).forEach(plain::apply);
            isRight &= holds(snapshot, List.of(Update.decode(plain.encode(), DecodeLimits.OWN)));
            kept.forEach(plain::apply);
            isRight &= holds(plain, List.of(Update.decode(state, DecodeLimits.OWN)));
        }
        if (!isRight) {
            throw new IllegalStateException("the snapshot differs from the rows that were folded into it");
        }
    }

    private static boolean holds(StructStore store, List<Update> parts) {
        return parts.stream().allMatch(part -> store.reduce(part).isEmpty());
    }

    private boolean lease(Handle h, long roomId) {
        return h.createUpdate("""
                INSERT INTO room_snapshots (room_id, seq, created_at, lease_owner, lease_until)
                VALUES (:room, 0, :now, :owner, :until)
                ON CONFLICT (room_id) DO UPDATE SET lease_owner = :owner, lease_until = :until
                WHERE room_snapshots.lease_until < :now OR room_snapshots.lease_owner = :owner""")
                        .bind("room", roomId)
                        .bind("now", clock.millis())
                        .bind("owner", owner)
                        .bind("until", clock.millis() + LEASE_MILLIS)
                        .execute()
                == 1;
    }

    private boolean swap(
            Handle h, UpdateLog.Contents folded, UpdateLog.Row last, byte[] state, byte @Nullable [] authors) {
        long roomId = folded.roomId();
        long now = clock.millis();
        int swapped = h.createUpdate("""
                                UPDATE room_snapshots SET seq = :seq, link = :link, state = :state, checksum = :checksum, checksum_seq = :seq,
                                created_at = :now, lease_until = 0, purge_at = :purge
                                WHERE room_id = :room AND seq = :from AND lease_owner = :owner""")
                .bind("seq", last.seq())
                .bind("link", last.link())
                .bind("state", state)
                .bind("checksum", Checksum.ofSnapshot(roomId, last.seq(), last.link(), state))
                .bind("now", now)
                .bind("purge", now + retentionMillis)
                .bind("room", roomId)
                .bind("from", folded.snapshotSeq())
                .bind("owner", owner)
                .execute();
        if (swapped == 1) {
            if (authors != null) {
                FoldedAuthors.write(h, roomId, last.seq(), authors);
            }
            if (keeper == null) {
                deleteFolded(h, roomId, last.seq());
            }
        }
        return swapped == 1;
    }

    private void deleteFolded(Handle h, long roomId, long upTo) {
        int rows = h.createUpdate(
                        "DELETE FROM room_log WHERE room_id = :room AND seq <= :seq AND created_at <= :before")
                .bind("room", roomId)
                .bind("seq", upTo)
                .bind("before", clock.millis() - retentionMillis)
                .execute();
        database.metrics().purged(rows);
    }

    /** Hands folded rows that are older than the retention to the keeper. A failure leaves them in the log until later. */
    private void keep(long roomId, long upTo) {
        RowKeeper asked = keeper;
        if (asked == null) {
            return;
        }
        try {
            asked.folded(roomId, upTo);
            RowKeeper.Taken taken = asked.take(roomId, upTo, clock.millis() - retentionMillis);
            database.metrics().purged(taken.rows());
        } catch (RuntimeException e) {
            OutOfMemory.check(e);
            database.metrics().historyFailed();
            LOG.warn("The history of room {} was not written; its rows stay in the log: {}", roomId, e.toString());
        }
    }

    /** Deletes rows that were kept only for the retention. */
    void purge() {
        try {
            List<Long> rooms = database.jdbi()
                    .withHandle(h -> h.createQuery(
                                    "SELECT room_id FROM room_snapshots WHERE purge_at <= :now ORDER BY purge_at"
                                            + " LIMIT :n")
                            .bind("now", clock.millis())
                            .bind("n", PURGE_ROOMS)
                            .mapTo(Long.class)
                            .list());
            for (long room : rooms) {
                purge(room);
            }
            if (keeper != null) {
                keeper.upkeep();
            }
            forgetKeys();
            authorPruner.pruneIfDue();
            join(database.change(0, h -> {
                EndedClients.sweep(h, clock.millis());
                LogWriter.forgetAll(h, clock.millis() - UNMADE_MILLIS);
                return true;
            }));
        } catch (RuntimeException e) {
            LOG.warn("Purging old rows of the log failed; retrying later: {}", e.toString());
        }
    }

    /** Deletes idempotency keys older than the retention. */
    private void forgetKeys() {
        long before = clock.millis() - retentionMillis;
        for (String table : List.of("name_keys", "room_keys")) {
            join(database.change(
                    0,
                    h -> h.createUpdate("DELETE FROM " + table + " WHERE created_at <= :before")
                                    .bind("before", before)
                                    .execute()
                            >= 0));
        }
    }

    private void purge(long roomId) {
        RowKeeper asked = keeper;
        if (asked == null) {
            join(database.change(roomId, h -> purge(h, roomId)));
            return;
        }
        long seq = database.jdbi()
                .withHandle(h -> h.createQuery("SELECT seq FROM room_snapshots WHERE room_id = :room")
                        .bind("room", roomId)
                        .mapTo(Long.class)
                        .one());
        long next = clock.millis() + RETRY_MILLIS;
        try {
            asked.folded(roomId, seq);
            RowKeeper.Taken taken = asked.take(roomId, seq, clock.millis() - retentionMillis);
            database.metrics().purged(taken.rows());
            next = taken.askAgainAt();
        } catch (RuntimeException e) {
            OutOfMemory.check(e);
            database.metrics().historyFailed();
            LOG.warn("Rows of room {} were not moved to its history; retrying in an hour: {}", roomId, e.toString());
        }
        Long purgeAt = next == 0 ? null : next;
        join(database.change(
                roomId,
                h -> h.createUpdate("UPDATE room_snapshots SET purge_at = :next WHERE room_id = :room")
                                .bind("next", purgeAt)
                                .bind("room", roomId)
                                .execute()
                        == 1));
    }

    private boolean purge(Handle h, long roomId) {
        long seq = h.createQuery("SELECT seq FROM room_snapshots WHERE room_id = :room")
                .bind("room", roomId)
                .mapTo(Long.class)
                .one();
        deleteFolded(h, roomId, seq);
        return h.createUpdate("UPDATE room_snapshots SET purge_at = NULL WHERE room_id = :room")
                        .bind("room", roomId)
                        .execute()
                == 1;
    }

    private static boolean join(CompletionStage<Boolean> stage) {
        return stage.toCompletableFuture().join();
    }

    void stop() throws InterruptedException {
        stopping = true; // queued requests are still carried out
        queue.add(LAST);
        loop.join(STOP_MILLIS);
    }
}
