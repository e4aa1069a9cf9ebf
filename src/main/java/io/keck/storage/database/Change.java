package io.keck.storage.database;

import org.jdbi.v3.core.Handle;

/** A change of the database, made inside a transaction. */
@FunctionalInterface
public interface Change {
    /** Makes the change. */
    boolean run(Handle handle);
}
