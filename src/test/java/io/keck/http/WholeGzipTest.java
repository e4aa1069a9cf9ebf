package io.keck.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.LocalConnector;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.handler.gzip.GzipHandler;
import org.eclipse.jetty.util.Callback;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Compressed bodies through Jetty's own decompression, with the handler before it and without. */
class WholeGzipTest {
    private static final long SEED = 41;

    /** Answers with the number of decompressed bytes and their hash, or 400. */
    private static final class Counting extends Handler.Abstract {
        @Override
        public boolean handle(Request request, Response response, Callback callback) {
            String said;
            try {
                ByteBuffer body = Content.Source.asByteBuffer(request);
                said = body.remaining() + " " + body.hashCode();
            } catch (IOException | RuntimeException e) {
                response.setStatus(400);
                said = "refused";
            }
            response.write(true, ByteBuffer.wrap(said.getBytes(StandardCharsets.UTF_8)), callback);
            return true;
        }
    }

    private static byte[] bytes(int size, boolean random) {
        byte[] bytes = new byte[size];
        if (random) {
            new Random(SEED).nextBytes(bytes);
        }
        return bytes;
    }

    private static byte[] zip(byte[] bytes) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    private static byte[] concat(byte[] a, byte[] b) {
        byte[] both = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, both, a.length, b.length);
        return both;
    }

    /** A server that has started, with a connector that needs no port. */
    @SuppressWarnings("removal") // Dropwizard still has Jetty decompress with this handler
    private static final class Local implements AutoCloseable {
        private final Server server = new Server();
        private final LocalConnector connector = new LocalConnector(server);

        Local(boolean watched) throws Exception {
            GzipHandler gzip = new GzipHandler();
            gzip.setInflateBufferSize(8 << 10);
            gzip.setHandler(new Counting());
            server.setHandler(gzip);
            if (watched) {
                server.insertHandler(new WholeGzip());
            }
            server.addConnector(connector);
            server.start();
        }

        /** The last line of the answer. */
        String post(byte[] body, String encoding) throws Exception {
            String head = "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Encoding: " + encoding
                    + "\r\nContent-Length: " + body.length + "\r\n\r\n";
            ByteBuffer answer =
                    connector.getResponse(ByteBuffer.wrap(concat(head.getBytes(StandardCharsets.ISO_8859_1), body)));
            String text = StandardCharsets.ISO_8859_1.decode(answer).toString();
            return text.substring(text.lastIndexOf('\n') + 1);
        }

        @Override
        public void close() throws Exception {
            server.stop();
        }
    }

    private static String whole(byte[] bytes) {
        return bytes.length + " " + ByteBuffer.wrap(bytes).hashCode();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 8191, 8192, 8193, 300_000})
    void wholeBody_isTakenAsItIs(int size) throws Exception {
        try (Local local = new Local(true)) {
            for (boolean random : new boolean[] {true, false}) {
                byte[] bytes = bytes(size, random);
                assertThat(local.post(zip(bytes), "gzip")).isEqualTo(whole(bytes));
                assertThat(local.post(bytes, "identity")).isEqualTo(whole(bytes));
            }
            byte[] bytes = bytes(size, true);
            assertThat(local.post(concat(zip(bytes), zip(bytes)), "GZIP"))
                    .as("two members")
                    .isEqualTo(whole(concat(bytes, bytes)));
        }
    }

    @Test
    void bodyThatEndsEarly_isRefused_whereverItIsCut() throws Exception {
        byte[] small = zip(bytes(20, true));
        byte[] large = zip(bytes(200_000, true));
        byte[] even = zip(bytes(2_000_000, false));
        try (Local local = new Local(true)) {
            for (int cut = 1; cut < small.length; cut++) {
                assertThat(local.post(Arrays.copyOf(small, cut), "gzip"))
                        .as("cut at %d", cut)
                        .isEqualTo("refused");
            }
            Random random = new Random(SEED);
            for (byte[] body : new byte[][] {large, even}) {
                for (int i = 0; i < 10; i++) {
                    int cut = i == 0 ? body.length - 1 : 1 + random.nextInt(body.length - 1);
                    assertThat(local.post(Arrays.copyOf(body, cut), "gzip"))
                            .as("cut at %d of %d", cut, body.length)
                            .isEqualTo("refused");
                }
            }
            assertThat(local.post(bytes(50, true), "gzip")).as("no gzip").isEqualTo("refused");
            assertThat(local.post(small, "gzip")).as("the next one is well").isEqualTo(whole(bytes(20, true)));
        }
    }

    @Test
    void withoutThisHandler_halfABodyPassesForTheWhole() throws Exception {
        byte[] body = zip(bytes(200_000, true));
        try (Local local = new Local(false)) {
            assertThat(local.post(Arrays.copyOf(body, body.length / 2), "gzip"))
                    .isNotEqualTo("refused")
                    .isNotEqualTo(whole(bytes(200_000, true)));
        }
    }
}
