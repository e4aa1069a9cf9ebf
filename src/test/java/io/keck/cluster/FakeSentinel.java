package io.keck.cluster;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;

/** A sentinel that names what it is told to, right or wrong, on this machine. */
final class FakeSentinel implements AutoCloseable {
    private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final AtomicInteger asked = new AtomicInteger();
    private volatile int named;

    FakeSentinel(int named) throws IOException {
        this.named = named;
        Thread thread = new Thread(this::run, "fake-sentinel");
        thread.setDaemon(true);
        thread.start();
    }

    int port() {
        return server.getLocalPort();
    }

    void name(int port) {
        named = port;
    }

    /** How often it was asked. */
    int asked() {
        return asked.get();
    }

    private void run() {
        while (!server.isClosed()) {
            try (Socket socket = server.accept()) {
                answer(socket);
            } catch (IOException e) {
                // this one is gone, or all is over
            }
        }
    }

    /** Commands are arrays of strings, each behind its length; everything but the one question is fine. */
    private void answer(Socket socket) throws IOException {
        BufferedReader in =
                new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            int words = Integer.parseInt(line.substring(1));
            StringBuilder command = new StringBuilder();
            for (int i = 0; i < words; i++) {
                in.readLine();
                command.append(in.readLine()).append(' ');
            }
            String port = String.valueOf(named);
            boolean question = command.toString().toLowerCase(Locale.ROOT).contains("get-master-addr-by-name");
            String said = question
                    ? "*2\r\n$9\r\n127.0.0.1\r\n$" + port.length() + "\r\n" + port + "\r\n"
                    : command.indexOf("HELLO") == 0
                            ? "*4\r\n$6\r\nserver\r\n$5\r\nredis\r\n$5\r\nproto\r\n:2\r\n"
                            : "+OK\r\n";
            asked.addAndGet(question ? 1 : 0);
            socket.getOutputStream().write(said.getBytes(StandardCharsets.US_ASCII));
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
