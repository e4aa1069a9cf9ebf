/**
 * The ports through which the parts of Keck report events and gauges, one per family of metrics. Every method has an
 * empty default body, and {@code NONE} ignores everything. The meters of {@code ops} implement the ports.
 */
@NullMarked
package io.keck.metrics;

import org.jspecify.annotations.NullMarked;
