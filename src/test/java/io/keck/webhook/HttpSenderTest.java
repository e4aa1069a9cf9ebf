package io.keck.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import io.keck.feed.Cursors.Endpoint;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HttpSenderTest {
    private static final Clock CLOCK = Clock.fixed(Instant.ofEpochSecond(1_700_000_000), ZoneOffset.UTC);

    private final List<String> seen = new CopyOnWriteArrayList<>();
    private final AtomicInteger lookups = new AtomicInteger();
    private volatile int status = 200;
    private HttpServer server;
    private HttpSender sender;
    private List<Signatures.Own> own = List.of();

    @BeforeEach
    void start() throws Exception {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            var headers = exchange.getRequestHeaders();
            seen.add(
                    exchange.getRequestMethod() + " " + headers.getFirst("Host").split(":")[0] + " "
                            + headers.getFirst("webhook-id") + " " + headers.getFirst("webhook-timestamp") + " "
                            + headers.getFirst("webhook-signature") + " " + headers.getFirst("Content-Type") + " "
                            + new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
            exchange.getResponseHeaders().set("Location", "/elsewhere");
            exchange.sendResponseHeaders(status, 2);
            exchange.getResponseBody().write("ok".getBytes(StandardCharsets.UTF_8));
            exchange.close();
        });
        server.start();
        sender = sender(5_000, host -> new InetAddress[] {InetAddress.getLoopbackAddress()});
    }

    private HttpSender sender(long timeout, HttpSender.Names names) throws Exception {
        HttpSender made = new HttpSender(new Signatures("s", own), CLOCK, timeout, 2, host -> {
            lookups.incrementAndGet();
            return names.resolve(host);
        });
        made.start();
        return made;
    }

    @AfterEach
    void stop() throws Exception {
        sender.stop();
        server.stop(0);
    }

    private Endpoint endpoint(boolean trusted) {
        return new Endpoint("http://hook.test:" + server.getAddress().getPort() + "/in", trusted, 1, "", 0);
    }

    /** Why it was not taken; null when it was. */
    private static Throwable post(HttpSender sender, Endpoint endpoint) {
        try {
            sender.post(endpoint, "1-2", "[]".getBytes(StandardCharsets.UTF_8))
                    .toCompletableFuture()
                    .orTimeout(60, TimeUnit.SECONDS)
                    .join();
            return null;
        } catch (CompletionException e) {
            return e.getCause();
        }
    }

    @Test
    void aDelivery_isAPost_withIdTimeAndSignature() {
        assertThat(post(sender, endpoint(true))).isNull();
        String signature = Signature.of("s").sign("1-2", 1_700_000_000, "[]".getBytes(StandardCharsets.UTF_8));
        assertThat(seen).containsExactly("POST hook.test 1-2 1700000000 " + signature + " application/json []");
    }

    @Test
    void redirectsAndErrors_areNotTaken_andNotFollowed() {
        for (int answer : new int[] {301, 302, 307, 308, 400, 401, 404, 429, 500, 503}) {
            status = answer;
            assertThat(post(sender, endpoint(true))).hasMessageContaining("it answered " + answer);
        }
        assertThat(seen).hasSize(10);
    }

    @Test
    void aNameThatStandsForAPrivateAddress_isNotConnectedTo() {
        assertThat(post(sender, endpoint(false))).isInstanceOf(AddressGuard.PrivateAddressException.class);
        assertThat(seen).isEmpty();
    }

    /** What was judged is what is connected to: nobody asks a second time. */
    @Test
    void aNameThatChangesItsMind_gainsNothing() throws Exception {
        sender.stop();
        InetAddress open = InetAddress.getByAddress("hook.test", new byte[] {8, 8, 8, 8});
        AtomicInteger asked = new AtomicInteger();
        sender = sender(500, host ->
                new InetAddress[] {asked.getAndIncrement() == 0 ? open : InetAddress.getLoopbackAddress()});
        assertThat(post(sender, endpoint(false))).isNotNull();
        assertThat(lookups).hasValue(1);
        assertThat(post(sender, endpoint(false))).isInstanceOf(AddressGuard.PrivateAddressException.class);
        assertThat(seen).isEmpty();
    }

    @Test
    void oneBadAddressAmongGoodOnes_isEnoughToRefuse() throws Exception {
        sender.stop();
        sender =
                sender(500, host -> new InetAddress[] {
                    InetAddress.getByAddress(new byte[] {8, 8, 8, 8}), InetAddress.getLoopbackAddress()
                });
        assertThat(post(sender, endpoint(false))).isInstanceOf(AddressGuard.PrivateAddressException.class);
    }

    @Test
    void aHostThatIsNotFound_isAFailure() throws Exception {
        sender.stop();
        sender = sender(500, host -> {
            throw new UnknownHostException(host);
        });
        assertThat(post(sender, endpoint(true))).isInstanceOf(UnknownHostException.class);
    }

    @Test
    void aReceiverThatHangs_isGivenUp() throws Exception {
        sender.stop();
        sender = sender(300, host -> new InetAddress[] {InetAddress.getLoopbackAddress()});
        try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            Endpoint endpoint = new Endpoint("http://hook.test:" + silent.getLocalPort() + "/", true, 1, "", 0);
            for (int i = 0; i < 3; i++) {
                assertThat(post(sender, endpoint)).isInstanceOf(java.util.concurrent.TimeoutException.class);
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    // ---- a secret for each endpoint

    private Endpoint at(String host, String path) {
        return new Endpoint("http://" + host + ":" + server.getAddress().getPort() + path, true, 1, "", 0);
    }

    private String signatureOfLast() {
        return seen.get(seen.size() - 1).split(" ")[4];
    }

    private static String signed(String secret) {
        return Signature.of(secret).sign("1-2", 1_700_000_000, "[]".getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void anEndpointWithASecretOfItsOwn_isSignedWithThat_andAllOthersWithTheCommonOne() throws Exception {
        sender.stop();
        own = List.of(
                new Signatures.Own(at("Hook.test", "/billing?x=1").url(), "billing"),
                new Signatures.Own(at("hook.test", "").url(), "whsec_" + "c2VjcmV0"));
        sender = sender(5_000, host -> new InetAddress[] {InetAddress.getLoopbackAddress()});

        assertThat(post(sender, at("hook.test", "/billing?x=1"))).isNull();
        assertThat(signatureOfLast()).isEqualTo(signed("billing"));
        assertThat(post(sender, at("hook.test", "/"))).isNull();
        assertThat(signatureOfLast()).isEqualTo(signed("secret"));
        for (Endpoint other : List.of(
                at("hook.test", "/billing"), at("hook.test", "/billing?x=2"), at("other.test", "/billing?x=1"))) {
            assertThat(post(sender, other)).isNull();
            assertThat(signatureOfLast()).isEqualTo(signed("s"));
        }
    }

    /** The twin: with one secret for all, a delivery to a stranger is signed as one for the receiver that has been there. */
    @Test
    void withOneSecretForAll_aStrangerGetsWhatTheReceiverWouldTake() {
        assertThat(post(sender, at("hook.test", "/billing"))).isNull();
        String toTheReceiver = signatureOfLast();
        assertThat(post(sender, at("stranger.test", "/"))).isNull();
        assertThat(signatureOfLast()).isEqualTo(toTheReceiver);
    }

    @Test
    void endpointsThatCannotBeUsed_areRefused_withoutTheirSecrets() {
        for (List<Signatures.Own> bad : List.of(
                List.of(new Signatures.Own("ftp://a.test/", "topsecret")),
                List.of(new Signatures.Own(null, "topsecret")),
                List.of(new Signatures.Own("http://a.test/", null)),
                List.of(new Signatures.Own("http://a.test/", "whsec_topsecret!")),
                List.of(
                        new Signatures.Own("http://a.test", "topsecret"),
                        new Signatures.Own("HTTP://A.test:80/", "other")))) {
            assertThatThrownBy(() -> new Signatures("", bad))
                    .isInstanceOf(IllegalArgumentException.class)
                    .satisfies(e -> assertThat(e.toString()).doesNotContain("topsecret"));
        }
        assertThat(new Signatures.Own("http://a.test", "topsecret").toString()).doesNotContain("topsecret");
    }

    @Test
    void withoutAnySecret_nothingIsSigned() {
        assertThat(new Signatures("", List.of()).of("http://a.test")).isNull();
        Signatures some = new Signatures(null, List.of(new Signatures.Own("http://a.test", "x")));
        assertThat(some.of("http://b.test")).isNull();
        assertThat(some.of("http://a.test:80/")).isNotNull();
    }
}
