package io.keck.storage.log;

import org.jdbi.v3.core.Handle;

/** A part that ends together with the life of a name, in the same transaction. */
@FunctionalInterface
public interface LifeEnd {
    /**
     * Called in the transaction that ends the life of a name.
     *
     * @param now milliseconds since 1970
     */
    void ended(Handle h, String name, long now);
}
