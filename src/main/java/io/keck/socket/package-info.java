/**
 * The y-websocket protocol over Jetty. {@link io.keck.socket.SocketFactory} is the configuration and the entry point,
 * {@link io.keck.socket.UpgradeFilter} answers everything that needs an HTTP status, and the endpoint decodes frames into
 * messages and hands them to a room.
 *
 * <p>The endpoint is a standard Jakarta endpoint. Jakarta lacks two things that Keck needs: to stop reading from a peer, and
 * to count the bytes that wait for it. For these the package uses Jetty's core session.
 */
@NullMarked
package io.keck.socket;

import org.jspecify.annotations.NullMarked;
