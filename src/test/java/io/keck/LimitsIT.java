package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.auth.NewKey;
import io.keck.protocol.Message;
import io.keck.testing.Eventually;
import io.keck.testing.KeckProcess;
import io.keck.testing.RawClient;
import io.keck.testing.SyncClient;
import io.keck.testing.Typist;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Limits that hang on a grant, and quotas of tenants, over HTTP and WebSockets. The key without limits is the twin. */
class LimitsIT {
    @TempDir
    private static Path dir;

    private static final List<String> LINES = new ArrayList<>();
    private static final NewKey FREE = key("free", "");
    private static final NewKey CALLS = key("calls", "\"requestsPerSecond\":1");
    private static final NewKey SOCKETS = key("sockets", "\"connections\":2");
    private static final NewKey MAKER = key("maker", "\"newDocumentsPerHour\":2");
    private static final NewKey SENDER = key("sender", "\"bytesPerSecond\":1000");
    private static final NewKey READER = NewKey.make("reader", "*", "read");
    private static final NewKey WRITER = key("writer", "\"maxDocument\":2000");

    private static KeckProcess keck;

    private static NewKey key(String name, String limits) {
        NewKey made = NewKey.make(name, "*", "admin");
        LINES.add(limits.isEmpty() ? made.line() : made.line().replaceFirst("\\{", "{\"limits\":{" + limits + "},"));
        return made;
    }

    private static List<String> lines() {
        LINES.add(READER.line());
        return LINES;
    }

    @BeforeAll
    static void start() throws IOException {
        keck = KeckProcess.in(dir)
                .brief()
                .env(
                        "KECK_API_KEYS_FILE",
                        Files.write(dir.resolve("keys.jsonl"), lines()).toString())
                .with("access.tenants.named.small.documents", "2")
                .with("access.tenants.named.small-too.documents", "3")
                .with("access.tenants.named.heavy.bytes", "20KiB")
                .with("access.tenants.named.crowd.connections", "1")
                .with("access.tenants.named.busy.requestsPerSecond", "1")
                .start();
    }

    @AfterAll
    static void stop() {
        if (keck != null) {
            keck.close();
        }
    }

    private static HttpResponse<String> call(NewKey key, String method, String path, @Nullable String json)
            throws Exception {
        HttpRequest.Builder request = request(key, path)
                .method(method, json == null ? BodyPublishers.noBody() : BodyPublishers.ofString(json));
        if (json != null) {
            request.header("Content-Type", "application/json");
        }
        return KeckProcess.HTTP.send(request.build(), BodyHandlers.ofString());
    }

    private static HttpRequest.Builder request(NewKey key, String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + keck.port() + path))
                .timeout(KeckProcess.PATIENCE)
                .header("Authorization", "Bearer " + key.key());
    }

    private static URI room(NewKey key, String name) {
        return URI.create(keck.room(name) + "?token=" + key.key());
    }

    private static int refused(NewKey key, String name) {
        try (RawClient client = RawClient.connect(room(key, name))) {
            return 0;
        } catch (RawClient.Refused e) {
            return e.status;
        }
    }

    private static int statusOf(String path) {
        try {
            return call(FREE, "GET", path, null).statusCode();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** Reads until the server says that an update was refused: a message of type 2, auth. */
    private static void awaitDenial(RawClient client) {
        for (byte[] frame = client.next(); frame[0] != 2; frame = client.next()) {
            assertThat(frame).isNotEmpty();
        }
    }

    private static void assertSlowed(HttpResponse<String> answer) {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(429);
        assertThat(answer.headers().firstValueAsLong("Retry-After").orElse(0)).isPositive();
    }

    @Test
    void requestsBeyondTheLimit_areAnswered429() throws Exception {
        HttpResponse<String> answer = call(CALLS, "GET", "/api/block/none", null);
        for (int i = 0; i < 30 && answer.statusCode() != 429; i++) {
            answer = call(CALLS, "GET", "/api/block/none", null);
        }
        assertSlowed(answer);
        assertThat(refused(CALLS, "none")).isEqualTo(429);
        assertThat(call(FREE, "GET", "/api/block/none", null).statusCode()).isEqualTo(404);
    }

    @Test
    void connectionsBeyondTheLimit_areRefused_streamsIncluded() throws Exception {
        assertThat(call(FREE, "POST", "/api/block/open", null).statusCode()).isEqualTo(200);
        RawClient one = RawClient.connect(room(SOCKETS, "open"));
        HttpResponse<InputStream> stream = KeckProcess.HTTP.send(
                request(SOCKETS, "/api/block/open/subscribe/sse").build(), BodyHandlers.ofInputStream());
        assertThat(stream.statusCode()).isEqualTo(200);
        Eventually.await("both count", () -> refused(SOCKETS, "open") == 429);
        assertSlowed(call(SOCKETS, "GET", "/api/block/open/subscribe/sse", null));
        assertThat(refused(FREE, "open")).isZero();
        one.close();
        Eventually.await("the place is free", () -> refused(SOCKETS, "open") == 0);
        stream.body().close();
    }

    @Test
    void newDocumentsBeyondTheLimit_areRefused_andOthersAreUsed() throws Exception {
        assertThat(call(FREE, "POST", "/api/block/there", null).statusCode()).isEqualTo(200);
        assertThat(call(MAKER, "POST", "/api/block/made-1", null).statusCode()).isEqualTo(200);
        try (SyncClient begun = SyncClient.join(room(MAKER, "made-2"))) {
            begun.send(Message.update(new Typist(1).type("x")));
            Eventually.await("the document is there", () -> statusOf("/api/block/made-2") == 200);
        }
        assertSlowed(call(MAKER, "POST", "/api/block/made-3", null));
        assertSlowed(call(MAKER, "POST", "/api/block/made-3/init", null));
        assertThat(refused(MAKER, "made-3")).isEqualTo(429);
        assertThat(refused(MAKER, "there")).isZero();
        assertThat(call(MAKER, "POST", "/api/block/there", null).statusCode()).isEqualTo(200);
        assertThat(call(FREE, "POST", "/api/block/made-3", null).statusCode()).isEqualTo(200);
    }

    @Test
    void bytesBeyondTheRate_areRefusedOverHttp() throws Exception {
        String large = "{\"text\":\"" + "x".repeat(20_000) + "\"}";
        for (NewKey key : List.of(FREE, SENDER)) {
            String path = "/api/block/sent-" + key.line().length();
            assertThat(call(key, "POST", path, null).statusCode()).isEqualTo(200);
            assertThat(call(key, "POST", path + "/map/m", large).statusCode()).isEqualTo(200);
            HttpResponse<String> next = call(key, "POST", path + "/map/m", "{\"a\":1}");
            if (key == FREE) {
                assertThat(next.statusCode()).isEqualTo(200);
            } else {
                assertSlowed(next);
                assertThat(call(key, "GET", path + "/map/m", null).statusCode()).isEqualTo(200);
            }
        }
    }

    @Test
    void documentSize_endsTheGrowthByThatCredentialAlone() throws Exception {
        assertThat(call(WRITER, "POST", "/api/block/size", null).statusCode()).isEqualTo(200);
        String large = "{\"b\":\"" + "x".repeat(3_000) + "\"}";
        assertThat(call(WRITER, "POST", "/api/block/size/map/m", "{\"a\":1}").statusCode())
                .isEqualTo(200);
        HttpResponse<String> refused = call(WRITER, "POST", "/api/block/size/map/m", large);
        assertThat(refused.statusCode()).isEqualTo(413);
        assertThat(refused.body()).contains("2000");
        try (SyncClient writer = SyncClient.join(room(WRITER, "size"));
                SyncClient free = SyncClient.join(room(FREE, "size"))) {
            writer.send(Message.update(new Typist(7).type("y".repeat(3_000))));
            free.send(Message.update(new Typist(8).type("z".repeat(3_000))));
            writer.await(
                    "reads what the other may write", () -> writer.stateVector().clock(8) > 0);
            assertThat(free.stateVector().clock(7)).isZero();
        }
        assertThat(call(FREE, "POST", "/api/block/size/map/m", large).statusCode())
                .isEqualTo(200);
        assertThat(call(WRITER, "DELETE", "/api/block/size/map/m/b", null).statusCode())
                .as("deletions are possible")
                .isIn(200, 204);
    }

    // ------------------------------------------------------------------ tenants

    @Test
    void tenantWithAllItsDocuments_makesNoMore() throws Exception {
        for (String name : List.of("small%2Fa", "small%2Fb")) {
            assertThat(call(FREE, "POST", "/api/block/" + name, null).statusCode())
                    .isEqualTo(200);
        }
        HttpResponse<String> refused = call(FREE, "POST", "/api/block/small%2Fc", null);
        assertThat(refused.statusCode()).isEqualTo(507);
        assertThat(refused(FREE, "small/c")).isEqualTo(507);
        assertThat(refused(FREE, "small/a")).isZero();
        assertThat(call(FREE, "POST", "/api/block/smaller%2Fc", null).statusCode())
                .isEqualTo(200);
    }

    /** A reader that connects to names without a document makes none, so it cannot use the quota up for the others, as writers could. */
    @Test
    void readers_useUpNoDocuments() throws Exception {
        for (int i = 0; i < 5; i++) {
            assertThat(refused(READER, "small-too/" + i)).isZero();
        }
        assertThat(call(FREE, "POST", "/api/block/small-too%2Fa", null).statusCode())
                .isEqualTo(200);
    }

    @Test
    void tenantWithAllItsBytes_storesNoMore_andDeletes() throws Exception {
        assertThat(call(FREE, "POST", "/api/block/heavy%2Fa", null).statusCode())
                .isEqualTo(200);
        assertThat(call(FREE, "POST", "/api/blobs/heavy%2Fa", "\"" + "x".repeat(30_000) + "\"")
                        .statusCode())
                .isEqualTo(200);
        assertThat(call(FREE, "POST", "/api/blobs/heavy%2Fa", "{}").statusCode())
                .isEqualTo(507);
        assertThat(call(FREE, "POST", "/api/block/heavy%2Fa/map/m", "{\"a\":1}").statusCode())
                .isEqualTo(507);
        try (SyncClient writer = SyncClient.join(room(FREE, "heavy/a"));
                RawClient denied = RawClient.connect(room(FREE, "heavy/a"))) {
            denied.send(Message.update(new Typist(7).type("y")));
            awaitDenial(denied);
            assertThat(writer.stateVector().clock(7)).isZero();
        }
        assertThat(call(FREE, "GET", "/api/block/heavy%2Fa", null).statusCode()).isEqualTo(200);
        assertThat(call(FREE, "DELETE", "/api/block/heavy%2Fa", null).statusCode())
                .isIn(200, 204);
    }

    @Test
    void connectionsAndRequestsOfATenant_areThoseOfAllItsPrincipals() throws Exception {
        try (RawClient one = RawClient.connect(room(FREE, "crowd/a"))) {
            Eventually.await("the first one counts", () -> refused(SENDER, "crowd/b") == 429);
            assertThat(refused(SENDER, "crowded/b")).isZero();
            assertThat(one.isEnded()).isFalse();
        }
        HttpResponse<String> answer = call(FREE, "GET", "/api/block/busy%2Fa", null);
        for (int i = 0; i < 30 && answer.statusCode() != 429; i++) {
            answer = call(FREE, "GET", "/api/block/busy%2Fa", null);
        }
        assertSlowed(answer);
        assertThat(call(FREE, "GET", "/api/block/calm%2Fa", null).statusCode()).isEqualTo(404);
    }
}
