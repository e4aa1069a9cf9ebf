/**
 * The bus between the nodes, over Redis pub/sub. {@link io.keck.cluster.ClusterFactory} is the door. Nothing that anybody
 * relies on lives in Redis: without it, the nodes find what they lack in the log.
 */
@NullMarked
package io.keck.cluster;

import org.jspecify.annotations.NullMarked;
