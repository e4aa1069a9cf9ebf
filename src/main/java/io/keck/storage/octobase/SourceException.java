package io.keck.storage.octobase;

/** Thrown if the source cannot be read. The message is a sentence for the operator, without credentials. */
final class SourceException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    SourceException(String message, Throwable cause) {
        super(message, cause);
    }
}
