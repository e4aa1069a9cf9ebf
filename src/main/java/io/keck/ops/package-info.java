/** What operators and balancers see: today {@link io.keck.ops.HealthServlet} and the front page. */
@NullMarked
package io.keck.ops;

import org.jspecify.annotations.NullMarked;
