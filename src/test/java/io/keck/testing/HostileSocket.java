package io.keck.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.locks.LockSupport;

/**
 * A TCP connection from any loopback address that sends bytes as they are and throws away what comes. It never waits long for
 * the server, which may stop reading from it. Not thread-safe.
 */
public final class HostileSocket implements AutoCloseable {
    private static final int TRIES = 4_000;
    private static final long PAUSE_NANOS = 50_000;

    private final SocketChannel channel;
    private final ByteBuffer taken = ByteBuffer.allocateDirect(64 << 10);
    private long received;

    private HostileSocket(SocketChannel channel) {
        this.channel = channel;
    }

    /** @param from the last three bytes of an address in 127.0.0.0/8 */
    public static HostileSocket connect(int port, int from) throws IOException {
        SocketChannel channel = SocketChannel.open();
        try {
            byte[] local = {127, (byte) (from >> 16), (byte) (from >> 8), (byte) (1 + (from & 127))};
            channel.bind(new InetSocketAddress(InetAddress.getByAddress(local), 0));
            channel.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            channel.configureBlocking(false);
            return new HostileSocket(channel);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /** A WebSocket of that room; what the server answers is seen by {@link #send} returning false. */
    public static HostileSocket upgrade(int port, int from, String room) throws IOException {
        HostileSocket socket = connect(port, from);
        socket.send(("GET /collaboration/" + room + " HTTP/1.1\r\nHost: localhost\r\n" + RawHttp.UPGRADE + "\r\n")
                .getBytes(StandardCharsets.ISO_8859_1));
        return socket;
    }

    /** Whether the server took all of it, and has not ended the connection before. */
    public boolean send(byte[] bytes) {
        ByteBuffer rest = ByteBuffer.wrap(bytes);
        try {
            for (int i = 0; i < TRIES; i++) {
                if (!drain()) {
                    return false;
                }
                channel.write(rest);
                if (!rest.hasRemaining()) {
                    return true;
                }
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        } catch (IOException e) {
            return false;
        }
        return false;
    }

    /** Whether nothing has come yet; false, too, where the connection has ended. */
    public boolean isUnanswered() {
        return drain() && received == 0;
    }

    private boolean drain() {
        try {
            for (int i = 0; i < 16; i++) {
                taken.clear();
                int n = channel.read(taken);
                if (n <= 0) {
                    return n == 0;
                }
                received += n;
            }
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            // it is gone either way
        }
    }
}
