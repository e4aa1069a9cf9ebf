package io.keck.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP server that receives webhooks and judges them: signatures, order, repeats. It can be switched off and made to
 * misbehave. Thread-safe.
 */
public final class HookReceiver implements AutoCloseable {
    private static final Pattern ENTRY = Pattern.compile("\\{\"workspace_id\":");
    private static final Pattern CREDIT =
            Pattern.compile(",\"by\":\"[^\"]*\",\"origin\":\"[a-z]+\"(,\"at\":\\d+)?(,\"written_by\":\"[^\"]*\")?");

    /** The secret with which deliveries must be signed. */
    public static final String SECRET = "a secret of the test";

    /** A delivery that has arrived. */
    public record Delivery(String id, String body) {}

    private final int port;
    private final List<Delivery> deliveries = new ArrayList<>();
    private final List<String> unsigned = new ArrayList<>();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private @Nullable HttpServer server;
    /** Whether it records deliveries but answers them with an error. */
    public volatile boolean isForgetful;
    /** Whether it records deliveries but never answers. */
    public volatile boolean isSilent;

    /** Starts listening on a free port. */
    public HookReceiver() {
        port = open(0);
    }

    private int open(int onPort) {
        try {
            HttpServer opened = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), onPort), 0);
            opened.createContext("/", this::take);
            opened.setExecutor(threads);
            opened.start();
            server = opened;
            return opened.getAddress().getPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The address to register as an endpoint. */
    public String url() {
        return "http://127.0.0.1:" + port + "/changes";
    }

    /** Stops listening: connections are refused. */
    public void away() {
        if (server != null) {
            server.stop(0);
            server = null;
        }
    }

    /** Listens again, on the same port. */
    public void back() {
        open(port);
    }

    private void take(HttpExchange exchange) throws IOException {
        byte[] body = exchange.getRequestBody().readAllBytes();
        var headers = exchange.getRequestHeaders();
        String id = headers.getFirst("webhook-id");
        String signed = id + "." + headers.getFirst("webhook-timestamp") + ".";
        boolean verified = ("v1," + hmac(signed.getBytes(StandardCharsets.UTF_8), body))
                .equals(headers.getFirst("webhook-signature"));
        synchronized (deliveries) {
            deliveries.add(new Delivery(id, new String(body, StandardCharsets.UTF_8)));
            if (!verified) {
                unsigned.add(id);
            }
        }
        if (isSilent) {
            return; // whoever asks has to go away
        }
        exchange.sendResponseHeaders(isForgetful ? 500 : 200, -1);
        exchange.close();
    }

    private static String hmac(byte[] begin, byte[] rest) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(SECRET.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
            mac.update(begin);
            return Base64.getEncoder().encodeToString(mac.doFinal(rest));
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    /** The deliveries so far, in the order in which they came. */
    public List<Delivery> deliveries() {
        synchronized (deliveries) {
            return List.copyOf(deliveries);
        }
    }

    /** The number of deliveries that it has accepted. */
    public int count() {
        synchronized (deliveries) {
            return deliveries.size();
        }
    }

    /**
     * What is wrong with the deliveries so far, one sentence for each problem; empty where nothing is. Each entry has to say who
     * made it; whether that is right is not compared.
     *
     * @param expected what was committed, by room id: the entries as JSON, each with a comma after it
     */
    public List<String> problems(Map<Long, String> expected) {
        List<String> problems = new ArrayList<>();
        Map<String, String> bodies = new LinkedHashMap<>();
        synchronized (deliveries) {
            unsigned.forEach(id -> problems.add(id + " has a wrong signature"));
            for (Delivery delivery : deliveries) {
                String before = bodies.putIfAbsent(delivery.id(), delivery.body());
                if (before != null && !before.equals(delivery.body())) {
                    problems.add(delivery.id() + " came with two bodies");
                }
            }
        }
        Map<Long, Long> last = new HashMap<>();
        Map<Long, StringBuilder> got = new HashMap<>();
        bodies.forEach((id, body) -> {
            long room = Long.parseLong(id.split("-")[0]);
            long seq = Long.parseLong(id.split("-")[1]);
            Long before = last.put(room, seq);
            if (before != null && before >= seq) {
                problems.add(id + " came after " + before);
            }
            got.computeIfAbsent(room, r -> new StringBuilder())
                    .append(body, 1, body.length() - 1)
                    .append(',');
        });
        expected.forEach((room, credits) -> {
            String entries = CREDIT.matcher(credits).replaceAll("");
            String credited = got.getOrDefault(room, new StringBuilder()).toString();
            String came = CREDIT.matcher(credited).replaceAll("");
            if (CREDIT.matcher(credited).results().count()
                    != ENTRY.matcher(credited).results().count()) {
                problems.add("room " + room + " has entries that do not say who made them");
            }
            if (!came.equals(entries)) {
                int at = 0;
                while (at < Math.min(came.length(), entries.length()) && came.charAt(at) == entries.charAt(at)) {
                    at++;
                }
                problems.add("room " + room + " differs at " + at + " of " + entries.length() + ": "
                        + came.substring(Math.max(0, at - 200), Math.min(came.length(), at + 200)) + " instead of "
                        + entries.substring(Math.max(0, at - 200), Math.min(entries.length(), at + 200)));
            }
        });
        return problems;
    }

    /** The number of deliveries that came more than once. */
    public int repeats() {
        synchronized (deliveries) {
            return deliveries.size()
                    - (int) deliveries.stream().map(Delivery::id).distinct().count();
        }
    }

    @Override
    public void close() {
        away();
        threads.shutdownNow();
    }
}
