/**
 * The wire protocol as values: y-websocket messages ({@link io.keck.protocol.Message}), awareness
 * ({@link io.keck.protocol.Awareness}), room names ({@link io.keck.protocol.RoomName}) and their percent-encoded form ({@link
 * io.keck.protocol.PercentEncoding}), and close reasons ({@link io.keck.protocol.CloseReason}). This package has no sockets,
 * threads or clocks.
 */
@NullMarked
package io.keck.protocol;

import org.jspecify.annotations.NullMarked;
