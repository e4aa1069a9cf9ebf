package io.keck.storage;

import io.keck.room.UpdateLog.RoomGoneException;
import java.sql.SQLException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.PreparedBatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes a group of writes durable in one transaction: raises the heads of all rooms concerned, which locks them, then
 * inserts the rows. A room's row is locked from there to the commit, so the order of commits is the order of seqs.
 *
 * <p>A transaction that fails is split until the culprit is alone, so that one write cannot fail the others. Alone, an
 * append first looks whether its batch is there already: an attempt before it may have been committed though nobody was
 * told. Used by one thread.
 */
final class LogWriter {
    private static final Logger LOG = LoggerFactory.getLogger(LogWriter.class);

    private final Jdbi jdbi;
    private final String node;
    private final Clock clock;

    LogWriter(Jdbi jdbi, String node, Clock clock) {
        this.jdbi = jdbi;
        this.node = node;
        this.clock = clock;
    }

    /** Writes the group; every write is told how it went. */
    void commit(List<Write> group) {
        List<Write> later = new ArrayList<>();
        List<Write> now = new ArrayList<>(group.size());
        Set<Long> rooms = new HashSet<>();
        for (Write w : group) {
            boolean secondOfItsRoom = w instanceof Write.Append a && !rooms.add(a.roomId());
            (secondOfItsRoom ? later : now).add(w);
        }
        attempt(now);
        if (!later.isEmpty()) {
            commit(later);
        }
    }

    private void attempt(List<Write> writes) {
        List<Runnable> outcomes = new ArrayList<>(writes.size());
        try {
            jdbi.useTransaction(h -> write(h, writes, outcomes));
        } catch (RuntimeException | Error e) {
            failed(writes, e);
            return;
        }
        outcomes.forEach(Runnable::run);
    }

    private void failed(List<Write> writes, Throwable error) {
        if (writes.size() > 1 && !isConnectionFailure(error)) {
            int half = writes.size() / 2;
            attempt(writes.subList(0, half));
            attempt(writes.subList(half, writes.size()));
            return;
        }
        for (Write w : writes) {
            if (!(w instanceof Write.Append append) || isConnectionFailure(error) || !foundInLog(append)) {
                LOG.debug("A write failed", error);
                w.done().completeExceptionally(error);
            }
        }
    }

    /** Class 08 and 57P of SQLSTATE: the server or the way to it is gone, so smaller transactions would fail as well. */
    private static boolean isConnectionFailure(Throwable error) {
        for (Throwable t = error; t != null; t = t.getCause()) {
            if (t instanceof SQLException sql && sql.getSQLState() != null) {
                return sql.getSQLState().startsWith("08") || sql.getSQLState().startsWith("57P");
            }
        }
        return false;
    }

    private boolean foundInLog(Write.Append append) {
        try {
            return jdbi.withHandle(
                    h -> h.createQuery("SELECT seq FROM room_log WHERE room_id = :room AND batch_id = :batch")
                            .bind("room", append.roomId())
                            .bind("batch", BatchIds.toBytes(append.batchId()))
                            .mapTo(Long.class)
                            .findOne()
                            .map(seq -> append.done().complete(seq))
                            .orElse(false));
        } catch (RuntimeException e) {
            LOG.debug("The log cannot be asked for a batch", e);
            return false;
        }
    }

    private void write(Handle h, List<Write> writes, List<Runnable> outcomes) {
        Map<Long, Write.Append> appends = new TreeMap<>(); // rooms are locked in the order of their ids
        for (Write w : writes) {
            if (w instanceof Write.Append a) {
                appends.put(a.roomId(), a);
            } else if (w instanceof Write.Create c) {
                long id = create(h, c.name());
                outcomes.add(() -> c.done().complete(id));
            } else if (w instanceof Write.Task t) {
                boolean result = t.work().run(h);
                outcomes.add(() -> t.done().complete(result));
            }
        }
        if (!appends.isEmpty()) {
            append(h, appends, outcomes);
        }
    }

    private long create(Handle h, String name) {
        // the insert comes first: a transaction that begins with a read cannot always go on to write in SQLite
        return h.createQuery("INSERT INTO rooms (name, head, created_at) VALUES (:name, 0, :now)"
                        + " ON CONFLICT (name) WHERE deleted_at IS NULL DO NOTHING RETURNING id")
                .bind("name", name)
                .bind("now", clock.millis())
                .mapTo(Long.class)
                .findOne()
                .orElseGet(() -> h.createQuery("SELECT id FROM rooms WHERE name = :name AND deleted_at IS NULL")
                        .bind("name", name)
                        .mapTo(Long.class)
                        .one());
    }

    private void append(Handle h, Map<Long, Write.Append> appends, List<Runnable> outcomes) {
        Map<Long, Long> heads = new HashMap<>();
        h.createQuery("UPDATE rooms SET head = head + 1 WHERE id IN (<ids>) AND deleted_at IS NULL RETURNING id, head")
                .bindList("ids", List.copyOf(appends.keySet()))
                .map((rs, ctx) -> heads.put(rs.getLong(1), rs.getLong(2)))
                .list();
        PreparedBatch rows = h.prepareBatch("INSERT INTO room_log"
                + " (room_id, seq, batch_id, payload, node, origin, created_at)"
                + " VALUES (:room, :seq, :batch, :payload, :node, 'ws', :now)");
        long now = clock.millis();
        for (Write.Append a : appends.values()) {
            Long seq = heads.get(a.roomId());
            if (seq == null) {
                outcomes.add(() -> a.done().completeExceptionally(new RoomGoneException(a.roomId())));
                continue;
            }
            rows.bind("room", a.roomId())
                    .bind("seq", seq)
                    .bind("batch", BatchIds.toBytes(a.batchId()))
                    .bind("payload", a.payload())
                    .bind("node", node)
                    .bind("now", now)
                    .add();
            outcomes.add(() -> a.done().complete(seq));
        }
        if (rows.size() > 0) {
            rows.execute();
        }
    }
}
