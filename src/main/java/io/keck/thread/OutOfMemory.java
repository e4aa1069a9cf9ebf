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
 * One meaning for every {@link OutOfMemoryError}: the process ends at once, with status 3. Whatever ran when memory was
 * exhausted may be half done, in this code and in libraries, so a node that went on could be anything; a supervisor starts
 * it again, and everything that a client has seen is in the database.
 *
 * <p>The flag {@code -XX:+ExitOnOutOfMemoryError} does the same for the heap. It does nothing about direct memory, whose
 * error is thrown by Java code, and it may be missing. So everything in Keck that catches an {@link Error} hands it to
 * {@link #check}: loops, uncaught errors of all threads, what is logged by libraries, failed requests and connections.
 *
 * <p>An error that only says that one array would be too large is none of that: memory is not exhausted, and the request
 * that wanted it fails alone. It is counted. Thread-safe.
 */
public final class OutOfMemory {
    /** The exit status of the process, the same as with {@code -XX:+ExitOnOutOfMemoryError}. */
    public static final int EXIT_STATUS = 3;

    /**
     * What the JVM and the class library say about one array or string that is too long: {@code jdk.internal.util.ArraysSupport},
     * {@code InputStream}, {@code String}, {@code StringConcatHelper}, {@code StringUTF16}.
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

    /** Reserved early, since nothing can be allocated when it is needed. Guarded by {@link #ERR}. */
    private static final byte[] LINE = new byte[1_024];

    private static final LongAdder TOO_LARGE_SEEN = new LongAdder();

    private static volatile boolean ends;
    private static volatile Reference<OutOfMemoryError> last = new WeakReference<>(null);

    private OutOfMemory() {}

    /** From now on, exhausted memory ends the process. Without this call, {@link #check} only counts. */
    public static void endsTheProcess() {
        Thread.setDefaultUncaughtExceptionHandler(Threads::uncaught);
        ends = true;
    }

    /**
     * Ends the process if this is an error of exhausted memory, or was caused by one. To be called before anything else is
     * done about an error: there may be no memory for that.
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
            if (!last.refersTo(error)) { // the same one may come by several times on its way
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

    /** How many arrays were asked for that are too large for any memory. */
    public static long tooLarge() {
        return TOO_LARGE_SEEN.sum();
    }

    /** Writes one line without the log, which needs memory and threads, and ends without shutdown hooks for the same reason. */
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
                // nothing can be said; what matters is the end
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
