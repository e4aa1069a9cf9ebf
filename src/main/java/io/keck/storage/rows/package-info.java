/**
 * Stored rows of rooms: {@link io.keck.storage.rows.ContentsReader} reads a room, {@link io.keck.storage.rows.RowCheck}
 * verifies it, {@link io.keck.storage.rows.RoomScan} finds all damage. {@link io.keck.storage.rows.NameKeys} stores the
 * keys of requests, which log and blobs share.
 */
@NullMarked
package io.keck.storage.rows;

import org.jspecify.annotations.NullMarked;
