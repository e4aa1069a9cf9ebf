/**
 * The HTTP server itself, below all servlets: which addresses it understands, and what it answers where no servlet does.
 * {@link io.keck.http.MainPort} is the door.
 */
@NullMarked
package io.keck.http;

import org.jspecify.annotations.NullMarked;
