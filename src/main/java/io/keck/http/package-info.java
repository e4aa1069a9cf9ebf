/**
 * The HTTP server in front of all servlets: the origins and host names it accepts, the addresses it parses, and the
 * answers to requests that reach no servlet. {@link io.keck.http.MainPort} and {@link io.keck.http.Guard} are the entry
 * points.
 */
@NullMarked
package io.keck.http;

import org.jspecify.annotations.NullMarked;
