/**
 * The one vocabulary in which ports say why something was not done: {@link io.keck.failure.Failure} is a closed family, and
 * {@link io.keck.failure.Failure.Handler} makes the compiler ask every translator for each of its members.
 */
@NullMarked
package io.keck.failure;

import org.jspecify.annotations.NullMarked;
