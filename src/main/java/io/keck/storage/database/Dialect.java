package io.keck.storage.database;

/** The two kinds of database that Keck supports, with their differences. */
public enum Dialect {
    /** Embedded: a file used by one process, with one writer at a time. */
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

    /** The clause that share-locks the rows of a query until the transaction ends; empty on SQLite. */
    public String forShare() {
        return isShared() ? " FOR SHARE" : "";
    }
}
