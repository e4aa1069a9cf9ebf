package io.keck.linearizability;

import io.keck.testing.TcpProxy;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Stands before Redis and, while it is told to, loses, repeats and swaps single messages on their way to a subscriber. It
 * reads the answers of Redis whole, one after the other; everything that is not a pushed message passes unchanged.
 */
final class UnreliableBus implements AutoCloseable {
    private static final byte[] MESSAGE = "$7\r\nmessage\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] SHARDED = "$8\r\nsmessage\r\n".getBytes(StandardCharsets.US_ASCII);

    private final TcpProxy proxy;
    private final AtomicLong seed = new AtomicLong(1);
    private final AtomicLong damaged = new AtomicLong();
    private volatile boolean damages;

    UnreliableBus(int redis) {
        proxy = TcpProxy.before(redis, this::carry);
    }

    int port() {
        return proxy.port();
    }

    /** From now on one message in four is lost, repeated or swapped with the next. */
    void damage(boolean on) {
        damages = on;
    }

    /** Messages that were lost, repeated or swapped. */
    long damaged() {
        return damaged.get();
    }

    private void carry(InputStream from, OutputStream to) throws IOException {
        InputStream in = new BufferedInputStream(from, 65_536);
        Random random = new Random(seed.getAndIncrement());
        byte[] held = null;
        while (true) {
            byte[] answer;
            try {
                answer = answer(in);
            } catch (EOFException e) {
                return;
            }
            boolean damage = damages && isMessage(answer);
            int what = damage ? random.nextInt(12) : 12;
            if (what == 0) {
                damaged.incrementAndGet(); // lost
            } else if (what == 1 && held == null) {
                damaged.incrementAndGet();
                held = answer; // swapped with the next
                continue;
            } else {
                to.write(answer);
                if (what == 2) {
                    damaged.incrementAndGet();
                    to.write(answer);
                }
            }
            if (held != null) {
                to.write(held);
                held = null;
            }
        }
    }

    private static boolean isMessage(byte[] answer) {
        return contains(answer, MESSAGE) || contains(answer, SHARDED);
    }

    private static boolean contains(byte[] answer, byte[] word) {
        int from = 4; // behind "*3\r\n"
        if (answer.length < from + word.length || answer[0] != '*') {
            return false;
        }
        for (int i = 0; i < word.length; i++) {
            if (answer[from + i] != word[i]) {
                return false;
            }
        }
        return true;
    }

    /** One answer in the protocol of Redis, with all its parts. */
    private static byte[] answer(InputStream in) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        read(in, out);
        return out.toByteArray();
    }

    private static void read(InputStream in, ByteArrayOutputStream out) throws IOException {
        String line = line(in, out);
        char type = line.charAt(0);
        if (type == '$' && !line.equals("$-1")) {
            int length = Integer.parseInt(line.substring(1)) + 2;
            byte[] bytes = in.readNBytes(length);
            if (bytes.length < length) {
                throw new EOFException();
            }
            out.writeBytes(bytes);
        } else if (type == '*' || type == '>' || type == '~' || type == '%') {
            int parts = Integer.parseInt(line.substring(1)) * (type == '%' ? 2 : 1);
            for (int i = 0; i < parts; i++) {
                read(in, out);
            }
        }
    }

    private static String line(InputStream in, ByteArrayOutputStream out) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0) {
                throw new EOFException();
            }
            out.write(b);
            if (b != '\r') {
                line.append((char) b);
            }
        }
        out.write('\n');
        return line.toString();
    }

    @Override
    public void close() {
        proxy.close();
    }
}
