package io.keck.storage.nodes;

import io.keck.storage.database.Database;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;

/** What the nodes of one database know of each other: which cluster they are, and who has which label. Thread-safe. */
public final class JdbiNodes {
    private static final int KEY_SIZE = 32;
    private static final long OLDER_NODE_MILLIS = TimeUnit.DAYS.toMillis(1);
    /** Labels with the name of a container in them are never taken again; their rows must not pile up. */
    private static final long KEPT_MILLIS = TimeUnit.DAYS.toMillis(30);

    private static final SecureRandom RANDOM = new SecureRandom();

    private final Jdbi jdbi;
    private final Clock clock;

    public JdbiNodes(Database database) {
        this.jdbi = database.jdbi();
        this.clock = database.clock();
    }

    /**
     * A random number, the same on all nodes of this database and on no other; drawn by the first that asks.
     *
     * @throws JdbiException if the database does not answer
     */
    public long cluster() {
        return jdbi.inTransaction(h -> {
            h.createUpdate("INSERT INTO clusters (one, number) VALUES (1, :number) ON CONFLICT (one) DO NOTHING")
                    .bind("number", RANDOM.nextLong())
                    .execute();
            return h.createQuery("SELECT number FROM clusters")
                    .mapTo(Long.class)
                    .one();
        });
    }

    /**
     * The keys of the bus.
     *
     * @param keys the first signs; one that was rotated out still counts
     * @param olderNodes whether a node of the release before this one, which signs nothing, may be at work
     */
    public record Keys(List<byte[]> keys, boolean olderNodes) {
        /** Whether these are the same keys. */
        public static boolean same(List<byte[]> a, List<byte[]> b) {
            return Arrays.deepEquals(a.toArray(), b.toArray());
        }

        /** Never shows a key. */
        @Override
        public String toString() {
            return "Keys[" + keys.size() + ", olderNodes=" + olderNodes + "]";
        }
    }

    private static final String DRAW = """
            UPDATE clusters SET bus_key = :key, signed_since = :now WHERE bus_key IS NULL""";

    private static final String KEYS = """
            SELECT bus_key, bus_key_before, EXISTS (
              SELECT 1 FROM nodes n
              WHERE (n.release_boot IS NULL OR n.release_boot <> n.boot)
                AND (n.started_at > :recent OR c.signed_since > :recent)
            ) FROM clusters c""";

    /**
     * The keys of the bus, the first drawn by the first node that asks. A node of the release before this one is known by its
     * label, which it takes without saying that it signs; it counts until a node that signs takes the label, for a day at
     * most after it started or after the first key was drawn.
     *
     * @throws JdbiException if the database does not answer
     */
    public Keys keys() {
        var unused = cluster(); // the row is there
        return jdbi.inTransaction(h -> {
            byte[] key = new byte[KEY_SIZE];
            RANDOM.nextBytes(key);
            h.createUpdate(DRAW).bind("key", key).bind("now", clock.millis()).execute();
            return h.createQuery(KEYS)
                    .bind("recent", clock.millis() - OLDER_NODE_MILLIS)
                    .map((rs, ctx) -> {
                        byte[] before = rs.getBytes(2);
                        byte[] current = rs.getBytes(1);
                        return new Keys(before == null ? List.of(current) : List.of(current, before), rs.getBoolean(3));
                    })
                    .one();
        });
    }

    /**
     * Draws another key. The one before it counts as well until the next rotation, so that nodes may hear of it one by one; to
     * be rid of a key that leaked, rotate twice.
     *
     * @throws JdbiException if the database does not answer
     */
    public void rotate() {
        byte[] key = new byte[KEY_SIZE];
        RANDOM.nextBytes(key);
        jdbi.useHandle(h -> h.createUpdate("UPDATE clusters SET bus_key_before = bus_key, bus_key = :key")
                .bind("key", key)
                .execute());
    }

    /**
     * Takes a label, even from another node, and forgets labels that were taken 30 days ago or earlier. A node that has run
     * for so long does without its row, and still notices when another one takes its label.
     *
     * @param boot a random number that this start of the node drew
     * @throws JdbiException if the database does not answer
     */
    public void take(String label, long boot) {
        long now = clock.millis();
        jdbi.useTransaction(h -> {
            h.createUpdate("DELETE FROM nodes WHERE started_at < :before")
                    .bind("before", now - KEPT_MILLIS)
                    .execute();
            h.createUpdate("""
                            INSERT INTO nodes (label, boot, started_at, release_boot) VALUES (:label, :boot, :now, :boot)
                            ON CONFLICT (label) DO UPDATE SET boot = excluded.boot, started_at = excluded.started_at,
                              release_boot = excluded.release_boot""")
                    .bind("label", label)
                    .bind("boot", boot)
                    .bind("now", now)
                    .execute();
        });
    }

    /**
     * The boot number of the node that has the label; empty where no node has it.
     *
     * @throws JdbiException if the database does not answer
     */
    public Optional<Long> holder(String label) {
        return jdbi.withHandle(h -> h.createQuery("SELECT boot FROM nodes WHERE label = :label")
                .bind("label", label)
                .mapTo(Long.class)
                .findOne());
    }
}
