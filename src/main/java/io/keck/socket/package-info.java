/**
 * The y-websocket protocol over Jetty: {@link io.keck.socket.SocketFactory} is the configuration and the door,
 * {@link io.keck.socket.UpgradeFilter} answers everything that needs an HTTP status, the endpoint turns frames into
 * messages and hands them to a room.
 *
 * <p>The way in is the standard Jakarta endpoint. It lacks two things that a promise needs: reading no further from a
 * peer, and counting the bytes that wait for it. For these the package reaches through to Jetty's core session.
 */
@NullMarked
package io.keck.socket;

import org.jspecify.annotations.NullMarked;
