package io.keck.storage.others;

import java.util.List;

/** The documents that another Yjs server has stored, opened for reading only. Used by one thread. */
public interface OtherStore extends AutoCloseable {
    /**
     * A document in the list of a store.
     *
     * @param name the name that clients use for it
     * @param bytes the stored bytes
     */
    record Entry(String name, long bytes) {}

    /** Thrown if one document cannot be read, or its entry is damaged; the message is a sentence about it. */
    final class DamagedException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        /** Creates an exception. */
        public DamagedException(String message) {
            super(message);
        }
    }

    /** Thrown if the store as a whole cannot be read; the message is a sentence without credentials. */
    final class UnreadableException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        /** Creates an exception. */
        public UnreadableException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /**
     * All documents, each name once, in a stable order.
     *
     * @throws UnreadableException if the store cannot be read
     */
    List<Entry> entries();

    /** Sentences about entries that have no usable name and are therefore missing in {@link #entries}. */
    default List<String> nameless() {
        return List.of();
    }

    /**
     * The updates in V1 that make up a document, in the order in which they were stored.
     *
     * @throws DamagedException if this document cannot be read
     * @throws UnreadableException if the store no longer answers
     */
    List<byte[]> updates(String name);

    @Override
    void close();
}
