/**
 * What operators and balancers see: today {@link io.keck.ops.HealthServlet}, the front page, and the meters of
 * rooms, connections and blobs, which {@link io.keck.ops.PrometheusEndpoint} shows.
 */
@NullMarked
package io.keck.ops;

import org.jspecify.annotations.NullMarked;
