package io.keck.protocol;

/**
 * What makes a client say its state anew; see {@link Awareness}.
 *
 * @param owner who is to hear the removal
 * @param removal of the client, at a clock that is not below its own
 */
public record AwarenessReminder<O>(O owner, AwarenessState removal) {}
