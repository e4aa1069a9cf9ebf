package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.testing.Eventually;
import io.keck.testing.KeckProcess;
import io.keck.testing.RawHttp;
import io.keck.testing.SyncClient;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The blobs section of the contract, row by row, over HTTP. What one node stores, another shows. */
abstract class BlobContract {
    /** The default limit. */
    private static final int LIMIT = 10 << 20;

    private static final int PIECE = 256 << 10;
    static final int TRANSFERS = 12;
    private static final String ORIGIN = "http://localhost:3000";
    private static final String EMPTY_ID = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=";

    /** Whatever clients did is no error of a resource. (Jersey itself complains of some that went away.) */
    static void assertQuiet(KeckProcess node) {
        assertThat(node.log()).doesNotContain("Error handling a request").doesNotContain("OutOfMemory");
    }

    /** Where uploads go. */
    abstract KeckProcess writer();

    /** Where they are read; may be the same. */
    abstract KeckProcess reader();

    static KeckProcess.Setup configured(KeckProcess.Setup setup) {
        return setup.brief()
                .with("blobs.maxTransfers", String.valueOf(TRANSFERS))
                .with("blobs.maxTransfersPerAddress", String.valueOf(TRANSFERS))
                .with("blobs.keepDeleted", "0s")
                .with("blobs.sweepEvery", "20ms");
    }

    private static byte[] bytes(int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }

    private static String idOf(byte[] bytes) throws Exception {
        return Base64.getUrlEncoder()
                .encodeToString(MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    private static HttpResponse<byte[]> send(
            KeckProcess node, String method, String rawPath, BodyPublisher body, String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + node.port() + rawPath))
                .timeout(KeckProcess.PATIENCE)
                .method(method, body);
        if (headers.length > 0) {
            request.headers(headers);
        }
        HttpResponse<byte[]> answer = KeckProcess.HTTP.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
        assertThat(text(answer)).doesNotContain("Exception").doesNotContain("\tat ");
        return answer;
    }

    private HttpResponse<byte[]> get(String rawPath, String... headers) throws Exception {
        return send(reader(), "GET", rawPath, BodyPublishers.noBody(), headers);
    }

    private HttpResponse<byte[]> head(String rawPath, String... headers) throws Exception {
        return send(reader(), "HEAD", rawPath, BodyPublishers.noBody(), headers);
    }

    private HttpResponse<byte[]> post(String rawWorkspace, byte[] bytes, String... headers) throws Exception {
        return send(writer(), "POST", "/api/blobs/" + rawWorkspace, BodyPublishers.ofByteArray(bytes), headers);
    }

    private HttpResponse<byte[]> put(String rawWorkspace, byte[] bytes) throws Exception {
        return send(writer(), "PUT", "/api/workspace/" + rawWorkspace + "/blob", BodyPublishers.ofByteArray(bytes));
    }

    private static String text(HttpResponse<byte[]> answer) {
        return new String(answer.body(), StandardCharsets.UTF_8);
    }

    private static String header(HttpResponse<?> answer, String name) {
        return String.join("|", answer.headers().allValues(name));
    }

    private static List<String> routes(String rawWorkspace, String id) {
        return List.of("/api/blobs/" + rawWorkspace + "/" + id, "/api/workspace/" + rawWorkspace + "/blob/" + id);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 5, PIECE, 2 * PIECE + 1})
    void upload_isAnsweredWithItsId_andReadThroughBothInterfaces(int size) throws Exception {
        byte[] bytes = bytes(size);
        String id = idOf(bytes);
        String workspace = "both" + size;
        HttpResponse<byte[]> posted = post(workspace, bytes);
        assertThat(posted.statusCode()).isEqualTo(200);
        assertThat(header(posted, "Content-Type")).isEqualTo("application/json");
        assertThat(text(posted)).isEqualTo("{\"id\":\"" + id + "\",\"exists\":true}");
        HttpResponse<byte[]> put = put(workspace, bytes);
        assertThat(put.statusCode()).isEqualTo(200);
        assertThat(header(put, "Content-Type")).isEqualTo("application/json");
        assertThat(text(put)).isEqualTo("{\"exists\":true,\"id\":\"" + id + "\"}");

        for (String path : routes(workspace, id)) {
            HttpResponse<byte[]> got = get(path, "Accept-Encoding", "gzip", "Accept", "image/png");
            HttpResponse<byte[]> head = head(path);
            assertThat(got.body()).isEqualTo(bytes);
            assertThat(head.body()).isEmpty();
            for (HttpResponse<byte[]> answer : List.of(got, head)) {
                assertThat(answer.statusCode()).isEqualTo(200);
                assertThat(header(answer, "Content-Type")).isEqualTo("application/octet-stream");
                assertThat(header(answer, "Content-Length")).isEqualTo(String.valueOf(size));
                assertThat(header(answer, "Content-Encoding")).isEmpty();
                assertThat(header(answer, "ETag")).isEqualTo('"' + id + '"');
                assertThat(header(answer, "Last-Modified")).endsWith(" GMT");
                assertThat(header(answer, "Accept-Ranges")).isEqualTo("bytes");
                assertThat(header(answer, "X-Content-Type-Options")).isEqualTo("nosniff");
                assertThat(header(answer, "Content-Security-Policy")).isEqualTo("default-src 'none'; sandbox");
                assertThat(header(answer, "Content-Disposition")).isEqualTo("attachment");
                assertThat(header(answer, "Cache-Control"))
                        .isEqualTo(path.startsWith("/api/blobs/") ? "no-cache" : "public, immutable, max-age=31536000");
            }
        }
    }

    @Test
    void uploadWithoutABody_isTheEmptyBlob() throws Exception {
        RawHttp answer = RawHttp.ask(writer(), "POST", "/api/blobs/empty", "");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body()).isEqualTo("{\"id\":\"" + EMPTY_ID + "\",\"exists\":true}");
        assertThat(post("empty", new byte[0], "Content-Type", "application/x-www-form-urlencoded")
                        .statusCode())
                .isEqualTo(200);
        assertThat(get("/api/blobs/empty/" + EMPTY_ID, "Range", "bytes=0-").statusCode())
                .isEqualTo(416);
        assertThat(get("/api/blobs/empty/" + EMPTY_ID, "Range", "bytes=-5").statusCode())
                .isEqualTo(200);
    }

    @Test
    void upload_ofAnyType_isTakenAsItIs() throws Exception {
        for (String type : List.of("application/json", "application/x-www-form-urlencoded", "text/html")) {
            byte[] bytes = "a=b&{".getBytes(StandardCharsets.UTF_8);
            HttpResponse<byte[]> answer = post("types", bytes, "Content-Type", type, "Accept", "text/html");
            assertThat(answer.statusCode()).as(type).isEqualTo(200);
            assertThat(get("/api/blobs/types/" + idOf(bytes)).body()).isEqualTo(bytes);
        }
    }

    @Test
    void upload_thatIsNotCompressedAsItSays_isRefusedWithASentence() throws Exception {
        HttpResponse<byte[]> posted = post("zip", bytes(40), "Content-Encoding", "gzip");
        assertThat(posted.statusCode()).isEqualTo(400);
        assertThat(text(posted)).isEqualTo("The body is malformed.\n");
        BodyPublisher body = BodyPublishers.ofByteArray(bytes(40));
        HttpResponse<byte[]> put = send(writer(), "PUT", "/api/workspace/zip/blob", body, "Content-Encoding", "gzip");
        assertThat(put.statusCode()).isEqualTo(400);
        assertThat(text(put)).isEqualTo("The body is malformed.\n");
        for (String encoding : List.of("br", "zstd", "gzip, br", "none")) {
            posted = post("zip", bytes(40), "Content-Encoding", encoding);
            put = send(writer(), "PUT", "/api/workspace/zip/blob", body, "Content-Encoding", encoding);
            assertThat(List.of(posted.statusCode(), put.statusCode()))
                    .as(encoding)
                    .containsOnly(415);
            assertThat(text(put)).isEqualTo("The only supported Content-Encoding is gzip.\n");
        }
    }

    @Test
    void upload_thatIsCompressed_isStoredAsItWas() throws Exception {
        byte[] bytes = bytes(400);
        java.io.ByteArrayOutputStream zip = new java.io.ByteArrayOutputStream();
        try (java.util.zip.GZIPOutputStream out = new java.util.zip.GZIPOutputStream(zip)) {
            out.write(bytes);
        }
        byte[] half = Arrays.copyOf(zip.toByteArray(), zip.size() / 2);
        HttpResponse<byte[]> refused = post("zip", half, "Content-Encoding", "gzip");
        assertThat(text(refused)).isEqualTo("The body is malformed.\n");
        BodyPublisher body = BodyPublishers.ofByteArray(zip.toByteArray());
        HttpResponse<byte[]> put = send(writer(), "PUT", "/api/workspace/zip/blob", body, "Content-Encoding", "gzip");
        assertThat(text(put)).isEqualTo("{\"exists\":true,\"id\":\"" + idOf(bytes) + "\"}");
        assertThat(get("/api/blobs/zip/" + idOf(bytes)).body()).isEqualTo(bytes);
    }

    @Test
    void conditions_decideBetween200_304_and412() throws Exception {
        byte[] bytes = bytes(100);
        String id = idOf(bytes);
        post("conditions", bytes);
        for (String path : routes("conditions", id)) {
            String modified = header(get(path), "Last-Modified");
            for (String[] h : new String[][] {
                {"If-None-Match", id},
                {"If-None-Match", '"' + id + '"'},
                {"If-None-Match", "W/\"" + id + '"'},
                {"If-None-Match", "\"a\", \"" + id + '"'},
                {"If-None-Match", "*"},
                {"If-Modified-Since", modified},
                {"If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT"},
            }) {
                HttpResponse<byte[]> answer = get(path, h);
                assertThat(answer.statusCode()).as(String.join(" ", h)).isEqualTo(304);
                assertThat(answer.body()).isEmpty();
                assertThat(header(answer, "ETag")).isEqualTo('"' + id + '"');
                assertThat(header(answer, "Cache-Control")).isNotEmpty();
                assertThat(head(path, h).statusCode()).isEqualTo(304);
            }
            for (String[] h : new String[][] {
                {"If-None-Match", "other"},
                {"If-None-Match", "other", "If-Modified-Since", modified},
                {"If-Modified-Since", "Sat, 01 Jan 2000 00:00:00 GMT"},
                {"If-Modified-Since", "some day"},
                {"If-Match", '"' + id + '"'},
            }) {
                assertThat(get(path, h).statusCode()).as(String.join(" ", h)).isEqualTo(200);
            }
            assertThat(get(path, "If-Match", "\"other\"").statusCode()).isEqualTo(412);
        }
    }

    @Test
    void ranges_areServed_acrossPieces() throws Exception {
        int size = 2 * PIECE + 1_000;
        byte[] bytes = bytes(size);
        String id = idOf(bytes);
        post("ranges", bytes);
        for (String path : routes("ranges", id)) {
            for (int[] r : new int[][] {
                {0, 0}, {1, 2}, {PIECE - 1, PIECE}, {PIECE, 2 * PIECE - 1}, {10, size - 1}, {size - 1, size - 1}
            }) {
                HttpResponse<byte[]> answer = get(path, "Range", "bytes=" + r[0] + "-" + r[1]);
                assertThat(answer.statusCode()).isEqualTo(206);
                assertThat(header(answer, "Content-Range")).isEqualTo("bytes " + r[0] + "-" + r[1] + "/" + size);
                assertThat(header(answer, "Content-Length")).isEqualTo(String.valueOf(r[1] - r[0] + 1));
                assertThat(answer.body()).isEqualTo(Arrays.copyOfRange(bytes, r[0], r[1] + 1));
            }
            assertThat(get(path, "Range", "bytes=-7").body()).isEqualTo(Arrays.copyOfRange(bytes, size - 7, size));
            HttpResponse<byte[]> beyond = get(path, "Range", "bytes=" + size + "-");
            assertThat(beyond.statusCode()).isEqualTo(416);
            assertThat(header(beyond, "Content-Range")).isEqualTo("bytes */" + size);
            for (String[] whole : new String[][] {
                {"Range", "bytes=0-1,5-6"},
                {"Range", "bytes=x"},
                {"Range", "bytes=0-1", "If-Range", "\"other\""},
                {"Range", "bytes=0-1", "If-Range", "Sat, 01 Jan 2000 00:00:00 GMT"},
            }) {
                HttpResponse<byte[]> answer = get(path, whole);
                assertThat(answer.statusCode()).as(String.join(" ", whole)).isEqualTo(200);
                assertThat(answer.body()).isEqualTo(bytes);
            }
            assertThat(get(path, "Range", "bytes=0-1", "If-Range", '"' + id + '"')
                            .statusCode())
                    .isEqualTo(206);
            assertThat(get(path, "Range", "bytes=0-1", "If-None-Match", id).statusCode())
                    .isEqualTo(304);
            HttpResponse<byte[]> head = head(path, "Range", "bytes=0-1");
            assertThat(head.statusCode()).isEqualTo(200);
            assertThat(header(head, "Content-Length")).isEqualTo(String.valueOf(size));
        }
    }

    @Test
    void unknownBlobs_are404WithoutABody() throws Exception {
        byte[] bytes = bytes(50);
        String id = idOf(bytes);
        post("known", bytes);
        String otherSpelling = id.substring(0, 42) + (char) (id.charAt(42) + 1) + "=";
        for (String bad : List.of(
                idOf(bytes(51)),
                "x",
                "a%20b",
                "%F0%9F%98%80",
                "%25",
                "%22",
                id.substring(0, 43),
                otherSpelling,
                "..x")) {
            for (String path : routes("known", bad)) {
                HttpResponse<byte[]> answer = get(path);
                assertThat(answer.statusCode()).as(path).isEqualTo(404);
                assertThat(answer.body()).isEmpty();
                assertThat(head(path).statusCode()).isEqualTo(404);
            }
            HttpResponse<byte[]> deleted = send(writer(), "DELETE", "/api/blobs/known/" + bad, BodyPublishers.noBody());
            assertThat(deleted.statusCode()).isEqualTo(404);
            assertThat(deleted.body()).isEmpty();
        }
        for (String path : routes("unknown", id)) {
            assertThat(get(path).statusCode()).isEqualTo(404);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"a%20b", "%F0%9F%98%80", "100%25", "%22quoted%22", "it's", "a+b", "a;b=c", "%E6%88%BF", "%252F"})
    void workspaceNames_ofManyKinds_areTheirOwn(String rawName) throws Exception {
        byte[] bytes = rawName.getBytes(StandardCharsets.UTF_8);
        String id = idOf(bytes);
        assertThat(put(rawName, bytes).statusCode()).isEqualTo(200);
        for (String path : routes(rawName, id)) {
            assertThat(get(path).body()).isEqualTo(bytes);
        }
        assertThat(get("/api/blobs/plain/" + id).statusCode()).isEqualTo(404);
    }

    @Test
    void badWorkspaceNames_are400WithASentence() throws Exception {
        for (String bad : List.of("%0A", "a%2F%2Fb", "x".repeat(256), "%C2%80", "%7F", "%FF")) {
            List<HttpResponse<byte[]>> answers = new ArrayList<>();
            answers.add(post(bad, bytes(10)));
            answers.add(put(bad, bytes(10)));
            answers.add(send(writer(), "DELETE", "/api/blobs/" + bad + "/" + EMPTY_ID, BodyPublishers.noBody()));
            for (String path : routes(bad, EMPTY_ID)) {
                answers.add(get(path));
            }
            for (HttpResponse<byte[]> answer : answers) {
                assertThat(answer.statusCode()).as(bad).isEqualTo(400);
                // what is no UTF-8 is refused by Jetty, which has a page for some methods only
                assertThat(bad.equals("%FF") ? bad : text(answer)).as(bad).isNotBlank();
            }
        }
        RawHttp dots = RawHttp.ask(writer(), "POST", "/api/blobs/%2E%2E", "");
        assertThat(dots.status()).isEqualTo(400);
    }

    @Test
    void limit_holdsOnBothPaths_withAndWithoutALength() throws Exception {
        byte[] most = bytes(LIMIT);
        assertThat(post("limit", most).statusCode()).isEqualTo(200);
        assertThat(head("/api/blobs/limit/" + idOf(most)).statusCode()).isEqualTo(200);
        byte[] more = bytes(LIMIT + 1);
        BodyPublisher chunked = BodyPublishers.ofInputStream(() -> new java.io.ByteArrayInputStream(more));
        for (HttpResponse<byte[]> answer :
                List.of(post("limit", more), put("limit", more), send(writer(), "POST", "/api/blobs/limit", chunked))) {
            assertThat(answer.statusCode()).isEqualTo(413);
            assertThat(text(answer)).isEqualTo("A blob may have " + LIMIT + " bytes at most.\n");
        }
        assertThat(head("/api/blobs/limit/" + idOf(more)).statusCode()).isEqualTo(404);
    }

    @Test
    void length_missingHugeOrMalformed() throws Exception {
        for (String expect : List.of("", "Expect: 100-continue\r\n")) {
            String huge = "Content-Length: 9000000000000000000\r\nConnection: close\r\n" + expect;
            // neither waits for a body that never comes
            try (Socket socket = open(writer(), "POST /api/blobs/length HTTP/1.1", huge)) {
                socket.shutdownOutput();
                assertThat(statusOf(socket)).isEqualTo(413);
            }
            try (Socket socket = open(writer(), "PUT /api/workspace/length/blob HTTP/1.1", huge)) {
                socket.shutdownOutput();
                assertThat(statusOf(socket)).isEqualTo(413);
            }
        }
        for (String bad : List.of("-1", "x", "99999999999999999999999", "5\r\nContent-Length: 6")) {
            assertThat(RawHttp.ask(writer(), "POST", "/api/blobs/length", "Content-Length: " + bad + "\r\n")
                            .status())
                    .as(bad)
                    .isEqualTo(400);
        }
        assertThat(RawHttp.ask(writer(), "PUT", "/api/workspace/length/blob", "")
                        .status())
                .isEqualTo(411);
        assertThat(send(
                                writer(),
                                "PUT",
                                "/api/workspace/length/blob",
                                BodyPublishers.ofInputStream(() -> InputStream.nullInputStream()))
                        .statusCode())
                .as("chunked")
                .isEqualTo(411);
        assertThat(put("length", new byte[0]).statusCode()).isEqualTo(200);
    }

    private static Socket open(KeckProcess node, String requestLine, String headerLines) throws IOException {
        Socket socket = new Socket();
        socket.setReceiveBufferSize(8 << 10);
        socket.setSoTimeout((int) KeckProcess.PATIENCE.toMillis());
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), node.port()));
        socket.getOutputStream()
                .write((requestLine + "\r\nHost: localhost\r\n" + headerLines + "\r\n")
                        .getBytes(StandardCharsets.UTF_8));
        return socket;
    }

    private static int statusOf(Socket socket) throws IOException {
        byte[] line = socket.getInputStream().readNBytes("HTTP/1.1 200".length());
        return Integer.parseInt(new String(line, StandardCharsets.US_ASCII).substring("HTTP/1.1 ".length()));
    }

    /** In the first piece and in a later one, with a length and in chunks: nothing of it is seen or stays. */
    @Test
    void uploadThatBreaksOff_leavesNothing() throws Exception {
        byte[] bytes = bytes(4 * PIECE);
        long before = writer().metric("keck.blobs.refused-aborted");
        int cases = 0;
        for (int sent : new int[] {0, 1_000, 3 * PIECE + 5}) {
            try (Socket socket =
                    open(writer(), "POST /api/blobs/broken HTTP/1.1", "Content-Length: " + bytes.length + "\r\n")) {
                socket.getOutputStream().write(bytes, 0, sent);
                socket.shutdownOutput();
                assertThat(statusOf(socket)).isEqualTo(400);
                cases++;
            }
        }
        try (Socket socket = open(writer(), "POST /api/blobs/broken HTTP/1.1", "Transfer-Encoding: chunked\r\n")) {
            OutputStream out = socket.getOutputStream();
            out.write("5\r\nhello\r\nzz\r\n".getBytes(StandardCharsets.US_ASCII));
            assertThat(statusOf(socket)).isEqualTo(400);
            cases++;
        }
        try (Socket socket =
                open(writer(), "POST /api/blobs/broken HTTP/1.1", "Content-Length: " + bytes.length + "\r\n")) {
            socket.getOutputStream().write(bytes, 0, 2 * PIECE);
            socket.setSoLinger(true, 0); // a reset
            cases++;
        }
        long all = before + cases;
        Eventually.await("the end of every upload", () -> writer().metric("keck.blobs.refused-aborted") == all);
        assertThat(head("/api/blobs/broken/" + idOf(bytes)).statusCode()).isEqualTo(404);
        assertThat(head("/api/blobs/broken/" + idOf("hello".getBytes(StandardCharsets.US_ASCII)))
                        .statusCode())
                .isEqualTo(404);
        Eventually.await("the sweeper", () -> writer().metric("keck.blobs.transfers") == 0 && leftPieces() == 0);
    }

    /** Pieces in the database that no blob refers to. */
    abstract long leftPieces();

    /** The client could not tell the rest from the beginning of something else: it has to see that there is no rest. */
    @Test
    void downloadWhoseBytesVanish_breaksOff() throws Exception {
        byte[] large = bytes(LIMIT - 1);
        String path = "/api/blobs/vanish/" + idOf(large);
        post("vanish", large);
        long before = reader().metric("keck.blobs.downloads-aborted");
        try (Socket socket = open(reader(), "GET " + path + " HTTP/1.1", "")) {
            assertThat(statusOf(socket)).isEqualTo(200);
            assertThat(send(writer(), "DELETE", path, BodyPublishers.noBody()).statusCode())
                    .isEqualTo(204);
            Eventually.await("the sweeper", () -> leftPieces() == 0);
            long got = 0;
            byte[] buffer = new byte[64 << 10];
            try {
                InputStream in = socket.getInputStream();
                for (int n = in.read(buffer); n > 0; n = in.read(buffer)) {
                    got += n;
                }
            } catch (SocketException e) {
                // a reset tells as much as an early end
            }
            assertThat(got).isLessThan(large.length);
        }
        Eventually.await("the end", () -> reader().metric("keck.blobs.downloads-aborted") == before + 1);
    }

    @Test
    void deletedBlob_isGone_andComesBackWhenUploadedAgain() throws Exception {
        byte[] bytes = bytes(PIECE + 70);
        String id = idOf(bytes);
        for (int round = 0; round < 2; round++) {
            assertThat(post("deleted", bytes).statusCode()).isEqualTo(200);
            assertThat(get("/api/blobs/deleted/" + id).body()).isEqualTo(bytes);
            HttpResponse<byte[]> answer = send(writer(), "DELETE", "/api/blobs/deleted/" + id, BodyPublishers.noBody());
            assertThat(answer.statusCode()).isEqualTo(204);
            assertThat(answer.body()).isEmpty();
            for (String path : routes("deleted", id)) {
                assertThat(get(path).statusCode()).isEqualTo(404);
            }
            assertThat(send(writer(), "DELETE", "/api/blobs/deleted/" + id, BodyPublishers.noBody())
                            .statusCode())
                    .isEqualTo(404);
        }
        Eventually.await("the sweeper", () -> leftPieces() == 0);
        assertThat(writer().metric("keck.blobs.uploads")).isGreaterThanOrEqualTo(2);
        assertThat(writer().metric("keck.blobs.upload-bytes")).isGreaterThanOrEqualTo(2 * bytes.length);
        assertThat(writer().metric("keck.blobs.deleted")).isGreaterThanOrEqualTo(2);
        assertThat(reader().metric("keck.blobs.downloads")).isGreaterThanOrEqualTo(2);
    }

    @Test
    void blobsOfADeletedWorkspace_areGone_andTheNameTakesNoneForAWhile() throws Exception {
        byte[] bytes = bytes(80);
        String path = "/api/blobs/a%22%F0%9F%98%80/" + idOf(bytes);
        try (SyncClient client = SyncClient.join(writer().room("a%22%F0%9F%98%80"))) {
            assertThat(client.stateVector().asMap()).isEmpty();
            assertThat(post("a%22%F0%9F%98%80", bytes).statusCode()).isEqualTo(200);
            assertThat(get(path).statusCode()).isEqualTo(200);
            assertThat(reader().send("DELETE", "/api/block/a%22%F0%9F%98%80").statusCode())
                    .isEqualTo(204);
        }
        assertThat(get(path).statusCode()).isEqualTo(404);
        HttpResponse<byte[]> again = post("a%22%F0%9F%98%80", bytes);
        assertThat(again.statusCode()).isEqualTo(404);
        assertThat(header(again, "Content-Type")).isEqualToIgnoringCase("text/plain;charset=utf-8");
        assertThat(text(again)).isEqualTo("Workspace(\"a\\\"\uD83D\uDE00\") not found");
        Eventually.await("the sweeper", () -> leftPieces() == 0);
    }

    @Test
    void otherMethods_are405() throws Exception {
        for (String[] call : new String[][] {
            {"GET", "/api/blobs/w"},
            {"PUT", "/api/blobs/w"},
            {"POST", "/api/blobs/w/" + EMPTY_ID},
            {"DELETE", "/api/workspace/w/blob/" + EMPTY_ID},
            {"POST", "/api/workspace/w/blob"},
        }) {
            assertThat(send(writer(), call[0], call[1], BodyPublishers.noBody()).statusCode())
                    .as(String.join(" ", call))
                    .isEqualTo(405);
        }
    }

    /** Stalled uploads and downloads take places, never the database; beyond the last place others are told to wait. */
    @Test
    void stalledClients_harmNobodyUntilAllPlacesAreTaken() throws Exception {
        byte[] large = bytes(LIMIT);
        String path = "/api/blobs/stalled/" + idOf(large);
        post("stalled", large);
        List<Socket> stalled = new ArrayList<>();
        try {
            for (int i = 0; i < TRANSFERS - 1; i++) {
                if (i % 2 == 0) {
                    stalled.add(open(reader(), "GET " + path + " HTTP/1.1", ""));
                } else {
                    Socket upload = open(reader(), "POST /api/blobs/stalled HTTP/1.1", "Content-Length: 1000000\r\n");
                    upload.getOutputStream().write(large, 0, PIECE + 1);
                    stalled.add(upload);
                }
            }
            Eventually.await(
                    "all of them to be under way", () -> reader().metric("keck.blobs.transfers") == TRANSFERS - 1);
            assertThat(get(path).body()).isEqualTo(large);

            stalled.add(open(reader(), "GET " + path + " HTTP/1.1", ""));
            Eventually.await("the last place", () -> reader().metric("keck.blobs.transfers") == TRANSFERS);
            HttpResponse<byte[]> refused = get(path);
            assertThat(refused.statusCode()).isEqualTo(503);
            assertThat(header(refused, "Retry-After")).isEqualTo("1");
            assertThat(reader().send("DELETE", "/api/block/no-blob").statusCode())
                    .as("what is no blob goes on")
                    .isEqualTo(204);
        } finally {
            for (Socket socket : stalled) {
                socket.close();
            }
        }
        Eventually.await("free places", () -> reader().metric("keck.blobs.transfers") == 0);
        assertThat(get(path).statusCode()).isEqualTo(200);
        assertThat(head("/api/blobs/stalled/" + idOf(Arrays.copyOf(large, 1_000_000)))
                        .statusCode())
                .isEqualTo(404);
    }

    @Test
    void crossOrigin_isAllowedForTheConfiguredPages_errorsIncluded() throws Exception {
        byte[] bytes = bytes(90);
        post("cors", bytes);
        List<HttpResponse<byte[]>> answers = new ArrayList<>();
        for (String origin : List.of(ORIGIN, "http://127.0.0.1:5173")) {
            answers.clear();
            answers.add(get("/api/blobs/cors/" + idOf(bytes), "Origin", origin));
            answers.add(get("/api/blobs/cors/unknown", "Origin", origin));
            answers.add(get("/api/blobs/cors", "Origin", origin));
            answers.add(get("/nowhere", "Origin", origin));
            answers.add(get("/health", "Origin", origin));
            answers.add(send(writer(), "POST", "/collaboration/x", BodyPublishers.noBody(), "Origin", origin));
            answers.add(get("/collaboration/x", "Origin", origin));
            answers.add(post("a%2F%2Fb", bytes, "Origin", origin));
            answers.add(post("cors", bytes(LIMIT + 1), "Origin", origin));
            answers.add(send(writer(), "DELETE", "/api/block/none", BodyPublishers.noBody(), "Origin", origin));
            assertThat(answers)
                    .extracting(HttpResponse::statusCode)
                    .containsExactly(200, 404, 405, 404, 200, 200, 426, 400, 413, 204);
            for (HttpResponse<byte[]> answer : answers) {
                assertThat(header(answer, "Access-Control-Allow-Origin")).isEqualTo(origin);
                assertThat(header(answer, "Access-Control-Expose-Headers")).isEqualTo("ETag, Keck-Epoch, Keck-Seq");
                assertThat(header(answer, "Access-Control-Allow-Credentials")).isEmpty();
                assertThat(header(answer, "Vary")).contains("Origin");
            }
        }
        for (String stranger : List.of("http://localhost:3001", "https://localhost:3000", "null", "http://evil.test")) {
            HttpResponse<byte[]> answer = get("/api/blobs/cors/" + idOf(bytes), "Origin", stranger);
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(header(answer, "Access-Control-Allow-Origin"))
                    .as(stranger)
                    .isEmpty();
            assertThat(header(answer, "Vary")).contains("Origin");
            assertThat(header(preflight(stranger), "Access-Control-Allow-Origin"))
                    .isEmpty();
        }
        HttpResponse<byte[]> preflight = preflight(ORIGIN);
        assertThat(preflight.statusCode()).isEqualTo(200);
        assertThat(preflight.body()).isEmpty();
        assertThat(header(preflight, "Access-Control-Allow-Origin")).isEqualTo(ORIGIN);
        assertThat(header(preflight, "Access-Control-Allow-Methods"))
                .isEqualTo("GET, POST, PUT, DELETE, HEAD, OPTIONS");
        assertThat(header(preflight, "Access-Control-Allow-Headers")).isEqualTo("idempotency-key, x-any");
        assertThat(header(preflight, "Access-Control-Allow-Credentials")).isEmpty();
    }

    private HttpResponse<byte[]> preflight(String origin) throws Exception {
        return send(
                reader(),
                "OPTIONS",
                "/api/workspace/w/blob",
                BodyPublishers.noBody(),
                "Origin",
                origin,
                "Access-Control-Request-Method",
                "PUT",
                "Access-Control-Request-Headers",
                "idempotency-key, x-any");
    }
}
