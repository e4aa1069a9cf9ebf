package io.keck.storage.database;

/** Thrown if the database cannot be used. The message gives the reason and the remedy, and contains no password. */
public final class DatabaseUnusableException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    DatabaseUnusableException(String message) {
        super(message);
    }

    public DatabaseUnusableException(String message, Throwable cause) {
        super(message, cause);
    }
}
