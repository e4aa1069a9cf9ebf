package io.keck.storage.doctor;

import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.room.Link;
import io.keck.storage.database.RandomIds;
import io.keck.storage.database.UnreadableData;
import io.keck.storage.rows.Checksum;
import io.keck.storage.rows.RoomScan;
import io.keck.storage.rows.RowPages;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.jspecify.annotations.Nullable;

/**
 * Makes damaged rooms usable again at an operator's request. All undamaged content, before and after the damage,
 * becomes one new snapshot; damaged data is moved to the table {@code room_damage} as it was stored. The head rises by
 * one under a new link: nodes that have the room in quarantine notice that and load it again, and a node that still has
 * the whole room in memory finds a different history and appends the content that the log lacks. Clients send missing
 * content when they connect. The swap is one short transaction; if a server wrote meanwhile, nothing is changed and the
 * repair is retried. Used by one thread.
 */
final class Repair {
    private static final int ATTEMPTS = 10;
    private static final long KEEP_BLOBS = TimeUnit.DAYS.toMillis(30);
    private static final SecureRandom RANDOM = new SecureRandom();

    /** Collects the undamaged content of a room. */
    private static final class Collector implements RoomScan.Listener {
        private final StructStore store = new StructStore();

        @Override
        public void snapshot(byte[] state) {
            store.apply(Update.decode(state, DecodeLimits.OWN));
        }

        @Override
        public void row(RowPages.Stored row) {
            byte[] payload = row.payload();
            if (payload != null) {
                store.apply(Update.decode(payload, DecodeLimits.OWN));
            }
        }
    }

    private final Jdbi jdbi;
    private final Clock clock;

    Repair(Jdbi jdbi, Clock clock) {
        this.jdbi = jdbi;
        this.clock = clock;
    }

    /**
     * Repairs a room.
     *
     * @return the number of rows and snapshots moved aside; empty if the room is undamaged or was deleted
     * @throws IllegalStateException if other writers keep interfering, or the new snapshot fails its check
     */
    Optional<Integer> room(long roomId) {
        for (int i = 0; i < ATTEMPTS; i++) {
            Optional<RoomScan.Base> base = jdbi.withHandle(h -> RoomScan.base(h, roomId, true));
            if (base.isEmpty()) {
                return Optional.empty();
            }
            Collector good = new Collector();
            List<RoomScan.Problem> problems = jdbi.withHandle(h -> new RoomScan(h, roomId, true, good).run(base.get()));
            if (problems.isEmpty()) {
                return Optional.empty();
            }
            byte[] state = good.store.encode();
            check(good.store, state);
            int aside;
            try {
                aside = jdbi.inTransaction(h -> swap(h, roomId, base.get(), problems, state));
            } catch (JdbiException e) {
                if (!UnreadableData.is(e)) {
                    throw e;
                }
                throw new IllegalStateException("The database cannot take out what it cannot read ("
                        + UnreadableData.message(e) + "): restore a backup, or, on PostgreSQL, let it give up damaged"
                        + " pages for this once (ALTER DATABASE … SET zero_damaged_pages = on, by a superuser).");
            }
            if (aside >= 0) {
                return Optional.of(aside);
            }
        }
        throw new IllegalStateException("Other writers keep changing the room.");
    }

    /** Checks that the new snapshot has the collected content. */
    private static void check(StructStore store, byte[] state) {
        StructStore again = new StructStore();
        again.apply(Update.decode(state, DecodeLimits.OWN));
        if (!again.stateVector().equals(store.stateVector()) || !again.deletes().equals(store.deletes())) {
            throw new IllegalStateException(
                    "The undamaged content of the room could not be combined; nothing was" + " changed.");
        }
    }

    /** Replaces the rows and the snapshot; returns -1 if a server wrote meanwhile. */
    private int swap(Handle h, long roomId, RoomScan.Base base, List<RoomScan.Problem> problems, byte[] state) {
        long now = clock.millis();
        long head = Math.max(Math.max(base.head().seq(), base.newest()), base.seq()) + 1;
        long link = Link.random(RANDOM);
        int locked = h.createUpdate("""
                UPDATE rooms SET head = :head, head_link = :link
                WHERE id = :room AND deleted_at IS NULL AND head = :was AND head_link = :wasLink""")
                .bind("head", head)
                .bind("link", link)
                .bind("room", roomId)
                .bind("was", base.head().seq())
                .bind("wasLink", base.head().link())
                .execute();
        boolean sameSnapshot = RoomScan.position(h, roomId)
                .filter(current -> current.seq() == base.seq() && current.newest() == base.newest())
                .isPresent();
        if (locked == 0 || !sameSnapshot) {
            h.rollback();
            return -1;
        }
        int aside = 0;
        for (RoomScan.Problem problem : problems) {
            aside += switch (problem.kind()) {
                case "row" -> setRowAside(h, roomId, problem, now);
                case "snapshot" -> setSnapshotAside(h, roomId, problem, now);
                default -> 0;
            };
        }
        h.createUpdate("DELETE FROM room_log WHERE room_id = :room")
                .bind("room", roomId)
                .execute();
        h.createUpdate("""
                INSERT INTO room_snapshots
                (room_id, seq, link, state, checksum, checksum_seq, created_at, lease_until)
                VALUES (:room, :seq, :link, :state, :checksum, :seq, :now, 0)
                ON CONFLICT (room_id) DO UPDATE SET seq = excluded.seq, link = excluded.link,
                state = excluded.state, checksum = excluded.checksum,
                checksum_seq = excluded.checksum_seq, created_at = excluded.created_at,
                lease_owner = NULL, lease_until = 0, purge_at = NULL""")
                .bind("room", roomId)
                .bind("seq", head)
                .bind("link", link)
                .bind("state", state)
                .bind("checksum", Checksum.ofSnapshot(roomId, head, link, state))
                .bind("now", now)
                .execute();
        return aside;
    }

    private static boolean isUnreadable(RoomScan.Problem problem) {
        return problem.damage().what().contains("cannot be read");
    }

    private static int setRowAside(Handle h, long roomId, RoomScan.Problem problem, long now) {
        return h.createUpdate("""
                INSERT INTO room_damage
                  (id, room_id, kind, seq, link, batch_id, bytes, problem, created_at)
                SELECT :id, room_id, 'row', seq, link, batch_id, %s, :problem, :now
                FROM room_log WHERE room_id = :room AND seq = :seq""".formatted(isUnreadable(problem) ? "NULL" : "payload"))
                .bind("id", RandomIds.next())
                .bind("problem", problem.damage().what())
                .bind("now", now)
                .bind("room", roomId)
                .bind("seq", problem.damage().seq())
                .execute();
    }

    private static int setSnapshotAside(Handle h, long roomId, RoomScan.Problem problem, long now) {
        return h.createUpdate("""
                INSERT INTO room_damage
                  (id, room_id, kind, seq, link, batch_id, bytes, problem, created_at)
                SELECT :id, room_id, 'snapshot', seq, link, NULL, %s, :problem, :now
                FROM room_snapshots WHERE room_id = :room""".formatted(isUnreadable(problem) ? "NULL" : "state"))
                .bind("id", RandomIds.next())
                .bind("problem", problem.damage().what())
                .bind("now", now)
                .bind("room", roomId)
                .execute();
    }

    /**
     * Removes a damaged blob from its document, so that it can be uploaded again; its bytes are kept for 30 days.
     *
     * @return whether the blob existed
     */
    boolean blob(String room, byte[] hash) {
        return jdbi.inTransaction(h -> {
            @Nullable
            Long content = h.createQuery("""
                    DELETE FROM blobs WHERE hash = :hash AND space_id =
                    (SELECT id FROM blob_spaces WHERE name = :name AND deleted_at IS NULL)
                    RETURNING content_id""")
                    .bind("hash", hash)
                    .bind("name", room)
                    .mapTo(Long.class)
                    .findOne()
                    .orElse(null);
            if (content == null) {
                return false;
            }
            h.createUpdate("UPDATE blob_contents SET expires_at = :then WHERE id = :id")
                    .bind("then", clock.millis() + KEEP_BLOBS)
                    .bind("id", content)
                    .execute();
            return true;
        });
    }
}
