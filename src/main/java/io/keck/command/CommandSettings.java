package io.keck.command;

import io.keck.cluster.ClusterFactory;
import io.keck.storage.DatabaseFactory;

/** The blocks of the configuration that commands need. */
public interface CommandSettings {
    /** The {@code database} block. */
    DatabaseFactory database();

    /** The {@code redis} block. */
    ClusterFactory redis();

    /** Whether the operator allows unauthenticated access on a public port, {@code openAccess}. */
    boolean openAccess();
}
