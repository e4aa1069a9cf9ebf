/**
 * Rows of rooms as they are stored: {@link io.keck.storage.rows.ContentsReader} reads a room, {@link
 * io.keck.storage.rows.RowCheck} compares what it reads with what was written, {@link io.keck.storage.rows.RoomScan} finds
 * all damage. {@link io.keck.storage.rows.NameKeys} keeps the keys of requests, which the log and the blobs share.
 */
@NullMarked
package io.keck.storage.rows;

import org.jspecify.annotations.NullMarked;
