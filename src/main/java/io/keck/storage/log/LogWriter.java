package io.keck.storage.log;

import io.keck.failure.RoomGone;
import io.keck.failure.RoomLost;
import io.keck.room.ClientIdsTakenException;
import io.keck.room.UpdateLog.Appended;
import io.keck.room.UpdateLog.Head;
import io.keck.storage.database.ConnectionFailure;
import io.keck.storage.database.GroupCommit;
import io.keck.storage.database.HeldHandle;
import io.keck.storage.database.RandomIds;
import io.keck.storage.database.Write;
import io.keck.storage.rows.BatchIds;
import io.keck.thread.OutOfMemory;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Commits a group of writes: raises the heads of all rooms involved, which locks them, and inserts the rows. A room
 * stays locked until the commit, so the order of commits is the order of seqs.
 *
 * <p>A failed transaction is split until the failing write is alone, so that one write cannot fail the others. For a
 * repeated batch the log is searched first, with the room locked, because an earlier attempt may have been committed
 * without an answer. There is no unique index on batches, since it would cost a tenth of all work: an attempt that the
 * database executes after its successor writes a second row, which adds nothing to the document. Used by one thread.
 */
final class LogWriter implements GroupCommit.Committer<Write> {
    private static final Logger LOG = LoggerFactory.getLogger(LogWriter.class);
    private final HeldHandle held;
    private final LogStatements statements;
    private final String node;
    private final Clock clock;
    private final RequestKeys keys;
    private final AuthorIds authors;

    LogWriter(Jdbi jdbi, LogStatements statements, String node, Clock clock) {
        this.keys = new RequestKeys(statements, clock);
        this.authors = new AuthorIds(clock);
        this.held = new HeldHandle(jdbi, System::nanoTime);
        this.statements = statements;
        this.node = node;
        this.clock = clock;
    }

    /** Returns the connection, because there is nothing to write. */
    @Override
    public void idle() {
        held.release();
    }

    /** Commits the group and completes every write with its outcome. */
    @Override
    public void commit(List<Write> group) {
        List<Write> later = new ArrayList<>();
        List<Write> checked = new ArrayList<>();
        List<Write> now = new ArrayList<>(group.size());
        List<Write> keep = new ArrayList<>();
        Set<Long> rooms = new HashSet<>();
        for (Write w : group) {
            boolean append = w instanceof LogWrite.Append;
            boolean secondOfItsRoom = w instanceof LogWrite.Append a && !rooms.add(a.roomId());
            if (w instanceof LogWrite.Keep) {
                keep.add(w);
            } else if (!append && statements.appendsInOneStatement()) {
                // locks of several kinds in one transaction would have no fixed order and could deadlock
                attempt(List.of(w));
            } else if (secondOfItsRoom) {
                later.add(w);
            } else {
                (w instanceof LogWrite.Append a && a.isChecked() ? checked : now).add(w);
            }
        }
        if (!now.isEmpty()) {
            attempt(now);
        }
        if (!checked.isEmpty()) {
            attempt(checked);
        }
        if (!keep.isEmpty()) {
            attempt(keep);
        }
        if (!later.isEmpty()) {
            commit(later);
        }
    }

    private void attempt(List<Write> writes) {
        List<Runnable> outcomes = new ArrayList<>(writes.size());
        try {
            Handle handle = held.get();
            authors.learn(handle, appends(writes));
            if (statements.appendsInOneStatement() && writes.get(0) instanceof LogWrite.Append a && !a.isChecked()) {
                write(handle, writes, outcomes);
            } else {
                handle.useTransaction(h -> write(h, writes, outcomes));
            }
        } catch (RuntimeException | Error e) {
            OutOfMemory.check(e);
            held.release();
            authors.forget();
            failed(writes, e);
            return;
        }
        outcomes.forEach(Runnable::run);
    }

    private static List<LogWrite.Append> appends(List<Write> writes) {
        List<LogWrite.Append> appends = new ArrayList<>(writes.size());
        for (Write w : writes) {
            if (w instanceof LogWrite.Append a) {
                appends.add(a);
            }
        }
        return appends;
    }

    private void failed(List<Write> writes, Throwable error) {
        if (writes.size() > 1 && !ConnectionFailure.is(error)) {
            int half = writes.size() / 2;
            attempt(writes.subList(0, half));
            attempt(writes.subList(half, writes.size()));
            return;
        }
        for (Write w : writes) {
            LOG.debug("A write failed", error);
            w.done().completeExceptionally(error);
        }
    }

    /** Finds the row of a batch that was committed before. Its room is locked. */
    private static Optional<Appended> find(Handle h, LogWrite.Append append) {
        return h.createQuery("""
                SELECT l.seq, l.link, CASE WHEN l.seq = 1 THEN 0 ELSE COALESCE(b.link, -1) END
                FROM room_log l LEFT JOIN room_log b ON b.room_id = l.room_id AND b.seq = l.seq - 1
                WHERE l.room_id = :room AND l.batch_id = :batch ORDER BY l.seq LIMIT 1""")
                .bind("room", append.roomId())
                .bind("batch", BatchIds.toBytes(append.first().batchId()))
                .map((rs, ctx) -> new Appended(rs.getLong(1), rs.getLong(2), rs.getLong(3)))
                .findOne();
    }

    private void takeOutWhatIsThere(Handle h, Map<Long, LogWrite.Append> appends, List<Runnable> outcomes) {
        List<LogWrite.Append> checked =
                appends.values().stream().filter(LogWrite.Append::isChecked).toList();
        if (checked.isEmpty()) {
            return;
        }
        statements.lock(h, checked.stream().map(LogWrite.Append::roomId).toList());
        List<LogWrite.Append> keyed = new ArrayList<>();
        for (LogWrite.Append append : checked) {
            Optional<Appended> at = append.again() ? find(h, append) : Optional.empty();
            Map<Long, String> taken = at.isPresent() ? Map.of() : RoomIntroductions.taken(h, append);
            if (at.isPresent()) {
                appends.remove(append.roomId());
                outcomes.add(() -> append.done().complete(List.of(at.get())));
            } else if (!taken.isEmpty()) {
                appends.remove(append.roomId());
                outcomes.add(() -> append.done().completeExceptionally(new ClientIdsTakenException(taken)));
            } else if (append.key() != null) {
                keyed.add(append);
            }
        }
        keys.claim(h, keyed).forEach((append, used) -> {
            appends.remove(append.roomId());
            outcomes.add(() -> append.done().completeExceptionally(used));
        });
    }

    private void write(Handle h, List<Write> writes, List<Runnable> outcomes) {
        Map<Long, LogWrite.Append> appends = new TreeMap<>(); // rooms are locked in the order of their ids
        for (Write w : writes) {
            if (w instanceof LogWrite.Append a) {
                appends.put(a.roomId(), a);
            } else if (w instanceof LogWrite.Create c) {
                create(h, c, outcomes);
            } else if (w instanceof Write.Task t) {
                boolean result = t.work().run(h);
                outcomes.add(() -> t.done().complete(result));
            }
        }
        keys.keep(h, writes, outcomes);
        takeOutWhatIsThere(h, appends, outcomes);
        if (!appends.isEmpty()) {
            append(h, List.copyOf(appends.values()), outcomes);
        }
    }

    private static final String INSERT = """
            INSERT INTO rooms (id, name, head, created_at, unmade) SELECT :id, :name, 0, :now, :unmade
            WHERE NOT EXISTS (SELECT 1 FROM rooms WHERE name = :name AND deleted_at > :since)
            ON CONFLICT (name) WHERE deleted_at IS NULL DO NOTHING RETURNING id""";

    private static final String CLAIM = """
            UPDATE rooms SET unmade = 0 WHERE name = :name AND deleted_at IS NULL AND unmade = 1 AND head = 0
            RETURNING id""";

    /** Creates an empty room even while the name is held; empty if back ends see one already. */
    static Optional<Long> make(Handle h, String name, long now) {
        return claim(h, name).or(() -> insert(h, name, now, Long.MAX_VALUE, false));
    }

    /** Turns a room to which clients have only connected into a created one; empty if there is none. */
    static Optional<Long> claim(Handle h, String name) {
        return h.createQuery(CLAIM).bind("name", name).mapTo(Long.class).findOne();
    }

    /**
     * Inserts an empty room; empty if there is a live one.
     *
     * @param heldSince no room is inserted if one with this name was deleted after this time
     * @param unmade whether the room is for connecting clients and invisible to back ends until it has content
     */
    private static Optional<Long> insert(Handle h, String name, long now, long heldSince, boolean unmade) {
        return h.createQuery(INSERT)
                .bind("id", RandomIds.next())
                .bind("name", name)
                .bind("now", now)
                .bind("since", heldSince)
                .bind("unmade", unmade ? 1 : 0)
                .mapTo(Long.class)
                .findOne();
    }

    /** Removes a room to which clients have only connected, unless it has content by now. */
    static boolean forget(Handle h, long roomId) {
        return h.createUpdate("DELETE FROM rooms WHERE id = :id AND unmade = 1 AND head = 0 AND deleted_at IS NULL")
                        .bind("id", roomId)
                        .execute()
                > 0;
    }

    /** Removes older rooms to which clients have only connected, left over from killed nodes. */
    static int forgetAll(Handle h, long before) {
        return h.createUpdate("DELETE FROM rooms WHERE unmade = 1 AND head = 0 AND deleted_at IS NULL AND created_at <"
                        + " :before")
                .bind("before", before)
                .execute();
    }

    private void create(Handle h, LogWrite.Create create, List<Runnable> outcomes) {
        // the insert comes first: a transaction that begins with a read cannot always go on to write in SQLite
        Optional<Long> id = insert(h, create.name(), clock.millis(), create.heldSince(), true)
                .or(() -> h.createQuery("SELECT id FROM rooms WHERE name = :name AND deleted_at IS NULL")
                        .bind("name", create.name())
                        .mapTo(Long.class)
                        .findOne());
        outcomes.add(() -> id.ifPresentOrElse(
                create.done()::complete,
                () -> create.done().completeExceptionally(new RoomGone(0)))); // deleted meanwhile
    }

    private void append(Handle h, List<LogWrite.Append> appends, List<Runnable> outcomes) {
        Map<Long, Appended> done = statements.append(h, appends, authors, node, clock.millis());
        List<Long> missing = new ArrayList<>();
        for (LogWrite.Append a : appends) {
            Appended at = done.get(a.roomId());
            if (at == null) {
                missing.add(a.roomId());
            } else {
                outcomes.add(() -> a.done().complete(a.all(at)));
            }
        }
        if (missing.isEmpty()) {
            return;
        }
        Map<Long, Head> known = statements.heads(h, missing);
        for (LogWrite.Append a : appends) {
            if (!done.containsKey(a.roomId())) {
                outcomes.add(() -> a.done().completeExceptionally(missing(a.roomId(), known.get(a.roomId()))));
            }
        }
    }

    /** The failure of a write to a room that is missing or deleted. */
    static RuntimeException missing(long roomId, @Nullable Head head) {
        if (head == null) {
            return new RoomLost(roomId);
        }
        return head.deleted()
                ? new RoomGone(roomId)
                : new IllegalStateException("room " + roomId + " was not there when its batch was written");
    }
}
