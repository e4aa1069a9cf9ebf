/**
 * The communication of nodes through their database: {@link io.keck.storage.nodes.JdbiNodes} keeps the cluster and
 * its labels, {@link io.keck.storage.nodes.JdbiKicks} the kicks of operators.
 */
@NullMarked
package io.keck.storage.nodes;

import org.jspecify.annotations.NullMarked;
