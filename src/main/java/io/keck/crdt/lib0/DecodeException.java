package io.keck.crdt.lib0;

/**
 * Thrown for bytes that are not what they claim to be, before anything was changed. It carries no stack trace: hostile
 * peers can provoke it as often as they like, so it has to be cheap.
 */
public final class DecodeException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** @param message what is wrong, in words that may be shown to the peer that sent the bytes */
    public DecodeException(String message) {
        super(message, null, false, false);
    }
}
