package io.keck.webhook;

import io.keck.access.Author;
import io.keck.access.Origin;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.feed.ChangeLog;
import io.keck.feed.Cursors;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** A database in memory: rooms with their rows, cursors, the endpoint. Used by one thread. */
final class FakeCursors implements Cursors, ChangeLog {
    /** A room. */
    static final class Log {
        final String name;
        final List<Change> rows = new ArrayList<>();
        /** Rows up to here are gone. */
        long purged;
        /** This row, and what comes after it, cannot be told; 0 for none. */
        long damaged;

        Log(String name) {
            this.name = name;
        }

        long head() {
            return rows.size();
        }
    }

    final TreeMap<Long, Log> logs = new TreeMap<>();
    final Map<Long, Cursor> cursors = new HashMap<>();
    final Set<Long> news = new TreeSet<>();
    Endpoint endpoint = new Endpoint("", false, 0, "", 0);
    /** Off in a twin: whoever saves, saves. */
    boolean isFenced = true;

    void append(long room, byte[] update) {
        Log log = logs.computeIfAbsent(room, id -> new Log("room" + id));
        log.rows.add(new Change(log.head() + 1, update, new Author("p" + room, Origin.REST, Map.of()), 1_000));
    }

    @Override
    public Authors authorship(long roomId) {
        throw new AssertionError("rows say themselves who made them");
    }

    @Override
    public Endpoint endpoint() {
        return endpoint;
    }

    @Override
    public void set(String url, boolean trusted) {
        boolean began = endpoint.url().isEmpty() && !url.isEmpty();
        endpoint = new Endpoint(url, trusted, endpoint.epoch() + 1, "", 0);
        if (began) {
            cursors.clear();
            logs.forEach((id, log) -> cursors.put(id, new Cursor(id, log.name, log.head(), log.head(), log.head(), 0)));
        }
    }

    @Override
    public void configure(String url) {
        set(url, true);
    }

    @Override
    public OptionalLong take(Endpoint seen, String owner) {
        if (!seen.equals(endpoint)) {
            return OptionalLong.empty();
        }
        endpoint = new Endpoint(seen.url(), seen.trusted(), seen.epoch() + 1, owner, 0);
        return OptionalLong.of(endpoint.epoch());
    }

    @Override
    public boolean renew(long epoch) {
        if (endpoint.epoch() != epoch) {
            return false;
        }
        endpoint = new Endpoint(endpoint.url(), endpoint.trusted(), epoch, endpoint.owner(), endpoint.beat() + 1);
        return true;
    }

    @Override
    public void release(long epoch) {
        if (endpoint.epoch() == epoch) {
            endpoint = new Endpoint(endpoint.url(), endpoint.trusted(), epoch, "", 0);
        }
    }

    private Cursor cursor(long id) {
        Log log = logs.get(id);
        Cursor saved = cursors.get(id);
        long seq = saved == null ? 0 : saved.seq();
        long planned = saved == null ? 0 : saved.planned();
        return new Cursor(id, log.name, log.head(), seq, planned, log.head() > seq && seq >= log.purged ? 1 : 0);
    }

    @Override
    public List<Cursor> find(Collection<Long> ids) {
        return ids.stream().filter(logs::containsKey).map(this::cursor).toList();
    }

    @Override
    public Slice scan(long after, int count) {
        List<Long> ids =
                logs.tailMap(after, false).keySet().stream().limit(count).toList();
        return new Slice(
                find(ids).stream().filter(c -> c.head() > c.seq()).toList(),
                ids.size() < count ? 0 : ids.get(ids.size() - 1));
    }

    @Override
    public boolean save(long epoch, List<Cursor> moved) {
        if (isFenced && epoch != endpoint.epoch()) {
            return false;
        }
        moved.forEach(cursor -> cursors.put(cursor.roomId(), cursor));
        return true;
    }

    @Override
    public void announce(Collection<Long> ids) {
        news.addAll(ids);
    }

    @Override
    public List<Long> announced(int count) {
        List<Long> taken = List.copyOf(news);
        news.clear();
        return taken;
    }

    @Override
    public Map<Long, Page> next(Map<Long, Long> after, long maxBytesEach) {
        Map<Long, Page> pages = new HashMap<>();
        after.forEach((id, seq) -> {
            Page page = read(id, seq, Math.min(seq + 5, logs.get(id).head()), maxBytesEach);
            if (page.isBroken() || page.damage() != null || !page.changes().isEmpty()) {
                pages.put(id, page);
            }
        });
        return pages;
    }

    @Override
    public Page read(long id, long after, long upTo, long maxBytes) {
        Log log = logs.get(id);
        long from = Math.max(after, log.purged);
        boolean broken = after < log.purged;
        boolean isDamaged = log.damaged > 0 && upTo >= log.damaged;
        long end = Math.min(upTo, isDamaged ? log.damaged - 1 : log.head());
        List<Change> changes = log.rows.subList((int) from, (int) Math.max(from, end));
        return new Page(
                List.copyOf(changes), log.head(), broken, isDamaged ? "row " + log.damaged + " is damaged" : null);
    }

    @Override
    public Base base(long id, long seq) {
        Log log = logs.get(id);
        StructStore store = new StructStore();
        long at = Math.max(log.purged, Math.min(seq, log.head()));
        log.rows.subList(0, (int) at).forEach(change -> store.apply(Update.decode(change.payload())));
        return new Base(at, store.encode(), List.of());
    }
}
