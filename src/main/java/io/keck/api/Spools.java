package io.keck.api;

import io.keck.heap.AddressBytes;
import io.keck.room.RepeatedWarning;
import io.keck.thread.Threads;
import java.io.IOException;
import java.lang.ref.Cleaner;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Files for answers that are too large for memory: how many bytes they may have together, and how many of them those for one
 * address. A file has no name and nobody else can open it; it is gone when the answer is written or given up, and when the
 * process ends. Thread-safe.
 */
final class Spools {
    /** Bytes of an answer that stay in memory. */
    static final int IN_MEMORY = 256 << 10;

    private static final Logger LOG = LoggerFactory.getLogger(Spools.class);
    private static final RepeatedWarning FAILED = new RepeatedWarning(LOG, () -> System.nanoTime() / 1_000_000);
    private static final Cleaner CLEANER = Cleaner.create(work -> Threads.daemon("lost-answers", work));
    private static final String FULL =
            "This answer is too large for what large answers may take on this node now, please try"
                    + " again, or ask for less.";

    private final Path folder;
    private final AddressBytes bytes;
    private final int inMemory;
    private final AtomicLong refused = new AtomicLong();

    /**
     * No files yet.
     *
     * @param folder for the files
     * @param limit bytes of all files
     * @param perAddress bytes of those for one address
     */
    Spools(Path folder, long limit, long perAddress) {
        this(folder, limit, perAddress, IN_MEMORY);
    }

    /** @param inMemory bytes of an answer that stay in memory; a test switches the limit off */
    Spools(Path folder, long limit, long perAddress, int inMemory) {
        this.folder = folder;
        this.bytes = new AddressBytes(limit, perAddress);
        this.inMemory = inMemory;
    }

    /** An empty answer for that address. */
    Spool open(String address) {
        return new Spool(this, address);
    }

    Path folder() {
        return folder;
    }

    int inMemory() {
        return inMemory;
    }

    /** Bytes of all files. */
    long bytes() {
        return bytes.taken();
    }

    /** How many answers were refused for want of room. */
    long refused() {
        return refused.get();
    }

    /** Takes room for more bytes, or refuses the answer. */
    void take(String address, long more) {
        if (!bytes.take(address, more)) {
            refused.incrementAndGet();
            throw new Refusal(Reply.text(503, FULL));
        }
    }

    void giveBack(String address, long less) {
        bytes.giveBack(address, less);
    }

    Refusal failed(IOException why) {
        refused.incrementAndGet();
        FAILED.warn("A large answer could not be written to a file in " + folder + ": " + why);
        return new Refusal(Reply.text(503, "A large answer cannot be written now; the log of this node says why."));
    }

    /** Runs an action when an answer that nobody has closed is not reachable any more, or when it is told to. */
    static Cleaner.Cleanable onLost(Object answer, Runnable action) {
        return CLEANER.register(answer, action);
    }
}
