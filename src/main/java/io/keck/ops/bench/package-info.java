/** Clients that load a running server as editors do, for the command {@code bench}; see {@link io.keck.ops.bench.Bench}. */
@NullMarked
package io.keck.ops.bench;

import org.jspecify.annotations.NullMarked;
