package io.keck.room;

/**
 * The content of a room on this node. Used only in the room's turns.
 *
 * @param replica the committed content: the log up to {@code applied}
 * @param batches the updates that are not committed yet
 */
record RoomContent(Replica replica, Batches batches) {}
