package io.keck.protocol;

/**
 * A removal that makes a client send its state again with a higher clock; see {@link Awareness}.
 *
 * @param owner the connection to send the removal to
 * @param removal a removal of the client's state, at the client's own clock or above
 */
public record AwarenessReminder<O>(O owner, AwarenessState removal) {}
