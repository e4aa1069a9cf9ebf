package io.keck.blob;

/** The database does not answer, is too busy, or lost what it was given: to be tried again. */
public final class BlobsUnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final boolean outcomeUnknown;

    /**
     * @param message what failed
     * @param outcomeUnknown whether it may have been done all the same
     */
    public BlobsUnavailableException(String message, boolean outcomeUnknown) {
        super(message);
        this.outcomeUnknown = outcomeUnknown;
    }

    /**
     * @param message what failed
     * @param outcomeUnknown whether it may have been done all the same
     * @param cause why
     */
    public BlobsUnavailableException(String message, boolean outcomeUnknown, Throwable cause) {
        super(message, cause);
        this.outcomeUnknown = outcomeUnknown;
    }

    /** Whether it may have been done all the same; doing it again is harmless. */
    public boolean isOutcomeUnknown() {
        return outcomeUnknown;
    }
}
