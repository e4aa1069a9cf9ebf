package io.keck.storage.nodes;

import io.keck.room.Bus.Kick;
import io.keck.storage.database.Database;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;

/**
 * Kicks in the database, for nodes that the bus does not reach: written to the database as well as to the bus, and polled. Kicks
 * from before this object was created are ignored. Thread-safe.
 */
public final class JdbiKicks {
    /** The longest time without the database after which a node still carries out a kick. */
    private static final long RECENT_MILLIS = TimeUnit.MINUTES.toMillis(10);

    private final Jdbi jdbi;
    private final Clock clock;
    private Set<Long> known = new HashSet<>();

    public JdbiKicks(Database database) {
        this.jdbi = database.jdbi();
        this.clock = database.clock();
        var unused = poll();
    }

    /**
     * Stores a kick for the other nodes.
     *
     * @throws JdbiException if the database does not answer
     */
    public void add(Kick kick) {
        jdbi.useTransaction(h -> {
            h.createUpdate("DELETE FROM kicks WHERE created_at < :old")
                    .bind("old", clock.millis() - 2 * RECENT_MILLIS)
                    .execute();
            h.createUpdate("""
                    INSERT INTO kicks (id, room, connection, created_at)
                    VALUES (:id, :room, :connection, :now)""")
                    .bind("id", kick.id())
                    .bind("room", kick.room())
                    .bind("connection", kick.connection())
                    .bind("now", clock.millis())
                    .execute();
        });
    }

    /**
     * Returns the kicks that no earlier call returned.
     *
     * @throws JdbiException if the database does not answer
     */
    public synchronized List<Kick> poll() {
        List<Kick> recent =
                jdbi.withHandle(h -> h.createQuery("SELECT id, room, connection FROM kicks WHERE created_at > :since")
                        .bind("since", clock.millis() - RECENT_MILLIS)
                        .map((rs, ctx) -> new Kick(rs.getLong(1), rs.getString(2), rs.getString(3)))
                        .list());
        Set<Long> ids = new HashSet<>();
        List<Kick> fresh = new ArrayList<>();
        for (Kick kick : recent) {
            ids.add(kick.id());
            if (!known.contains(kick.id())) {
                fresh.add(kick);
            }
        }
        known = ids;
        return fresh;
    }
}
