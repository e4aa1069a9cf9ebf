package io.keck.storage.database;

/** The two databases that Keck runs on, and what follows from which of them it is. */
public enum Dialect {
    /** Embedded: a file that one process has, with one writer at a time. */
    SQLITE,
    /** A server that several nodes share. */
    POSTGRES;

    /** Whether other nodes may write to the same database. */
    public boolean isShared() {
        return this == POSTGRES;
    }

    /** The number of lanes: the configured one, or the single one that the database has. */
    int lanes(int configured) {
        return isShared() ? configured : 1;
    }

    /** The end of a query that keeps its rows from being changed until the transaction ends; SQLite needs none. */
    public String forShare() {
        return isShared() ? " FOR SHARE" : "";
    }
}
