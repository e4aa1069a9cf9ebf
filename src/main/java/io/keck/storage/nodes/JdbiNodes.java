package io.keck.storage.nodes;

import io.keck.storage.database.Database;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Optional;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;

/** What the nodes of one database know of each other: which cluster they are, and who has which label. Thread-safe. */
public final class JdbiNodes {
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
     * Takes a label, even from another node.
     *
     * @param boot a random number that this start of the node drew
     * @throws JdbiException if the database does not answer
     */
    public void take(String label, long boot) {
        jdbi.useHandle(h -> h.createUpdate("""
                INSERT INTO nodes (label, boot, started_at) VALUES (:label, :boot, :now)
                ON CONFLICT (label) DO UPDATE SET boot = excluded.boot, started_at = excluded.started_at""")
                .bind("label", label)
                .bind("boot", boot)
                .bind("now", clock.millis())
                .execute());
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
