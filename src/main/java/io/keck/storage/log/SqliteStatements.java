package io.keck.storage.log;

import io.keck.access.Author;
import io.keck.room.UpdateLog;
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
import org.jspecify.annotations.Nullable;

/** The statements for SQLite, where a statement needs no network round trip and one connection at a time writes. */
final class SqliteStatements implements LogStatements {
    /** The largest number of parameters in one statement. */
    private static final int MANY = 1_000;

    @Override
    public Map<Long, Appended> append(
            Handle h, List<LogWrite.Append> appends, AuthorIds authors, String node, long now) {
        Map<Long, Head> heads =
                heads(h, appends.stream().map(LogWrite.Append::roomId).toList());
        Map<Long, Appended> done = new HashMap<>();
        PreparedBatch raise = h.prepareBatch("UPDATE rooms SET head = :seq, head_link = :link WHERE id = :room");
        PreparedBatch rows = h.prepareBatch("""
                INSERT INTO room_log
                (room_id, seq, batch_id, link, before_link, payload, checksum, node, origin, author, created_at)
                VALUES (:room, :seq, :batch, :link, :before, :payload, :checksum, :node, :origin, :author, :now)""");
        for (LogWrite.Append a : appends) {
            Head head = heads.get(a.roomId());
            if (head == null || head.deleted()) {
                continue;
            }
            long seq = head.seq();
            long before = head.link();
            for (UpdateLog.Entry entry : a.entries()) {
                seq++;
                byte[] batch = BatchIds.toBytes(entry.batchId());
                rows.bind("room", a.roomId())
                        .bind("seq", seq)
                        .bind("batch", batch)
                        .bind("link", entry.link())
                        .bind("before", before)
                        .bind("payload", entry.payload())
                        .bind("checksum", Checksum.ofRow(a.roomId(), batch, entry.link(), entry.payload()))
                        .bind("node", node)
                        .bind("origin", origin(entry))
                        .bind("author", authors.id(h, entry.author()))
                        .bind("now", now)
                        .add();
                before = entry.link();
            }
            raise.bind("seq", seq).bind("link", before).bind("room", a.roomId()).add();
            done.put(a.roomId(), new Appended(head.seq() + 1, a.first().link(), head.link()));
        }
        if (!done.isEmpty()) {
            raise.execute();
            rows.execute();
        }
        return done;
    }

    private static @Nullable String origin(UpdateLog.Entry entry) {
        Author author = entry.author();
        return author == null ? null : author.origin().text();
    }

    /** Does nothing, because a writer locks the whole database. */
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
