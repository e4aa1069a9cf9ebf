/**
 * The vocabulary of failures that all ports share: {@link io.keck.failure.Failure} is a sealed family, and
 * {@link io.keck.failure.Failure.Handler} makes the compiler require an answer to each member from every translator.
 */
@NullMarked
package io.keck.failure;

import org.jspecify.annotations.NullMarked;
