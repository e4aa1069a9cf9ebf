/**
 * Threads, the loops that run on them, and the end of the process when memory is exhausted. No other package creates a
 * thread or an executor.
 */
@NullMarked
package io.keck.thread;

import org.jspecify.annotations.NullMarked;
