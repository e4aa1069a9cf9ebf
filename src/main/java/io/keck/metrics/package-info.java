/**
 * What the parts of Keck tell whoever counts: one port for each family of metrics. Every method has an empty body, so a test
 * that does not count hands in {@code NONE}. The meters of {@code ops} implement them.
 */
@NullMarked
package io.keck.metrics;

import org.jspecify.annotations.NullMarked;
