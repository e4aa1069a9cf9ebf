/**
 * Rooms: single-threaded state machines between sockets and the log, and the ports through which they see both.
 *
 * <p>{@link io.keck.room.Rooms} finds or opens a room, {@link io.keck.room.Room} is one, {@link io.keck.room.Mailbox}
 * gives it turns, {@link io.keck.room.UpdateLog} is where updates become durable, {@link io.keck.room.Connection} is one
 * peer. Nothing here knows sockets, databases or executors; time is handed in.
 */
@NullMarked
package io.keck.room;

import org.jspecify.annotations.NullMarked;
