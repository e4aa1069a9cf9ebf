package io.keck.crdt;

import org.jspecify.annotations.Nullable;

/**
 * Collects the exceptions of several callbacks until all have run; then the first is thrown, with the others
 * suppressed.
 */
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
