/**
 * The interface to operators and load balancers: {@link io.keck.ops.HealthServlet}, health checks, the front page, and
 * the meters of rooms, bus, log, connections, blobs and heap, which {@link io.keck.ops.PrometheusEndpoint} shows. All
 * names are in {@code MetricNames}.
 */
@NullMarked
package io.keck.ops;

import org.jspecify.annotations.NullMarked;
