package io.keck.storage.log;

import io.keck.room.UpdateLog.Appended;
import io.keck.room.UpdateLog.Head;
import io.keck.storage.rows.BatchIds;
import io.keck.storage.rows.Checksum;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;

/** SQLite: statements cost no way over a network, and one connection at a time writes. */
final class SqliteStatements implements LogStatements {
    /** Parameters in one statement. */
    private static final int MANY = 1_000;

    @Override
    public Map<Long, Appended> append(Handle h, List<LogWrite.Append> appends, String node, long now) {
        Map<Long, Head> heads =
                heads(h, appends.stream().map(LogWrite.Append::roomId).toList());
        Map<Long, Appended> done = new HashMap<>();
        PreparedBatch raise = h.prepareBatch("UPDATE rooms SET head = :seq, head_link = :link WHERE id = :room");
        PreparedBatch rows = h.prepareBatch("""
                INSERT INTO room_log
                (room_id, seq, batch_id, link, before_link, payload, checksum, node, origin, created_at)
                VALUES (:room, :seq, :batch, :link, :before, :payload, :checksum, :node, 'ws', :now)""");
        for (LogWrite.Append a : appends) {
            Head head = heads.get(a.roomId());
            if (head == null || head.deleted()) {
                continue;
            }
            long seq = head.seq() + 1;
            raise.bind("seq", seq)
                    .bind("link", a.link())
                    .bind("room", a.roomId())
                    .add();
            byte[] batch = BatchIds.toBytes(a.batchId());
            rows.bind("room", a.roomId())
                    .bind("seq", seq)
                    .bind("batch", batch)
                    .bind("link", a.link())
                    .bind("before", head.link())
                    .bind("payload", a.payload())
                    .bind("checksum", Checksum.ofRow(a.roomId(), batch, a.link(), a.payload()))
                    .bind("node", node)
                    .bind("now", now)
                    .add();
            done.put(a.roomId(), new Appended(seq, a.link(), head.link()));
        }
        if (!done.isEmpty()) {
            raise.execute();
            rows.execute();
        }
        return done;
    }

    /** A writer locks the whole database. */
    @Override
    public void lock(Handle h, Collection<Long> roomIds) {
        h.execute(
                "UPDATE rooms SET head = head WHERE id = ?", roomIds.iterator().next());
    }

    @Override
    public Map<Long, Head> heads(Handle h, Collection<Long> roomIds) {
        Map<Long, Head> heads = new HashMap<>();
        List<Long> ids = new ArrayList<>(roomIds);
        for (int from = 0; from < ids.size(); from += MANY) {
            h.createQuery("SELECT id, head, head_link, deleted_at IS NOT NULL FROM rooms WHERE id IN (<ids>)")
                    .bindList("ids", ids.subList(from, Math.min(ids.size(), from + MANY)))
                    .map((rs, ctx) ->
                            heads.put(rs.getLong(1), new Head(rs.getLong(2), rs.getLong(3), rs.getBoolean(4))))
                    .list();
        }
        return heads;
    }

    @Override
    public boolean appendsInOneStatement() {
        return false;
    }
}
