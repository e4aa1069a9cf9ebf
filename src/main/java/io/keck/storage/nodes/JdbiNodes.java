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

/** The registry of the nodes of one database: the cluster's number, and the holder of each label. Thread-safe. */
public final class JdbiNodes {
    private static final int KEY_SIZE = 32;
    private static final long OLDER_NODE_MILLIS = TimeUnit.DAYS.toMillis(1);
    /**
     * How long rows of labels are kept; labels that contain the name of a container are never taken again and must not
     * accumulate.
     */
    private static final long KEPT_MILLIS = TimeUnit.DAYS.toMillis(30);

    private static final SecureRandom RANDOM = new SecureRandom();

    private final Jdbi jdbi;
    private final Clock clock;

    public JdbiNodes(Database database) {
        this.jdbi = database.jdbi();
        this.clock = database.clock();
    }

    /**
     * A random number shared by all nodes of this database and unique to it; drawn by the first node that asks.
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
     * @param keys the first key signs; the previous one is still accepted
     * @param olderNodes whether a node of the previous release, which signs nothing, may be running
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
     * The keys of the bus; the first key is drawn by the first node that asks. A node of the previous release is
     * recognised by its label, which it takes without the mark of signing nodes. It counts as running until a signing
     * node takes the label, for at most a day after it started or after the first key was drawn.
     *
     * @throws JdbiException if the database does not answer
     */
    public Keys keys() {
        var unused = cluster(); // makes sure that the row exists
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
     * Draws a new key. The previous one is accepted until the next rotation, so that nodes may switch one by one; to
     * revoke a leaked key, rotate twice.
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
     * Takes a label, even from another node, and deletes labels that were taken 30 days ago or earlier. A node that has
     * run that long works without its row, and still notices when another node takes its label.
     *
     * @param boot the random number that the node drew at this start
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
     * The boot number of the node that has the label; empty if no node has it.
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
