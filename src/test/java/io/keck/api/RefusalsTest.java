package io.keck.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.eclipse.jetty.http.UriCompliance;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Whatever is refused, by a resource, by Jersey or by Jetty, is answered with a status and a sentence in plain text. */
class RefusalsTest {
    private static ApiServer lenient;
    /** As Jetty is by itself: it refuses more, and before any servlet is found. */
    private static ApiServer strict;

    @BeforeAll
    static void start() {
        lenient = new ApiServer(true);
        strict = new ApiServer(ApiServer.limited(new ApiFactory(), true), null, UriCompliance.DEFAULT);
    }

    @AfterAll
    static void stop() {
        lenient.close();
        strict.close();
    }

    @BeforeEach
    void rooms() {
        for (ApiServer server : List.of(lenient, strict)) {
            server.documents.reset();
            server.documents.edit("w", doc -> doc.getMap("m").set("k", 1));
        }
    }

    private static void assertSentence(String answer, String what, int... statuses) {
        assertThat(answer).as(what).matches("[45][0-9]{2} text/plain [A-Z][^<>\n]*([.)\"]| not found)\n?");
        assertThat(answer).as(what).doesNotContain("org.", "java", "Exception", "Jetty", "Jersey");
        if (statuses.length > 0) {
            assertThat(statuses).as(what + ": " + answer).contains(Integer.parseInt(answer.substring(0, 3)));
        }
    }

    @Test
    void paths() {
        for (ApiServer server : List.of(lenient, strict)) {
            for (String path : List.of(
                    "/api/block/%zz",
                    "/api/block/%",
                    "/api/block/%00",
                    "/api/block/%FF",
                    "/api/block/%C0%AF",
                    "/api/block/%2e%2e/map/m",
                    "/api/block/../map/m",
                    "/api/block/w/map/m/%FF",
                    "/api/block/w/map/m/%C3",
                    "/api/block/w/map/none/k",
                    "/api/block/none/map/m",
                    "/api/block/w/map/m/%E0%80%80",
                    "/api/block//map/m",
                    "/api/nothing",
                    "/api/nothing/%zz",
                    "/api/block",
                    "/api/block/",
                    "/api/",
                    "/api/docs/nothing",
                    "/nothing",
                    "/nothing/%FF",
                    "/%zz",
                    "/a\\b",
                    "/..",
                    "/../../etc/passwd",
                    "/%2e%2e/%2e%2e/etc/passwd",
                    "/api/" + "x".repeat(20_000))) {
                assertSentence(
                        server.raw("GET", path), path.substring(0, Math.min(60, path.length())), 400, 404, 414, 431);
            }
        }
    }

    @Test
    void methods() {
        for (ApiServer server : List.of(lenient, strict)) {
            for (String method : List.of("PATCH", "FOO", "TRACE", "PUT", "CONNECT", "get", "G%T", "G{T")) {
                for (String path : List.of("/api/block/w", "/api/block/w/map/m", "/api/hook", "/api/block/w/init")) {
                    assertSentence(server.raw(method, path), method + " " + path, 400, 405, 501);
                }
            }
        }
    }

    @Test
    void headers() {
        for (ApiServer server : List.of(lenient, strict)) {
            String[][] lines = {
                {"Content-Length: x"},
                {"Content-Length: -1"},
                {"Content-Length: 1", "Content-Length: 2"},
                {"Content-Length: 99999999999999999999"},
                {"Transfer-Encoding: gzip"},
                {"Transfer-Encoding: chunked", "Content-Length: 5"},
                {"Expect: the-impossible"},
                {"Host: another"},
                {"No colon"},
                {" folded: x"},
                {"Sp ace: x"},
                {"Large: " + "x".repeat(20_000)},
            };
            for (String[] header : lines) {
                String what = header[0].substring(0, Math.min(40, header[0].length()));
                String answer = server.raw("POST", "/api/block/w/map/m", header);
                assertSentence(answer, what);
            }
            assertSentence(server.raw("GET", "/api/block/w/map/m", "Accept: no type at all"), "Accept", 400, 406);
            assertSentence(server.raw("DELETE", "/api/block/w/map/m/k", "Idempotency-Key: ä"), "Idempotency-Key", 400);
            assertSentence(server.exchange("GET /api/block/w\r\n\r\n"), "no version", 400, 505);
            assertSentence(server.exchange("GET /api/block/w HTTP/7.3\r\n\r\n"), "HTTP/7.3", 400, 505);
            assertSentence(server.exchange("GET /api/block/w HTTP/1.1\r\n\r\n"), "no host", 400);
            assertSentence(server.exchange("\u0016\u0003\u0001 nonsense\r\n\r\n"), "TLS", 400);
        }
    }

    @Test
    void bodies() {
        String push = "{\"action\":\"push\",\"value\":1}";
        for (String encoding : List.of("br", "deflate", "zstd", "compress", "gzip, br", "br, gzip", "x")) {
            for (String path : List.of("/api/block/w/map/m", "/api/block/w/array/a", "/api/block/w/b", "/api/hook")) {
                ApiServer.Reply reply = lenient.post(path, push, "Content-Encoding", encoding);
                assertThat(reply.toString())
                        .as(encoding + " " + path)
                        .isEqualTo("415 text/plain The only supported Content-Encoding is gzip.");
            }
            assertThat(lenient.send("POST", "/api/block/x/init", new byte[] {0, 0}, "Content-Encoding", encoding)
                            .statusCode())
                    .isEqualTo(415);
        }
        assertThat(lenient.documents.exists("x")).isFalse();
        assertThat(lenient.post("/api/block/w/array/a", push, "Content-Encoding", "identity"))
                .hasToString("200 application/json [1]");
    }

    @Test
    void queries_thatAreNotEncoded_areNoFailure() {
        for (String query : List.of(
                "x={}",
                "x=|",
                "x=^",
                "x=`",
                "x=\\",
                "x=50%",
                "x=%zz",
                "%",
                "x=[1]",
                "x=ä",
                "x=%FF",
                "x=%",
                "{a}={b}",
                "&&=&",
                "x=%u0041",
                "x=;",
                "x=a?b/c",
                "x=\"",
                "x=<>",
                "x=#")) {
            for (ApiServer server : List.of(lenient, strict)) {
                assertThat(server.raw("GET", "/api/block/w/map/m?" + query))
                        .as(query)
                        .satisfiesAnyOf(
                                answer -> assertThat(answer).isEqualTo("200 application/json {\"k\":1}"),
                                answer -> assertSentence(answer, query, 400));
            }
            assertThat(lenient.raw("GET", "/api/block/w/map/m?" + query))
                    .as(query)
                    .startsWith(query.contains("#") ? "" : "200 ");
        }
        assertThat(lenient.raw("GET", "/api/block/w/export?format={json}"))
                .isEqualTo("400 text/plain format is \"v1\", \"v2\" or \"json\".");
        assertThat(lenient.raw("GET", "/api/block/w/blocks?limit=5%"))
                .isEqualTo("400 text/plain limit has to be a whole number of 0 or more.");
    }
}
