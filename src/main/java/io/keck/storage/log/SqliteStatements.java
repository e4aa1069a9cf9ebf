package io.keck.storage.log;

import io.keck.room.UpdateLog.Appended;
import io.keck.room.UpdateLog.Head;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;

/** The statements for SQLite, where a statement needs no network round trip and one connection at a time writes. */
final class SqliteStatements implements LogStatements {
    /** The largest number of parameters in one statement. */
    private static final int MANY = 1_000;

    private final SqliteAppends appends = new SqliteAppends();

    @Override
    public Map<Long, Appended> append(
            Handle h, List<LogWrite.Append> writes, AuthorIds authors, String node, long now) {
        return appends.append(h, writes, authors, node, now);
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
