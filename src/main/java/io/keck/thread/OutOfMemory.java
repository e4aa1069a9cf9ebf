package io.keck.thread;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.lang.ref.Reference;
import java.lang.ref.WeakReference;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.LongAdder;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Ends the process, with status 3, on an {@link OutOfMemoryError}. Code that ran when memory was exhausted may have stopped
 * halfway, in Keck and in libraries, so the state of the process can no longer be trusted. A supervisor restarts it;
 * everything that a client has seen is in the database.
 *
 * <p>The flag {@code -XX:+ExitOnOutOfMemoryError} does the same for the heap, but not for direct memory, whose error Java
 * code throws, and it may be missing. So all code of Keck that catches an {@link Error} passes it to {@link #check}: loops,
 * uncaught errors of all threads, errors logged by libraries, failed requests and connections.
 *
 * <p>An error about a single array that would be too large is an exception: memory is not exhausted, and only the request
 * that wanted the array fails. It is counted. Thread-safe.
 */
public final class OutOfMemory {
    /** The exit status of the process, the same as with {@code -XX:+ExitOnOutOfMemoryError}. */
    public static final int EXIT_STATUS = 3;

    /**
     * The messages of the JVM and the class library about one array or string that is too long:
     * {@code jdk.internal.util.ArraysSupport}, {@code InputStream}, {@code String}, {@code StringConcatHelper},
     * {@code StringUTF16}.
     */
    private static final Pattern TOO_LARGE = Pattern.compile(
            "Requested array size exceeds|Required (array )?(length|size)|String length out of range|String size is|"
                    + "exceeding maximum size");

    private static final int MAX_CAUSES = 20;
    private static final byte[] BEFORE = "ERROR OutOfMemory: ".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] AFTER =
            "; the process ends with status 3. Give Java a larger -Xmx or -XX:MaxDirectMemorySize, or fewer clients\n"
                    .getBytes(StandardCharsets.US_ASCII);
    private static final FileOutputStream ERR = new FileOutputStream(FileDescriptor.err);

    /** Allocated early, since nothing can be allocated when it is needed. Guarded by {@link #ERR}. */
    private static final byte[] LINE = new byte[1_024];

    private static final LongAdder TOO_LARGE_SEEN = new LongAdder();

    private static volatile boolean ends;
    private static volatile Reference<OutOfMemoryError> last = new WeakReference<>(null);

    private OutOfMemory() {}

    /** Makes exhausted memory end the process. Without this call, {@link #check} only counts. */
    public static void endsTheProcess() {
        Thread.setDefaultUncaughtExceptionHandler(Threads::uncaught);
        ends = true;
    }

    /**
     * Ends the process if the error is one of exhausted memory or was caused by one. Call it before any other handling of an
     * error, which might need memory.
     */
    public static void check(@Nullable Throwable error) {
        Throwable cause = error;
        for (int i = 0; cause != null && i < MAX_CAUSES; i++) {
            if (cause instanceof OutOfMemoryError memory) {
                seen(memory);
                return;
            }
            cause = cause.getCause();
        }
    }

    private static void seen(OutOfMemoryError error) {
        if (isTooLarge(error)) {
            if (!last.refersTo(error)) { // several handlers may pass on the same error
                last = new WeakReference<>(error);
                TOO_LARGE_SEEN.increment();
            }
        } else if (ends) {
            end(error);
        }
    }

    /** Whether the error only says that one array or string would be too long. */
    static boolean isTooLarge(OutOfMemoryError error) {
        String message = error.getMessage();
        return message != null && TOO_LARGE.matcher(message).find();
    }

    /** The number of requests for arrays that exceed any memory. */
    public static long tooLarge() {
        return TOO_LARGE_SEEN.sum();
    }

    /** Writes one line and ends the process, without the log and without shutdown hooks: both need memory and threads. */
    private static void end(OutOfMemoryError error) {
        synchronized (ERR) {
            try {
                String message = error.getMessage();
                int length = append(BEFORE, 0);
                int most = LINE.length - AFTER.length;
                for (int i = 0; message != null && i < message.length() && length < most; i++) {
                    LINE[length++] = (byte) message.charAt(i);
                }
                // one write: the lines of the log go to the same file
                ERR.write(LINE, 0, append(AFTER, length));
            } catch (Throwable t) {
                // the line is lost, but the process still ends
            } finally {
                Runtime.getRuntime().halt(EXIT_STATUS);
            }
        }
    }

    private static int append(byte[] text, int at) {
        System.arraycopy(text, 0, LINE, at, text.length);
        return at + text.length;
    }
}
