/**
 * What operators and balancers see: today {@link io.keck.ops.HealthServlet}, the front page, and the meters of
 * rooms and blobs.
 */
@NullMarked
package io.keck.ops;

import org.jspecify.annotations.NullMarked;
