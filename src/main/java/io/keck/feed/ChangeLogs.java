package io.keck.feed;

/**
 * Where rows of rooms' logs are read.
 *
 * @param live for streams, which are never behind their rooms
 * @param history for histories; may come from a replica, which answers only what it has replayed
 */
public record ChangeLogs(ChangeLog live, ChangeLog history) {}
