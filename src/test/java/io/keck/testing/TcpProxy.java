package io.keck.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** A TCP proxy before a port of this machine that can delay or change what the server sends. Thread-safe. */
public final class TcpProxy implements AutoCloseable {
    /** Copies what the server sends to the client, until the stream ends. */
    @FunctionalInterface
    public interface Way {
        void carry(InputStream from, OutputStream to) throws IOException;
    }

    private final ServerSocket listener;
    private final int target;
    private final Way back;
    private final List<Socket> sockets = new ArrayList<>();
    private volatile long delayNanos;

    private TcpProxy(int target, Way back) {
        try {
            this.listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        this.target = target;
        this.back = back == null ? this::carry : back;
        begin(this::accept);
    }

    /** Starts a proxy that passes everything on unchanged until {@link #delay} is called. */
    public static TcpProxy before(int port) {
        return new TcpProxy(port, null);
    }

    /** Starts a proxy that passes on what the server sends in the given way. */
    public static TcpProxy before(int port, Way back) {
        return new TcpProxy(port, back);
    }

    /** The port that it listens on. */
    public int port() {
        return listener.getLocalPort();
    }

    /** Delays each piece that the server sends by that time, from now on. */
    public void delay(long millis) {
        delayNanos = millis * 1_000_000;
    }

    private static void begin(Runnable work) {
        Thread thread = new Thread(work, "proxy");
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket client = listener.accept();
                Socket server;
                try {
                    server = new Socket(InetAddress.getLoopbackAddress(), target);
                } catch (IOException e) {
                    client.close();
                    continue;
                }
                client.setTcpNoDelay(true);
                server.setTcpNoDelay(true);
                synchronized (sockets) {
                    sockets.add(client);
                    sockets.add(server);
                }
                begin(() -> join(client, server, (from, to) -> from.transferTo(to)));
                begin(() -> join(server, client, back));
            } catch (IOException e) {
                return; // closed
            }
        }
    }

    private static void join(Socket from, Socket to, Way way) {
        try (from;
                to) {
            way.carry(from.getInputStream(), to.getOutputStream());
        } catch (IOException e) {
            // one of the two has gone: the other goes, too
        }
    }

    private void carry(InputStream from, OutputStream to) throws IOException {
        byte[] buffer = new byte[65_536];
        for (int n = from.read(buffer); n >= 0; n = from.read(buffer)) {
            long until = System.nanoTime() + delayNanos;
            for (long left = delayNanos; left > 0; left = until - System.nanoTime()) {
                LockSupport.parkNanos(left);
            }
            to.write(buffer, 0, n);
        }
    }

    @Override
    public void close() {
        try {
            listener.close();
            synchronized (sockets) {
                for (Socket socket : sockets) {
                    socket.close();
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
