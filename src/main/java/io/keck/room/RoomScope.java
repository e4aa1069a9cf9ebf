package io.keck.room;

/**
 * The parts that belong to one room as a whole and that most of its other parts need.
 *
 * @param name the name of the room
 * @param context the parts that all rooms of the node share
 * @param safeguards the checks that are on
 * @param life the state of the room as a life of its name
 */
record RoomScope(String name, RoomContext context, Safeguards safeguards, Life life) {}
