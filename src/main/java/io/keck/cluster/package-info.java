/**
 * The bus between the nodes, over Redis pub/sub, which {@link io.keck.cluster.ClusterFactory} builds. Redis holds no
 * state that a node depends on: without it, the nodes read the rows that they lack from the log.
 */
@NullMarked
package io.keck.cluster;

import org.jspecify.annotations.NullMarked;
