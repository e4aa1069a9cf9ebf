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
 * Files for answers that are too large for memory, with a limit of bytes in all and per address. A file has no name, so
 * no other process can open it; it is deleted when the answer is written or abandoned, and when the process ends.
 * Thread-safe.
 */
final class Spools {
    /** The bytes of an answer that stay in memory. */
    static final int IN_MEMORY = 256 << 10;

    private static final Logger LOG = LoggerFactory.getLogger(Spools.class);
    private static final RepeatedWarning FAILED = new RepeatedWarning(LOG, () -> System.nanoTime() / 1_000_000);
    private static final Cleaner CLEANER = Cleaner.create(work -> Threads.daemon("lost-answers", work));
    private static final String FULL =
            "The space for large answers on this node is exhausted; please try again, or ask for less.";

    private final Path folder;
    private final AddressBytes bytes;
    private final int inMemory;
    private final AtomicLong refused = new AtomicLong();

    /**
     * Creates an empty set of files.
     *
     * @param folder the folder of the files
     * @param limit the largest number of bytes in all files
     * @param perAddress the largest number of bytes in the files for one address
     */
    Spools(Path folder, long limit, long perAddress) {
        this(folder, limit, perAddress, IN_MEMORY);
    }

    /** @param inMemory the bytes of an answer that stay in memory; a test switches the limit off */
    Spools(Path folder, long limit, long perAddress, int inMemory) {
        this.folder = folder;
        this.bytes = new AddressBytes(limit, perAddress);
        this.inMemory = inMemory;
    }

    /** Opens an empty spool for an answer to an address. */
    Spool open(String address) {
        return new Spool(this, address);
    }

    Path folder() {
        return folder;
    }

    int inMemory() {
        return inMemory;
    }

    /** The bytes of all files. */
    long bytes() {
        return bytes.taken();
    }

    /** The number of answers refused for lack of space. */
    long refused() {
        return refused.get();
    }

    /** Reserves space for more bytes, or refuses the answer. */
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

    /**
     * Runs an action when an answer becomes unreachable without having been closed, or when the returned handle is
     * cleaned.
     */
    static Cleaner.Cleanable onLost(Object answer, Runnable action) {
        return CLEANER.register(answer, action);
    }
}
