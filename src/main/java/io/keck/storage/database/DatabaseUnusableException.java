package io.keck.storage.database;

/** The database cannot be used. The message says why and what to do, and holds no password. */
public final class DatabaseUnusableException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    DatabaseUnusableException(String message) {
        super(message);
    }

    public DatabaseUnusableException(String message, Throwable cause) {
        super(message, cause);
    }
}
