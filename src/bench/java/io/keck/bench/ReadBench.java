package io.keck.bench;

import io.dropwizard.core.Application;
import io.dropwizard.core.server.DefaultServerFactory;
import io.dropwizard.core.setup.Environment;
import io.dropwizard.jetty.HttpConnectorFactory;
import io.dropwizard.testing.DropwizardTestSupport;
import io.keck.KeckApplication;
import io.keck.KeckConfiguration;
import io.keck.crdt.Doc;
import io.keck.crdt.YMap;
import io.keck.testing.KeckProcess;
import io.keck.testing.PostgresServer;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.container.ContainerResponseFilter;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/**
 * How long the server takes to answer {@code GET /api/block/{ws}/map/{name}/{key}} from a document of 1 MB that is loaded:
 * the whole application over its database, one client that asks for one key after the other. Times are taken inside: when
 * the request reaches the first filter, when it was matched to its resource, when the answer was there, when it was written.
 * Not a test: {@code main}.
 */
public final class ReadBench {
    private static final int KEYS = 8_000;
    private static final int VALUE = 100;
    private static final int TEXT = 200_000;
    private static final String MATCHED = "bench.matched";
    private static final String ANSWERED = "bench.answered";

    /** Nanoseconds of one call: to its resource, to its answer, to its end. */
    private record Times(long matched, long answered, long written) {}

    private static final BlockingQueue<Times> TIMES = new ArrayBlockingQueue<>(1);

    private ReadBench() {}

    /** Keck with a clock in it. */
    public static final class Timed extends Application<KeckConfiguration> {
        @Override
        public void run(KeckConfiguration config, Environment environment) {
            environment
                    .servlets()
                    .addFilter("clock", new Clock())
                    .addMappingForUrlPatterns(EnumSet.of(DispatcherType.REQUEST), false, "/*");
            new KeckApplication().run(config, environment);
            environment.jersey().register(new Marks());
        }
    }

    private static final class Clock extends HttpFilter {
        private static final long serialVersionUID = 1L;

        @Override
        protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
                throws IOException, ServletException {
            long begin = System.nanoTime();
            chain.doFilter(request, response);
            if (request.isAsyncStarted() && request.getMethod().equals("GET")) {
                request.getAsyncContext().addListener(new AsyncListener() {
                    @Override
                    public void onComplete(AsyncEvent event) {
                        long written = System.nanoTime() - begin;
                        Object matched = request.getAttribute(MATCHED);
                        Object answered = request.getAttribute(ANSWERED);
                        if (matched instanceof Long m && answered instanceof Long a) {
                            TIMES.add(new Times(m - begin, a - begin, written));
                        }
                    }

                    @Override
                    public void onTimeout(AsyncEvent event) {}

                    @Override
                    public void onError(AsyncEvent event) {}

                    @Override
                    public void onStartAsync(AsyncEvent event) {}
                });
            }
        }
    }

    /** Notes when a request was matched and when its answer was there. */
    public static final class Marks implements ContainerRequestFilter, ContainerResponseFilter {
        @Override
        public void filter(ContainerRequestContext request) {
            request.setProperty(MATCHED, System.nanoTime());
        }

        @Override
        public void filter(ContainerRequestContext request, ContainerResponseContext response) {
            request.setProperty(ANSWERED, System.nanoTime());
        }
    }

    /** Arguments: sqlite or postgres, calls a round, rounds. */
    public static void main(String[] args) throws Exception {
        boolean postgres = args.length > 0 && args[0].equals("postgres");
        int calls = args.length > 1 ? Integer.parseInt(args[1]) : 5_000;
        int rounds = args.length > 2 ? Integer.parseInt(args[2]) : 6;
        Path dir = Files.createTempDirectory("keck-bench");
        KeckConfiguration config = new KeckConfiguration();
        if (postgres) {
            PostgresServer server = PostgresServer.start(dir);
            Runtime.getRuntime().addShutdownHook(new Thread(server::close));
            config.database().setUrl("postgres://postgres@127.0.0.1:" + server.port() + "/postgres");
        } else {
            config.database().setUrl("jdbc:sqlite:" + dir.resolve("keck.db"));
        }
        DefaultServerFactory server = (DefaultServerFactory) config.getServerFactory();
        for (var connector : server.getApplicationConnectors()) {
            ((HttpConnectorFactory) connector).setPort(0);
            ((HttpConnectorFactory) connector).setBindHost("127.0.0.1");
        }
        for (var connector : server.getAdminConnectors()) {
            ((HttpConnectorFactory) connector).setPort(0);
            ((HttpConnectorFactory) connector).setBindHost("127.0.0.1");
        }
        DropwizardTestSupport<KeckConfiguration> support = new DropwizardTestSupport<>(Timed.class, config);
        support.before();
        byte[] update = document();
        HttpResponse<Void> made = KeckProcess.HTTP.send(
                HttpRequest.newBuilder(
                                URI.create("http://127.0.0.1:" + support.getLocalPort() + "/api/block/bench/init"))
                        .POST(HttpRequest.BodyPublishers.ofByteArray(update))
                        .build(),
                HttpResponse.BodyHandlers.discarding());
        System.out.printf(
                "%s, a document of %d bytes: %d%n",
                args.length > 0 ? args[0] : "sqlite", update.length, made.statusCode());
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), support.getLocalPort())) {
            socket.setTcpNoDelay(true);
            for (String query : new String[] {"", "?consistency=local"}) {
                for (int round = 0; round < rounds; round++) {
                    round(socket, query, calls, round);
                }
            }
        }
        System.exit(0);
    }

    private static byte[] document() {
        Random random = new Random(1);
        Doc doc = new Doc();
        YMap map = doc.getMap("m");
        doc.transact(transaction -> {
            for (int i = 0; i < KEYS; i++) {
                map.set("key" + i, text(random, VALUE));
            }
            doc.getText("t").insert(0, text(random, TEXT));
        });
        return doc.encodeStateAsUpdate();
    }

    private static String text(Random random, int length) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            text.append((char) ('a' + random.nextInt(26)));
        }
        return text.toString();
    }

    private static void round(Socket socket, String query, int calls, int round) throws Exception {
        InputStream in = new BufferedInputStream(socket.getInputStream());
        OutputStream out = socket.getOutputStream();
        Random random = new Random(round);
        double[] matched = new double[calls];
        double[] answered = new double[calls];
        double[] written = new double[calls];
        for (int i = 0; i < calls; i++) {
            String request = "GET /api/block/bench/map/m/key" + random.nextInt(KEYS) + query
                    + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
            out.write(request.getBytes(StandardCharsets.US_ASCII));
            if (bodyLength(in) != VALUE + 2) {
                throw new IllegalStateException("another answer than was expected");
            }
            in.skipNBytes(VALUE + 2);
            Times times = TIMES.take();
            matched[i] = times.matched / 1e3;
            answered[i] = (times.answered - times.matched) / 1e3;
            written[i] = times.written / 1e3;
        }
        System.out.printf(
                Locale.ROOT,
                "%-18s round %d: in the server p50 %5.0f us, p99 %5.0f us, of it to the resource %4.0f, to the answer %4.0f (p50)%n",
                query,
                round,
                at(written, 0.5),
                at(written, 0.99),
                at(matched, 0.5),
                at(answered, 0.5));
    }

    private static double at(double[] values, double quantile) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[(int) (quantile * (sorted.length - 1))];
    }

    /** Reads the head of an answer of 200. */
    private static int bodyLength(InputStream in) throws IOException {
        int length = -1;
        StringBuilder line = new StringBuilder();
        while (true) {
            int b = in.read();
            if (b == '\n') {
                String text = line.toString().strip();
                if (text.isEmpty()) {
                    return length;
                }
                if (text.startsWith("Content-Length: ")) {
                    length = Integer.parseInt(text.substring("Content-Length: ".length()));
                }
                line.setLength(0);
            } else if (b < 0) {
                throw new IOException("the connection ended");
            } else {
                line.append((char) b);
            }
        }
    }
}
