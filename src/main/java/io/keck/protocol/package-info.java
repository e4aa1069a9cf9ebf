/**
 * What goes over the wire, as values: the y-websocket messages ({@link io.keck.protocol.Message}), awareness
 * ({@link io.keck.protocol.Awareness}), room names ({@link io.keck.protocol.RoomName}) and their form in URLs
 * ({@link io.keck.protocol.PercentEncoding}), and the ways a conversation ends ({@link io.keck.protocol.CloseReason}). No sockets, no threads, no clocks in here.
 */
@NullMarked
package io.keck.protocol;

import org.jspecify.annotations.NullMarked;
