/** Runs a node: threads and ticks of the rooms, the way in for operators, and what balancers ask. */
@NullMarked
package io.keck.node;

import org.jspecify.annotations.NullMarked;
