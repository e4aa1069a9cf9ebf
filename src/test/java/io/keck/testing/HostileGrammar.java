package io.keck.testing;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * Generates input that is nearly valid: messages of y-protocols, WebSocket frames (RFC 6455) and HTTP requests with wrong
 * lengths, counts, clocks or ends. The same source of random numbers gives the same input. Not thread-safe.
 */
public final class HostileGrammar {
    private static final long MAX_SAFE = (1L << 53) - 1;
    private static final long[] NUMBERS = {
        0,
        1,
        2,
        3,
        9,
        127,
        128,
        255,
        65_535,
        65_536,
        (1L << 31) - 1,
        1L << 31,
        1L << 32,
        MAX_SAFE - 1,
        MAX_SAFE,
        MAX_SAFE + 1,
        Long.MAX_VALUE
    };
    private static final String[] JSON = {
        "null",
        "{}",
        "0",
        "\"x\"",
        "{\"user\":{\"name\":\"a\"}}",
        "[",
        "NaN",
        "",
        "{\"a\":1,\"a\":2}",
        "9".repeat(400),
        "[".repeat(200) + "]".repeat(200),
        "\"" + "x".repeat(70_000) + "\"",
        "\"\\ud800\"",
        " null "
    };
    private static final String[] METHODS = {
        "GET", "GET", "POST", "POST", "DELETE", "PUT", "HEAD", "OPTIONS", "TRACE", "X"
    };
    private static final String[] PATHS = {
        "", "/init", "/init?force=true", "/export", "/export?format=json", "/export?format=x", "/history",
                "/history?limit=-1",
        "/map/m", "/map/m/k", "/map/m/50%", "/array/a", "/array/a/0", "/array/a/99999999999", "/text/t",
                "/text/t?index=-1",
        "/clients", "/client", "/%00", "/..", "/map/" + "k".repeat(3_000), "?consistency=local", "/subscribe", "/x/y/z"
    };
    private static final String[] NAMES = {
        "",
        "/",
        "..",
        "a/../b",
        "\u0000",
        "\u0000session",
        "e\u0301",
        "\u202ename",
        "n".repeat(1_300),
        "%2f",
        "witness-b\u0000x"
    };
    private static final String[] HEADERS = {
        "Content-Type: application/json",
        "Content-Type: text/plain",
        "Content-Type: application/octet-stream",
        "Idempotency-Key: one",
        "Idempotency-Key: " + "k".repeat(2_000),
        "Origin: https://evil.example",
        "Origin: null",
        "Sec-Fetch-Site: cross-site",
        "Accept: text/event-stream",
        "Accept: */*;q=x",
        "Content-Encoding: gzip",
        "Expect: 100-continue",
        "Range: bytes=5-2",
        "If-None-Match: *",
        "Last-Event-ID: 1-99999999999999999999",
        "X-Forwarded-For: 1.2.3.4",
        "Authorization: Bearer x",
        "Cookie: a=b",
        "Transfer-Encoding: chunked",
        "Content-Length: -1",
        "Connection: close",
        "Upgrade: h2c"
    };
    private static final String[] ADMIN = {
        "/metrics",
        "/metrics/prometheus",
        "/healthcheck",
        "/ping",
        "/tasks/drain",
        "/tasks/kick?room=witness-a",
        "/tasks/gc",
        "/tasks/log-level?logger=io.keck&level=ALL",
        "/tasks/x",
        "/threads",
        "/pprof?duration=99",
        "/..;/tasks/drain",
        "//tasks/drain",
        "/%74asks/drain"
    };

    private final Random random;

    /** Numbers of any size in the encoding of lib0, including numbers that are too large for it to read. */
    private static final class Bytes {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();

        Bytes number(long n) {
            long rest = n;
            while ((rest & ~0x7fL) != 0) {
                out.write((int) (rest & 0x7f) | 0x80);
                rest >>>= 7;
            }
            return add((int) rest);
        }

        Bytes add(int b) {
            out.write(b);
            return this;
        }

        void addAll(byte[] bytes) {
            out.writeBytes(bytes);
        }

        byte[] toByteArray() {
            return out.toByteArray();
        }
    }

    /** A generator that draws every choice from this source. */
    public HostileGrammar(Random random) {
        this.random = random;
    }

    private long number() {
        return random.nextInt(4) == 0 ? NUMBERS[random.nextInt(NUMBERS.length)] : random.nextInt(40);
    }

    private <T> T any(T[] of) {
        return of[random.nextInt(of.length)];
    }

    // ------------------------------------------------------------------ messages

    /** A message of any kind, valid or nearly valid. */
    byte[] message() {
        Bytes out = new Bytes();
        switch (random.nextInt(10)) {
            case 0, 1 -> part(out, 1, awareness());
            case 2 -> part(out.number(0), 0, stateVector());
            case 3 -> part(out.number(0), 1, update());
            case 4, 5, 6, 7 -> part(out.number(0), 2, update());
            case 8 -> out.number(3);
            default -> part(out, (int) number(), update());
        }
        return random.nextInt(15) == 0 ? mutate(out.toByteArray()) : out.toByteArray();
    }

    private void part(Bytes out, int type, byte[] body) {
        out.number(Math.max(0, type));
        out.number(random.nextInt(90) == 0 ? number() : body.length);
        out.addAll(body);
    }

    private byte[] awareness() {
        Bytes out = new Bytes();
        int n = random.nextInt(4);
        out.number(random.nextInt(10) == 0 ? number() : n);
        for (int i = 0; i < n; i++) {
            out.number(number()).number(number());
            string(out, any(JSON));
        }
        return out.toByteArray();
    }

    private byte[] stateVector() {
        Bytes out = new Bytes();
        int n = random.nextInt(5);
        out.number(n);
        for (int i = 0; i < n; i++) {
            out.number(number()).number(number());
        }
        return out.toByteArray();
    }

    private byte[] update() {
        Bytes out = new Bytes();
        int clients = random.nextInt(4);
        out.number(random.nextInt(90) == 0 ? number() : clients);
        for (int i = 0; i < clients; i++) {
            int structs = random.nextInt(5);
            out.number(random.nextInt(90) == 0 ? number() : structs);
            out.number(number()).number(random.nextInt(3) == 0 ? number() : 0);
            for (int k = 0; k < structs; k++) {
                struct(out);
            }
        }
        int deleted = random.nextInt(3);
        out.number(deleted);
        for (int i = 0; i < deleted; i++) {
            out.number(number()).number(1).number(number()).number(number());
        }
        return out.toByteArray();
    }

    private void struct(Bytes out) {
        int content = random.nextInt(40) == 0 ? random.nextInt(32) : random.nextInt(11);
        int flags = random.nextInt(3) == 0 ? random.nextInt(8) << 5 : 0;
        out.add(flags | content);
        if (content == 0 || content == 10) {
            out.number(number());
            return;
        }
        for (int bit = 0x80; bit >= 0x40; bit >>= 1) {
            if ((flags & bit) != 0) {
                out.number(number()).number(number());
            }
        }
        if ((flags & 0xc0) == 0) {
            out.number(1);
            string(out, random.nextBoolean() ? "t" : "m");
            if ((flags & 0x20) != 0) {
                string(out, "k" + random.nextInt(3));
            }
        }
        content(out, content);
    }

    private void content(Bytes out, int kind) {
        switch (kind) {
            case 1 -> out.number(number());
            case 2, 6 -> {
                out.number(1);
                string(out, any(JSON));
            }
            case 3 -> {
                byte[] bytes = new byte[random.nextInt(50)];
                random.nextBytes(bytes);
                out.number(bytes.length);
                out.addAll(bytes);
            }
            case 4, 5 -> string(out, random.nextInt(5) == 0 ? "\ud83d\ude00\u202e" : "word");
            case 7 -> out.number(random.nextInt(9));
            default -> value(out, random.nextInt(20) == 0 ? 1_500 : random.nextInt(5));
        }
    }

    /** An array that nests to that depth; now and then a level has a kind that does not exist. */
    private void value(Bytes out, int depth) {
        out.number(1);
        for (int i = 0; i < depth; i++) {
            out.add(117).number(1);
        }
        out.add(random.nextInt(30) == 0 ? random.nextInt(256) : 126);
    }

    private static void string(Bytes out, String s) {
        byte[] bytes = s.getBytes(StandardCharsets.UTF_8);
        out.number(bytes.length);
        out.addAll(bytes);
    }

    private byte[] mutate(byte[] right) {
        if (right.length == 0) {
            return right;
        }
        int at = random.nextInt(right.length);
        byte[] wrong = right.clone();
        switch (random.nextInt(4)) {
            case 0 -> wrong[at] ^= (byte) (1 << random.nextInt(8));
            case 1 -> wrong[at] = (byte) random.nextInt(256);
            case 2 -> wrong = Arrays.copyOf(right, at);
            default -> wrong = Arrays.copyOf(right, right.length + 1 + random.nextInt(20));
        }
        return wrong;
    }

    /** A frame of Hocuspocus: the name of a document, perhaps with a session, the type of the message and its body. */
    byte[] hocuspocusMessage(String document) {
        if (random.nextInt(30) == 0) {
            return new byte[] {(byte) (8 + random.nextInt(4))};
        }
        Bytes out = new Bytes();
        switch (random.nextInt(12)) {
            case 0 -> string(out, document + "\0session-" + random.nextInt(3));
            case 1 -> string(out, any(NAMES));
            case 2 -> string(out, document + "-" + random.nextInt(2_000));
            default -> string(out, document);
        }
        switch (random.nextInt(10)) {
            case 0, 1, 2 -> {
                out.number(2).number(random.nextInt(10) == 0 ? number() : 0);
                string(out, random.nextInt(5) == 0 ? "t".repeat(random.nextInt(20_000)) : "token");
            }
            case 3 -> part(out.number(4), random.nextInt(3), random.nextBoolean() ? stateVector() : update());
            case 4 -> {
                out.number(5 + random.nextInt(2));
                string(out, any(JSON));
            }
            case 5 -> string(out.number(7), "bye");
            case 6 -> out.number(number());
            default -> out.addAll(message());
        }
        return random.nextInt(15) == 0 ? mutate(out.toByteArray()) : out.toByteArray();
    }

    // ------------------------------------------------------------------ the bus

    /**
     * What somebody publishes who can reach Redis and has no key: a message that was heard there, once more, cut, longer or
     * with other bits, or none that was ever sent.
     *
     * @param heard a message that a node has published, or null
     */
    public byte[] busMessage(byte @Nullable [] heard) {
        if (heard != null && random.nextInt(4) > 0) {
            return random.nextInt(4) == 0 ? heard : mutate(random.nextInt(3) == 0 ? mutate(heard) : heard);
        }
        byte[] bytes = new byte[random.nextInt(200)];
        random.nextBytes(bytes);
        return random.nextBoolean() ? bytes : update();
    }

    // ------------------------------------------------------------------ frames

    /** The frames of one message: a single frame, fragments with pings between them, or a form that RFC 6455 forbids. */
    public byte[] frames() {
        return frames(message());
    }

    /** The same of a message for one of the documents of a socket that speaks the protocol of Hocuspocus. */
    public byte[] hocuspocusFrames(String document) {
        return frames(hocuspocusMessage(document));
    }

    private byte[] frames(byte[] message) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        if (random.nextInt(3) > 0) {
            frame(out, 0x82, message, message.length);
        } else if (random.nextInt(20) > 0) {
            int from = 0;
            boolean isFirst = true;
            while (from < message.length || isFirst) {
                int to = Math.min(message.length, from + random.nextInt(1 + message.length / 2) + random.nextInt(2));
                boolean isLast = to == message.length && !isFirst;
                byte[] piece = Arrays.copyOfRange(message, from, to);
                frame(out, (isFirst ? 2 : 0) | (isLast ? 0x80 : 0), piece, piece.length);
                if (random.nextInt(4) == 0) {
                    frame(out, 0x89 + random.nextInt(2), new byte[3], 3);
                }
                from = to;
                isFirst = false;
                if (isLast) {
                    break;
                }
                if (from == message.length) {
                    frame(out, 0x80, new byte[0], 0);
                    break;
                }
            }
        } else {
            long claimed = random.nextBoolean() ? message.length : Math.abs(number());
            frame(out, random.nextInt(256), message, claimed);
        }
        return out.toByteArray();
    }

    private void frame(ByteArrayOutputStream out, int first, byte[] payload, long claimed) {
        out.write(first);
        int masked = random.nextInt(2_000) == 0 ? 0 : 0x80;
        if (claimed < 126) {
            out.write(masked | (int) claimed);
        } else if (claimed < 65_536) {
            out.write(masked | 126);
            out.write((int) (claimed >> 8));
            out.write((int) claimed);
        } else {
            out.write(masked | 127);
            for (int shift = 56; shift >= 0; shift -= 8) {
                out.write((int) (claimed >> shift));
            }
        }
        if (masked != 0) {
            out.writeBytes(new byte[4]); // a mask of zeros changes nothing
        }
        out.writeBytes(payload);
    }

    // ------------------------------------------------------------------ requests

    /** A request to the main port, for a document that only hostile clients use. */
    public byte[] request(String document) {
        String kind = random.nextInt(5) == 0 ? "/api/blobs/" : "/api/block/";
        String path = random.nextInt(20) == 0 ? any(ADMIN) : kind + document + any(PATHS);
        return request(any(METHODS), path);
    }

    /** A request to the admin port that lacks the header that tasks require, as a web page or a careless script sends it. */
    public byte[] adminRequest() {
        return request(any(METHODS), any(ADMIN));
    }

    private byte[] request(String method, String path) {
        StringBuilder head = new StringBuilder(method + " " + path + " HTTP/1.1\r\n");
        head.append(random.nextInt(20) == 0 ? "Host: evil.example\r\n" : "Host: localhost\r\n");
        for (int i = random.nextInt(4); i > 0; i--) {
            head.append(any(HEADERS)).append("\r\n");
        }
        byte[] body = random.nextBoolean()
                ? any(JSON).getBytes(StandardCharsets.UTF_8)
                : random.nextInt(3) == 0 ? update() : "{\"k\":[1,{\"x\":null}]}".getBytes(StandardCharsets.UTF_8);
        if (!method.equals("GET") && random.nextInt(10) > 0) {
            head.append("Content-Length: ").append(random.nextInt(20) == 0 ? number() : body.length);
            head.append("\r\n");
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
        out.writeBytes(body);
        byte[] right = out.toByteArray();
        return random.nextInt(6) == 0 ? mutate(right) : right;
    }
}
