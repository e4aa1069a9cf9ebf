package io.keck.storage.log;

import org.jdbi.v3.core.Handle;

/** Something beside the log that ends together with the life of a name, in the same transaction. */
@FunctionalInterface
public interface LifeEnd {
    /**
     * The life of that name ends with this transaction.
     *
     * @param now milliseconds since 1970
     */
    void ended(Handle h, String name, long now);
}
