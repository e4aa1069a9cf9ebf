package io.keck.ops.bench;

import io.keck.thread.Threads;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Puts a load like that of editors on a running server: creates rooms with real WebSocket clients that type letters at
 * a steady rate, and measures the time from the sending of a letter to its receipt by each other client of the room.
 * Bounded in count and time; removes its rooms afterwards. Used once, by one thread.
 */
public final class Bench {
    /** The largest number of connections and requests under way at the same time. */
    private static final int AT_ONCE = 50;

    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int MAX_CLIENTS = 5_000;
    private static final long MAX_LETTERS = 10_000_000;
    private static final int MAX_SECONDS = 3_600;
    private static final long NANOS = 1_000_000_000;

    /**
     * The options of a run. Immutable.
     *
     * @param server a ws: or wss: URL; its path is ignored, its query is sent with each connection
     * @param rooms the number of rooms
     * @param clients the number of clients in each room
     * @param rate letters per second of each client
     * @param seconds the time of typing
     * @param keep whether the rooms stay
     */
    public record Options(URI server, int rooms, int clients, double rate, int seconds, boolean keep) {
        /**
         * Checks the bounds.
         *
         * @throws IllegalArgumentException with a sentence, if a value is out of bounds
         */
        public Options {
            String scheme = server.getScheme() == null ? "" : server.getScheme().toLowerCase(Locale.ROOT);
            require(
                    (scheme.equals("ws") || scheme.equals("wss")) && server.getHost() != null,
                    "The URL must begin with ws:// or wss:// and name a host.");
            require(rooms >= 1 && clients >= 1, "There must be at least one room and one client.");
            require((long) rooms * clients <= MAX_CLIENTS, "There must be at most " + MAX_CLIENTS + " clients in all.");
            require(rate > 0 && rate <= 1_000, "The rate must be above 0 and at most 1000.");
            require(seconds >= 1 && seconds <= MAX_SECONDS, "The time must be 1 to " + MAX_SECONDS + " seconds.");
            require(
                    (double) rooms * clients * rate * seconds <= MAX_LETTERS,
                    "There must be at most " + MAX_LETTERS + " letters in all: lower the rate or the time.");
        }

        private static void require(boolean right, String sentence) {
            if (!right) {
                throw new IllegalArgumentException(sentence);
            }
        }
    }

    /** The counters of a run. Thread-safe. */
    static final class Counters {
        final Latencies latencies = new Latencies();
        final LongAdder sent = new LongAdder();
        final LongAdder frames = new LongAdder();
        final LongAdder bytes = new LongAdder();
        final LongAdder heldBack = new LongAdder();
        final LongAdder malformed = new LongAdder();
        private final AtomicLong received = new AtomicLong();
        private volatile long awaited = Long.MAX_VALUE;
        private final Map<String, Integer> closes = new TreeMap<>();

        /** Counts a letter that another client received {@code nanos} nanoseconds after it was sent. */
        void received(long nanos) {
            latencies.add(nanos);
            if (received.incrementAndGet() >= awaited) {
                synchronized (this) {
                    notifyAll();
                }
            }
        }

        /** Waits until {@code letters} letters were received, for at most {@code nanos} nanoseconds. */
        synchronized void awaitReceived(long letters, long nanos) throws InterruptedException {
            awaited = letters; // set before the check, so that a thread that counts meanwhile sees it
            long until = System.nanoTime() + nanos;
            for (long left = nanos; left > 0 && received.get() < letters; left = until - System.nanoTime()) {
                TimeUnit.NANOSECONDS.timedWait(this, left);
            }
        }

        synchronized void closed(String why) {
            closes.merge(why, 1, Integer::sum);
        }

        synchronized Map<String, Integer> closes() {
            return new TreeMap<>(closes);
        }
    }

    /**
     * The result of a run.
     *
     * @param connected the number of connected clients
     * @param sent the number of letters sent
     * @param received the number of receipts of letters, by each other client of the room
     * @param missing receipts that did not happen within some seconds after the end
     * @param heldBack letters that were not typed because the server accepted no more
     * @param quantiles milliseconds: p50, p90, p99, p99.9, max
     * @param frames received frames with updates; one may hold several letters
     * @param errors the errors, with the number of times each occurred
     * @param roomsLeft rooms that could not be removed
     */
    public record Result(
            int connected,
            long sent,
            long received,
            long missing,
            long heldBack,
            double[] quantiles,
            long frames,
            long bytes,
            double seconds,
            Map<String, Integer> errors,
            int roomsLeft) {
        /** Whether no receipt is missing, no error occurred and all rooms were removed. */
        public boolean isClean() {
            return missing == 0 && errors.isEmpty() && roomsLeft == 0;
        }
    }

    private final Options options;
    private final Consumer<String> progress;
    private final Counters counters = new Counters();
    private final List<String> names = new ArrayList<>();
    private final List<BenchClient> clients = new ArrayList<>();
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(PATIENCE)
            .build();

    /** @param progress receives a description of each phase as it begins */
    public Bench(Options options, Consumer<String> progress) {
        this.options = options;
        this.progress = progress;
        String run = Long.toHexString(new SecureRandom().nextLong());
        int letters = (int) Math.ceil(options.rate() * options.seconds()) + 1;
        for (int i = 0; i < options.rooms(); i++) {
            names.add("bench-" + run + "-" + i);
            Map<Long, BenchClient> room = new HashMap<>();
            for (int j = 0; j < options.clients(); j++) {
                BenchClient client = new BenchClient(j + 1, room, letters, counters);
                room.put(j + 1L, client);
                clients.add(client);
            }
        }
    }

    /** Runs the bench. The rooms are removed even after a failure. */
    public Result run() throws InterruptedException {
        int connected;
        double seconds = 0;
        int left;
        try {
            connected = connect();
            if (connected > 0) {
                seconds = type();
                counters.awaitReceived(expected(), PATIENCE.toNanos());
            }
        } finally {
            clients.forEach(BenchClient::close);
            left = options.keep() ? 0 : remove();
        }
        return result(connected, seconds, left);
    }

    private Result result(int connected, double seconds, int left) {
        Latencies latencies = counters.latencies;
        Map<String, Integer> errors = counters.closes();
        if (counters.malformed.sum() > 0) {
            errors.put("malformed frames", counters.malformed.intValue());
        }
        return new Result(
                connected,
                counters.sent.sum(),
                latencies.count(),
                expected() - latencies.count(),
                counters.heldBack.sum(),
                new double[] {
                    latencies.quantile(0.5),
                    latencies.quantile(0.9),
                    latencies.quantile(0.99),
                    latencies.quantile(0.999),
                    latencies.quantile(1)
                },
                counters.frames.sum(),
                counters.bytes.sum(),
                seconds,
                errors,
                left);
    }

    private static URI at(URI server, String scheme, String path, @Nullable String query) {
        int port = server.getPort();
        return URI.create(scheme + "://" + server.getHost() + (port < 0 ? "" : ":" + port) + path
                + (query == null ? "" : "?" + query));
    }

    private int connect() throws InterruptedException {
        progress.accept("Connecting " + clients.size() + " clients in " + names.size() + " rooms");
        Semaphore slots = new Semaphore(AT_ONCE);
        for (int i = 0; i < clients.size(); i++) {
            BenchClient client = clients.get(i);
            URI room = at(
                    options.server(),
                    options.server().getScheme(),
                    "/collaboration/" + names.get(i / options.clients()),
                    options.server().getRawQuery());
            slots.acquire();
            var unused = http.newWebSocketBuilder()
                    .connectTimeout(PATIENCE)
                    .buildAsync(room, client)
                    .whenComplete((socket, error) -> {
                        if (error != null) {
                            counters.closed("not connected: " + error.getMessage());
                            client.synced().completeExceptionally(error);
                        }
                    });
            var unusedToo = client.synced()
                    .orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS)
                    .whenComplete((done, error) -> slots.release());
        }
        slots.acquire(AT_ONCE);
        slots.release(AT_ONCE);
        return (int) clients.stream()
                .filter(c -> c.synced().isDone() && !c.synced().isCompletedExceptionally())
                .count();
    }

    /** Lets all clients type; returns the time that took, in seconds. */
    private double type() throws InterruptedException {
        progress.accept("Typing for " + options.seconds() + " s");
        ScheduledExecutorService typing = Threads.scheduler("bench-typing", 2);
        long every = (long) (NANOS / options.rate());
        long begun = System.nanoTime();
        for (int i = 0; i < clients.size(); i++) {
            long first = every * i / clients.size(); // spread over the interval
            var unused = typing.scheduleAtFixedRate(clients.get(i)::type, first, every, TimeUnit.NANOSECONDS);
        }
        TimeUnit.SECONDS.sleep(options.seconds());
        typing.shutdownNow();
        boolean ended = typing.awaitTermination(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        if (!ended) {
            counters.closed("typing did not end");
        }
        return (System.nanoTime() - begun) / 1e9;
    }

    private long expected() {
        return clients.stream().mapToLong(BenchClient::typed).sum() * (options.clients() - 1);
    }

    /** Removes the rooms; returns how many could not be removed. */
    private int remove() throws InterruptedException {
        progress.accept("Removing the rooms");
        String scheme = options.server().getScheme().equalsIgnoreCase("wss") ? "https" : "http";
        Semaphore slots = new Semaphore(AT_ONCE);
        LongAdder removed = new LongAdder();
        List<CompletableFuture<?>> all = new ArrayList<>();
        for (String name : names) {
            slots.acquire();
            HttpRequest request = HttpRequest.newBuilder(at(
                            options.server(),
                            scheme,
                            "/api/block/" + name,
                            options.server().getRawQuery()))
                    .timeout(PATIENCE)
                    .DELETE()
                    .build();
            all.add(http.sendAsync(request, HttpResponse.BodyHandlers.discarding())
                    .handle((answer, error) -> {
                        slots.release();
                        if (answer != null && answer.statusCode() == 204) {
                            removed.increment();
                        }
                        return null;
                    }));
        }
        CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)).join();
        return names.size() - removed.intValue();
    }

    /** Formats the result in a few lines. */
    public static String text(Result result) {
        double[] q = result.quantiles();
        StringBuilder text = new StringBuilder();
        text.append("Clients:  ").append(result.connected()).append(" connected\n");
        text.append(String.format(
                Locale.ROOT,
                "Sent:     %d letters, %.0f/s; not typed because the server accepted no more: %d\n",
                result.sent(),
                result.sent() / Math.max(0.001, result.seconds()),
                result.heldBack()));
        text.append(String.format(
                Locale.ROOT,
                "Received: %d letters, %.0f/s, in %d frames, %d bytes; missing: %d\n",
                result.received(),
                result.received() / Math.max(0.001, result.seconds()),
                result.frames(),
                result.bytes(),
                result.missing()));
        text.append(String.format(
                Locale.ROOT,
                "Latency:  p50 %.1f ms, p90 %.1f ms, p99 %.1f ms, p99.9 %.1f ms, max %.1f ms"
                        + " (from sending to another client's receipt)\n",
                q[0],
                q[1],
                q[2],
                q[3],
                q[4]));
        result.errors()
                .forEach((what, times) -> text.append("Error:    ")
                        .append(times)
                        .append(" times: ")
                        .append(what)
                        .append('\n'));
        if (result.roomsLeft() > 0) {
            text.append("Error:    ").append(result.roomsLeft()).append(" rooms could not be removed\n");
        }
        return text.toString();
    }
}
