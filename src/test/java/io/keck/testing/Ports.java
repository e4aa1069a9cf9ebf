package io.keck.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Random;

/**
 * Ports for servers that cannot choose one themselves, or must come back on the one they had. They lie below those that
 * the system hands out by itself (from 32768 on Linux), so no client's connection takes one while its server is down, and
 * each JVM of a build draws from a stretch of its own, so that test classes can run side by side. Thread-safe.
 */
public final class Ports {
    private static final int FIRST = 10_000;
    private static final int STRETCH = 1_000;
    private static final int STRETCHES = 10;
    private static final int FORK = Integer.getInteger("keck.fork", 0);
    private static final int BASE = FIRST + Math.floorMod(FORK, STRETCHES) * STRETCH;

    /** Not from the beginning: another build on this machine may be there. */
    private static int next = new Random().nextInt(STRETCH);

    private Ports() {}

    /** A port of 127.0.0.1 on which nothing listens and which this method has not returned for a long while. */
    public static synchronized int free() {
        for (int tries = 0; tries < STRETCH; tries++) {
            int port = BASE + next;
            next = (next + 1) % STRETCH;
            try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return socket.getLocalPort();
            } catch (IOException e) {
                // something listens there
            }
        }
        throw new IllegalStateException("every port from " + BASE + " to " + (BASE + STRETCH - 1) + " is in use");
    }
}
