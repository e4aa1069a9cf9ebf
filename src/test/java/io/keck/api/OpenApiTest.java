package io.keck.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.keck.api.FakeDocuments.Database;
import io.keck.auth.AccessResource;
import io.keck.blob.BlobId;
import io.keck.crdt.Doc;
import io.keck.crdt.YXmlElement;
import io.keck.heap.AddressShares;
import io.keck.heap.HeapLedger;
import io.keck.history.DocumentVersions;
import io.keck.history.PastStates;
import io.keck.room.Exports;
import io.keck.testing.Schemas;
import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.Path;
import java.io.IOException;
import java.lang.reflect.Method;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The description says what the server does: every operation in it is called, well and badly; every answer has a status,
 * a media type, a body and headers that it names; every status it names was seen; and no resource is left out.
 */
class OpenApiTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final List<String> SOMETIMES = List.of("Warning", "Keck-Outcome");

    /** The member of a path that names what has to be configured for it to be served. */
    private static final String REQUIRES = "x-keck-requires";

    private static final String BLOB = "some bytes";
    private static final String EMPTY_UPDATE = "\0\0";
    /** An update that deletes the first clock of a client that nobody knows. */
    private static final String DELETE_OF_NOTHING = "\0\1\11\1\0\1";

    private static final String BLOB_ID = id(BLOB);
    private static final String OTHER_ID = id("others");
    /** An Idempotency-Key that was used for another request. */
    private static final String TAKEN = "taken";

    @TempDir
    private static java.nio.file.Path dir;

    private static Runnable refill;
    private static ApiServer server;
    private static JsonNode document;
    private static Schemas schemas;

    @BeforeAll
    static void start() throws IOException {
        server = new ApiServer(true, dir);
        document = JSON.readTree(server.get("/api/jwst.json").body());
        schemas = new Schemas(document);
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static String id(String blob) {
        try {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            return BlobId.of(sha256.digest(blob.getBytes(StandardCharsets.UTF_8)))
                    .text();
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    /** A way to call an operation. */
    private static final class Variant {
        String workspace = "w";
        boolean there = true;
        String query = "";
        String body;
        String type = "application/json";
        String[] headers = {};
        boolean chunked;
        boolean slow;
        /** Whether it is the repeat of a call after which the workspace was deleted. */
        boolean again;

        Database database = Database.WORKS;

        Variant(String body) {
            this.body = body;
        }

        Variant with(Consumer<Variant> change) {
            change.accept(this);
            return this;
        }
    }

    /** Ways to call an operation; those that make no sense for it have to be answered well, too. */
    private static List<Variant> variants(String path, JsonNode operation) {
        JsonNode body = operation.path("requestBody");
        String example =
                body.path("content").path("application/json").path("example").toString();
        String plain = body.isMissingNode()
                ? null
                : isBlob(path) ? BLOB : path.endsWith("/update") || path.endsWith("/updates") ? EMPTY_UPDATE : example;
        List<Variant> all = new ArrayList<>();
        Consumer<Consumer<Variant>> add = change -> all.add(new Variant(plain).with(change));
        add.accept(v -> {});
        for (String workspace : List.of("none", "%2E%2E", ApiServer.DELETED)) {
            add.accept(v -> v.workspace = workspace);
        }
        add.accept(v -> v.there = false);
        for (String query : List.of(
                "?limit=0",
                "?offset=x",
                "?consistency=local",
                "?consistency=x",
                "?format=delta",
                "?format=json",
                "?format=v2",
                "?format=x",
                "?limit=1001",
                "?at=1",
                "?at=2&format=html",
                "?at=",
                "?at=none",
                "?from=1&to=2",
                "?from=2",
                "?from=9",
                "?from=",
                "?before=5",
                "?format=markdown",
                "?epoch=99999",
                "?epoch=x",
                "?force=true",
                "?force=x",
                "?flavour=f")) {
            add.accept(v -> v.query = query);
        }
        for (String[] headers : new String[][] {
            {"If-None-Match", '"' + BLOB_ID + '"'},
            {"If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT"},
            {"If-Match", "other"},
            {"Range", "bytes=1-2"},
            {"Range", "bytes=99-"},
            {"Idempotency-Key", TAKEN}
        }) {
            add.accept(v -> v.headers = headers);
        }
        add.accept(v -> {
            v.again = true;
            v.query = "?force=true"; // else an init makes nothing, and its repeat says so
            v.headers = new String[] {"Idempotency-Key", "again"};
        });
        for (Database database : Database.values()) {
            if (database != Database.BREAKS) {
                add.accept(v -> v.database = database);
            }
        }
        if (!body.isMissingNode()) {
            for (String other : List.of(
                    "",
                    "[]",
                    "{}",
                    "{",
                    "5",
                    " ".repeat(2 * ApiServer.MAX_BODY + 1),
                    EMPTY_UPDATE,
                    DELETE_OF_NOTHING)) {
                add.accept(v -> v.body = other);
                add.accept(v -> v.with(none -> none.workspace = "none").body = other);
            }
            add.accept(v -> v.with(keyed -> keyed.headers = new String[] {"Idempotency-Key", "large"}).body =
                    " ".repeat(2 * ApiServer.MAX_BODY + 1));
            add.accept(v -> v.with(keyed -> keyed.headers = new String[] {"Idempotency-Key", "slow"})
                    .with(slow -> slow.slow = true)
                    .body = "[] ");
            add.accept(v -> v.type = "text/plain");
            add.accept(v -> v.chunked = true);
            add.accept(v -> v.with(slow -> slow.slow = true).body = "[] ");
        }
        return all;
    }

    private static boolean isBlob(String path) {
        return path.startsWith("/api/blobs/") || path.startsWith("/api/workspace/");
    }

    @Test
    void everyOperation_answersAsDescribed() throws IOException {
        List<String> problems = new ArrayList<>();
        for (Map.Entry<String, JsonNode> path : document.get("paths").properties()) {
            for (Map.Entry<String, JsonNode> operation : path.getValue().properties()) {
                if (operation.getKey().equals("parameters")
                        || !path.getKey().startsWith("/api/")
                        || operation.getKey().equals(REQUIRES)
                        || path.getValue().has(REQUIRES)) {
                    continue; // what is not under /api belongs to other parts of the server; see OpenApiIT
                }
                JsonNode described = operation.getValue();
                Set<String> unseen = new TreeSet<>();
                described.get("responses").fieldNames().forEachRemaining(unseen::add);
                for (Variant variant : variants(path.getKey(), described)) {
                    unseen.remove(call(operation.getKey(), path.getKey(), described, variant, problems));
                }
                unseen.forEach(status -> problems.add(
                        status + " of " + described.get("operationId").asText() + " was never seen"));
            }
        }
        assertThat(problems).isEmpty();
    }

    /** What is served only where access is configured says so; {@code AccessDescriptionTest} holds it to the rest. */
    @Test
    void everyPathThatRequiresAccess_isNotServedWithout() {
        int seen = 0;
        for (Map.Entry<String, JsonNode> path : document.get("paths").properties()) {
            boolean isOfAccess =
                    path.getKey().startsWith("/api/access/") || path.getKey().startsWith("/api/held/");
            boolean isOfHistory = path.getKey().endsWith("/restore");
            assertThat(path.getValue().path(REQUIRES).asText(null))
                    .as(path.getKey())
                    .isEqualTo(isOfAccess ? "access" : isOfHistory ? "history" : null);
            for (String method : isOfAccess ? List.of("GET", "POST") : List.<String>of()) {
                assertThat(server.send(method, path.getKey().replaceAll("\\{\\w+}", "x"), null)
                                .statusCode())
                        .as("%s %s", method, path.getKey())
                        .isEqualTo(404);
                seen++;
            }
        }
        assertThat(seen).isPositive();
    }

    /** Makes a call and looks at the answer; its status. */
    private static String call(String method, String path, JsonNode operation, Variant variant, List<String> problems)
            throws IOException {
        if (isBlob(path)) {
            server.documents.reset();
            server.send("POST", "/api/blobs/w", BLOB.getBytes(StandardCharsets.UTF_8));
            server.send("POST", "/api/blobs/w", new byte[] {1}, "Idempotency-Key", TAKEN);
        } else {
            fill();
        }
        server.documents.database = variant.database;
        String filled = filled(path, variant) + variant.query;
        BodyPublisher body = variant.body == null
                ? BodyPublishers.noBody()
                : BodyPublishers.ofByteArray(variant.body.getBytes(StandardCharsets.UTF_8));
        if (variant.chunked) {
            body = BodyPublishers.fromPublisher(body);
        }
        List<String> headers = new ArrayList<>(List.of(variant.headers));
        if (variant.body != null) {
            headers.addAll(List.of("Content-Type", variant.type));
        }
        if (variant.again) {
            server.exchange(method.toUpperCase(Locale.ROOT), filled, body, headers.toArray(String[]::new));
            server.delete("/api/block/w");
        }
        HttpResponse<byte[]> answer;
        server.timeRaces = variant.slow;
        try {
            answer = server.exchange(method.toUpperCase(Locale.ROOT), filled, body, headers.toArray(String[]::new));
        } finally {
            server.timeRaces = false;
        }
        String status = String.valueOf(answer.statusCode());
        String what = method + " " + filled + " -> " + status;
        JsonNode response = operation.get("responses").path(status);
        if (response.isMissingNode()) {
            problems.add(what + " is not described: " + new String(answer.body(), StandardCharsets.UTF_8));
        } else {
            check(what, answer, schemas.resolve(response), problems);
        }
        return status;
    }

    /** What an operation finds: made over HTTP once, and put back for each call. */
    private static void fill() {
        fillHistory();
        if (refill != null) {
            refill.run();
            return;
        }
        server.documents.reset();
        server.documents.edit("w", doc -> {
            doc.getMap("m").set("k", Map.of("x", List.of(1, "y")));
            doc.getArray("a").push(1);
            doc.getText("t").insert(0, "text", Map.of("bold", true));
            doc.getXmlFragment("x").push(new YXmlElement("p"));
        });
        server.post("/api/block/w/b", "{\"k\":1}");
        server.post("/api/block/w/b2", "{\"k\":[null]}");
        server.post("/api/block/w/b/children", "{\"Push\":\"b2\"}");
        server.delete("/api/block/w/map/m/none", "Idempotency-Key", TAKEN);
        refill = server.documents.remember();
    }

    /** Three rows, of which the first is not kept any more, and a version. */
    private static void fillHistory() {
        FakeHistory history = server.feed.history;
        history.clear();
        Doc editor = new Doc();
        for (String text : List.of("a", "b", "c")) {
            editor.getText("t").insert(0, text);
            history.add(editor.encodeStateAsUpdate(), null);
        }
        history.create(1, new DocumentVersions.Wanted(3, "draft", true, false, "anonymous"));
        history.first = 2;
    }

    private static String filled(String path, Variant variant) {
        Map<String, String> names =
                Map.of("map", "m", "array", "a", "text", "t", "xml", "x", "roots", "m", "blob", BLOB_ID);
        Map<String, String> others =
                Map.of("map", "a", "array", "m", "text", "m", "xml", "m", "roots", "a", "blob", OTHER_ID);
        String[] segments = path.split("/");
        for (int i = 0; i < segments.length; i++) {
            segments[i] = switch (segments[i]) {
                case "{workspace}", "{document}" -> variant.workspace;
                case "{name}" -> (variant.there || i < segments.length - 1 ? names : others).get(segments[i - 1]);
                case "{id}" ->
                    path.contains("/versions/") ? variant.there ? "1001" : "5" : variant.there ? BLOB_ID : OTHER_ID;
                case "{block}" -> variant.there ? "b" : "absent";
                case "{child}" -> "b2";
                case "{flavour}" -> "text";
                case "{key}" -> variant.there ? "k" : "absent";
                case "{index}" -> variant.there ? "0" : "99";
                default -> segments[i];
            };
        }
        return String.join("/", segments);
    }

    private static void check(String what, HttpResponse<byte[]> answer, JsonNode described, List<String> problems)
            throws IOException {
        described.path("headers").properties().forEach(header -> {
            if (!SOMETIMES.contains(header.getKey())
                    && answer.headers().firstValue(header.getKey()).isEmpty()) {
                problems.add(what + " lacks " + header.getKey());
            }
        });
        String type = answer.headers().firstValue("Content-Type").orElse("").replaceFirst(";.*", "");
        JsonNode content = described.path("content");
        if (type.isEmpty()) {
            if (answer.body().length > 0) {
                problems.add(what + " has a body of no type");
            }
        } else if (isBodiless(answer)) {
            // headers may tell what there would be
        } else if (!content.has(type)) {
            problems.add(what + " has a body of " + type);
        } else if (type.equals("application/json")) {
            schemas.problems(JSON.readTree(answer.body()), content.get(type).get("schema"))
                    .forEach(problem -> problems.add(what + ": " + problem));
        }
    }

    /** Whether HTTP has no body here. */
    private static boolean isBodiless(HttpResponse<byte[]> answer) {
        return answer.request().method().equals("HEAD") || answer.statusCode() == 304 || answer.statusCode() == 412;
    }

    @Test
    void everyResource_isDescribed() {
        Set<String> offered = new TreeSet<>();
        DocumentCalls calls = new DocumentCalls(
                server.documents,
                Runnable::run,
                new Bodies(new ApiLimits(1, 1, 1, 1), System::nanoTime),
                HeapLedger.unlimited(),
                new Spools(java.nio.file.Path.of("unused"), 0, 0),
                new Exports(Runnable::run, 1));
        List<Class<?>> resources = new ArrayList<>(List.of(
                BlobsResource.class,
                UndeleteResource.class,
                PurgeResource.class,
                WorkspaceBlobResource.class,
                AccessResource.class,
                HeldResource.class));
        new ApiFactory()
                .components(calls, new FakeFeed(server.documents).streams(), server.feed, server.feed, () -> 0, () -> 0)
                .forEach(component -> resources.add(component.getClass()));
        PastCache past = new PastCache(new PastStates(server.feed.history), HeapLedger.unlimited(), () -> 0);
        HistoryWork work = new HistoryWork(
                Runnable::run, new AddressShares(1, 1), HeapLedger.unlimited(), new Spools(dir, 0, 0), 1);
        new ApiFactory()
                .history(new DocumentHistory(calls, work, past, server.feed.history))
                .forEach(component -> resources.add(component.getClass()));
        for (Class<?> resource : resources) {
            Path path = resource.getAnnotation(Path.class);
            if (path == null || resource == DocsResource.class) {
                continue;
            }
            for (Method method : resource.getMethods()) {
                Path below = method.getAnnotation(Path.class);
                Arrays.stream(method.getAnnotations())
                        .map(annotation -> annotation.annotationType().getAnnotation(HttpMethod.class))
                        .filter(verb -> verb != null)
                        .forEach(verb -> offered.add(verb.value() + " /api" + plain(path.value())
                                + (below == null
                                        ? ""
                                        : "/" + plain(below.value()).replaceFirst("^/", ""))));
            }
        }
        Set<String> described = new TreeSet<>();
        document.get("paths").properties().stream()
                .filter(path -> path.getKey().startsWith("/api/"))
                .forEach(path -> path.getValue().fieldNames().forEachRemaining(verb -> {
                    if (!verb.equals("parameters") && !verb.equals(REQUIRES)) {
                        described.add(verb.toUpperCase(Locale.ROOT) + " " + path.getKey());
                    }
                }));
        assertThat(offered).hasSizeGreaterThan(30).isEqualTo(described);
    }

    /** A template without regular expressions. */
    private static String plain(String template) {
        return template.replaceAll("\\{(\\w+):.*}$", "{$1}");
    }

    @Test
    void swaggerUi_isServedFromHere() {
        HttpResponse<byte[]> moved = server.send("GET", "/api/docs", null);
        assertThat(moved.statusCode()).isEqualTo(302);
        assertThat(moved.headers().firstValue("Location").orElse("")).endsWith("/api/docs/");
        ApiServer.Reply page = server.get("/api/docs/");
        assertThat(page.status()).isEqualTo(200);
        assertThat(page.header("Content-Type")).startsWith("text/html");
        for (String file : page.body().split("\"")) {
            if (file.startsWith("./") || file.endsWith(".css") || file.endsWith(".js")) {
                assertThat(server.get("/api/docs/" + file.replaceFirst("^\\./", ""))
                                .status())
                        .as(file)
                        .isEqualTo(200);
                assertThat(file).doesNotContain("//");
            }
        }
        assertThat(server.get("/api/docs/swagger-initializer.js").body()).contains("../jwst.json");
        assertThat(server.get("/api/docs/swagger-ui-es-bundle.js").status()).isEqualTo(404);
        assertThat(server.rawGet("/api/docs/..%2f..%2fio")).isIn(400, 404);
        assertThat(server.rawGet("/api/docs/%2e%2e/openapi.json")).isIn(400, 404);
    }
}
