package io.keck.heap;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/** The limit on files and connections that this process may have open ({@code ulimit -n}). Stateless. */
public final class OpenFiles {
    /** The limit assumed if the system reports none. */
    private static final int UNKNOWN = 65_536;
    /** Files that the server itself needs: the jar, the database, other connections. */
    private static final int OWN = 256;
    /** The percentage of the limit that WebSockets may take; the rest is for HTTP requests and new connections. */
    private static final int SOCKETS = 80;
    /** The percentage of the limit that connections may take which wait for a request. */
    private static final int WAITING = 15;

    private static final int PERCENT = 100;

    private OpenFiles() {}

    /** The limit of the process. */
    public static int limit() {
        if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix) {
            return (int) Math.min(Integer.MAX_VALUE, unix.getMaxFileDescriptorCount());
        }
        return UNKNOWN;
    }

    /** The number of WebSockets that fit into a limit of the process. */
    public static int sockets(int limit) {
        return Math.max(SOCKETS, (int) ((limit - OWN) * (long) SOCKETS / PERCENT));
    }

    /** The number of connections waiting for a request that fit into a limit of the process. */
    public static int waiting(int limit) {
        return Math.max(WAITING, (int) ((limit - OWN) * (long) WAITING / PERCENT));
    }
}
