package io.keck.storage.database;

import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Checks that a committed transaction is on disk, and warns if it is not. */
public final class Durability {
    private static final Logger LOG = LoggerFactory.getLogger(Durability.class);
    private static final int SQLITE_FULL = 2;

    private Durability() {}

    public static void warn(Jdbi jdbi, boolean sqlite) {
        if (sqlite) {
            int level = jdbi.withHandle(h ->
                    h.createQuery("PRAGMA synchronous").mapTo(Integer.class).one());
            if (level < SQLITE_FULL) {
                LOG.warn("SQLite runs with synchronous below FULL: a power failure may lose updates that were"
                        + " reported as saved.");
            }
            return;
        }
        for (String setting : new String[] {"fsync", "synchronous_commit"}) {
            String value = jdbi.withHandle(
                    h -> h.createQuery("SHOW " + setting).mapTo(String.class).one());
            if (value.equals("off")) {
                LOG.warn(
                        "PostgreSQL runs with {} = off: a crash may lose updates that were reported as" + " saved.",
                        setting);
            }
        }
    }
}
