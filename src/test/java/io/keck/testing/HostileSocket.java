package io.keck.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.locks.LockSupport;

/**
 * A TCP connection from a loopback address of choice that sends raw bytes and discards what it receives. It does not wait
 * long for a server that stops reading. Not thread-safe.
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

    /**
     * Connects to a port of this machine.
     *
     * @param from the last three bytes of the client's address, in 127.0.0.0/8
     */
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

    /** Connects and asks for a WebSocket of that room; after a refusal {@link #send} returns false. */
    public static HostileSocket upgrade(int port, int from, String room) throws IOException {
        HostileSocket socket = connect(port, from);
        socket.send(("GET /collaboration/" + room + " HTTP/1.1\r\nHost: localhost\r\n" + RawHttp.UPGRADE + "\r\n")
                .getBytes(StandardCharsets.ISO_8859_1));
        return socket;
    }

    /** The same at the door for Hocuspocus, where frames name their documents. */
    public static HostileSocket hocuspocus(int port, int from) throws IOException {
        HostileSocket socket = connect(port, from);
        socket.send(("GET /hocuspocus HTTP/1.1\r\nHost: localhost\r\n" + RawHttp.UPGRADE + "\r\n")
                .getBytes(StandardCharsets.ISO_8859_1));
        return socket;
    }

    /** Sends bytes; false where the server has ended the connection or does not take all of them. */
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

    /** Whether the connection is open and nothing has come over it. */
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
