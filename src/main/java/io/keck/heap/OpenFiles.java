package io.keck.heap;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/** How many files and connections this process may have open ({@code ulimit -n}). Stateless. */
public final class OpenFiles {
    /** Where the system does not say. */
    private static final int UNKNOWN = 65_536;
    /** Files that the server needs for itself: the jar, the database, other connections. */
    private static final int OWN = 256;
    /** The part of the limit that sockets may take, in percent: the others are HTTP requests, and those that just come. */
    private static final int SOCKETS = 80;

    private static final int PERCENT = 100;

    private OpenFiles() {}

    /** The limit of the process. */
    public static int limit() {
        if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix) {
            return (int) Math.min(Integer.MAX_VALUE, unix.getMaxFileDescriptorCount());
        }
        return UNKNOWN;
    }

    /** How many WebSockets fit below a limit of the process. */
    public static int sockets(int limit) {
        return Math.max(SOCKETS, (int) ((limit - OWN) * (long) SOCKETS / PERCENT));
    }
}
