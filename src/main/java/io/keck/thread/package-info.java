/**
 * Threads, the loops that run on them, and what an exhausted memory does to the process. Nothing else in Keck makes a thread
 * or an executor.
 */
@NullMarked
package io.keck.thread;

import org.jspecify.annotations.NullMarked;
