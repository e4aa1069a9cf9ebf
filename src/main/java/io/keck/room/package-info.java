/**
 * Rooms: single-threaded state machines between sockets and the log, and the ports through which they see both.
 *
 * <p>{@link io.keck.room.Rooms} finds or opens a room, {@link io.keck.room.Room} is one, {@link io.keck.room.Mailbox}
 * gives it turns, {@link io.keck.room.UpdateLog} stores updates durably, {@link io.keck.room.Connection} is one peer.
 * Nothing in this package knows sockets, databases or executors; clocks are passed in.
 */
@NullMarked
package io.keck.room;

import org.jspecify.annotations.NullMarked;
