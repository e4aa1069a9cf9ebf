package io.keck.socket;

import java.util.HashSet;
import java.util.Set;

/**
 * Decides when a socket with many documents is read: not while one of them has reached its bound of waiting messages, and
 * not while too many of them are being opened. Each document that opens takes turns of the database and of rooms, so a socket
 * that opens a thousand at once would delay everyone on the node. Thread-safe.
 *
 * @param <D> a document
 */
final class OpeningBound<D> {
    private final int maxOpening;
    private final Runnable pause;
    private final Runnable resume;
    private final Set<D> opening = new HashSet<>();
    private final Set<D> holding = new HashSet<>();
    private boolean isPaused;

    /**
     * Creates the bound of a socket without documents.
     *
     * @param maxOpening number of documents that may be opening while the socket is read
     * @param pause stops reading; called under a lock
     * @param resume resumes reading, and may read the next frame; called without a lock
     */
    OpeningBound(int maxOpening, Runnable pause, Runnable resume) {
        this.maxOpening = maxOpening;
        this.pause = pause;
        this.resume = resume;
    }

    /** Notes that a document begins to open. */
    synchronized void opens(D document) {
        opening.add(document);
        look();
    }

    /** Notes that a document has reached its bound of waiting messages. */
    synchronized void hold(D document) {
        holding.add(document);
        look();
    }

    /** Notes that a document is open and below its bound, or gone. */
    void release(D document) {
        synchronized (this) {
            opening.remove(document);
            holding.remove(document);
            if (!isPaused || opening.size() > maxOpening || !holding.isEmpty()) {
                return;
            }
            isPaused = false;
        }
        resume.run();
    }

    private void look() {
        if (!isPaused && (opening.size() > maxOpening || !holding.isEmpty())) {
            isPaused = true;
            pause.run();
        }
    }
}
