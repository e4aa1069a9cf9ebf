/** Runs a node: threads and ticks of the rooms, tasks for operators, and readiness. */
@NullMarked
package io.keck.node;

import org.jspecify.annotations.NullMarked;
