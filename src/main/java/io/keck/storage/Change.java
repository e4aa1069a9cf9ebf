package io.keck.storage;

import org.jdbi.v3.core.Handle;

/** A change of the database, made inside a transaction. */
@FunctionalInterface
interface Change {
    /** Makes it. */
    boolean run(Handle handle);
}
