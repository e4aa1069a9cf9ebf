/**
 * The HTTP server itself, before all servlets: which pages and names it answers, which addresses it understands, and what it
 * answers where no servlet does. {@link io.keck.http.MainPort} and {@link io.keck.http.Guard} are the doors.
 */
@NullMarked
package io.keck.http;

import org.jspecify.annotations.NullMarked;
