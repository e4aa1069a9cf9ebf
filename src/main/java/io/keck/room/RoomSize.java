package io.keck.room;

/**
 * The two measures of a room's size. Used only in the room's turns.
 *
 * @param growth keeps the document within its limits
 * @param heap reports the memory of the room to the node's ledger
 */
record RoomSize(DocumentGrowth growth, RoomHeap heap) {}
