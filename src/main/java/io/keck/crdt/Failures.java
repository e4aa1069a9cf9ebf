package io.keck.crdt;

import org.jspecify.annotations.Nullable;

/** Keeps what several callbacks throw until all have run; the first is thrown then, the others go with it. */
final class Failures {
    private @Nullable Throwable first;

    void run(Runnable callback) {
        try {
            callback.run();
        } catch (RuntimeException | Error e) {
            add(e);
        }
    }

    void add(Throwable e) {
        if (first == null) {
            first = e;
        } else if (first != e) {
            first.addSuppressed(e);
        }
    }

    void throwFirst() {
        if (first instanceof Error error) {
            throw error;
        }
        if (first instanceof RuntimeException exception) {
            throw exception;
        }
    }
}
