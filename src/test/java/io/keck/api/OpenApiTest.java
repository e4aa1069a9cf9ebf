package io.keck.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.keck.api.FakeDocuments.Database;
import io.keck.crdt.YXmlElement;
import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.Path;
import java.io.IOException;
import java.lang.reflect.Method;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The description says what the server does: every operation in it is called, well and badly; every answer has a status,
 * a media type, a body and headers that it names; every status it names was seen; and no resource is left out.
 */
class OpenApiTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final List<String> SOMETIMES = List.of("Warning", "Keck-Outcome");

    private static ApiServer server;
    private static JsonNode document;
    private static Schemas schemas;

    @BeforeAll
    static void start() throws IOException {
        server = new ApiServer(true);
        document = JSON.readTree(server.get("/api/jwst.json").body());
        schemas = new Schemas(document);
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    /** A way to call an operation. */
    private record Variant(String workspace, boolean there, String query, String body, String type, Database database) {
        Variant in(String other) {
            return new Variant(other, there, query, body, type, database);
        }

        Variant absent() {
            return new Variant(workspace, false, query, body, type, database);
        }

        Variant asking(String other) {
            return new Variant(workspace, there, other, body, type, database);
        }

        Variant with(String other) {
            return new Variant(workspace, there, query, other, type, database);
        }

        Variant of(String other) {
            return new Variant(workspace, there, query, body, other, database);
        }

        Variant on(Database other) {
            return new Variant(workspace, there, query, body, type, other);
        }
    }

    private static List<Variant> variants(JsonNode operation) {
        JsonNode body = operation.path("requestBody");
        String example =
                body.path("content").path("application/json").path("example").toString();
        Variant plain =
                new Variant("w", true, "", body.isMissingNode() ? null : example, "application/json", Database.WORKS);
        List<Variant> all = new ArrayList<>(List.of(plain, plain.in("none"), plain.in("%2E%2E"), plain.absent()));
        for (String query : List.of(
                "?limit=0",
                "?offset=x",
                "?consistency=local",
                "?consistency=x",
                "?format=delta",
                "?format=json",
                "?format=v2",
                "?format=x",
                "?force=true",
                "?force=x",
                "?flavour=f")) {
            all.add(plain.asking(query));
        }
        for (Database database : Database.values()) {
            if (database != Database.BREAKS) {
                all.add(plain.on(database));
            }
        }
        if (!body.isMissingNode()) {
            for (String other : List.of("", "[]", "{}", "{", "5", " ".repeat(2 * ApiServer.MAX_BODY + 1), "\0\0")) {
                all.add(plain.with(other));
                all.add(plain.in("none").with(other));
            }
            all.add(plain.of("text/plain"));
        }
        return all;
    }

    @Test
    void everyOperation_answersAsDescribed() throws IOException {
        List<String> problems = new ArrayList<>();
        for (Map.Entry<String, JsonNode> path : document.get("paths").properties()) {
            for (Map.Entry<String, JsonNode> operation : path.getValue().properties()) {
                if (operation.getKey().equals("parameters")) {
                    continue;
                }
                JsonNode described = operation.getValue();
                Set<String> unseen = new TreeSet<>();
                described.get("responses").fieldNames().forEachRemaining(unseen::add);
                for (Variant variant : variants(described)) {
                    unseen.remove(call(operation.getKey(), path.getKey(), described, variant, problems));
                }
                unseen.forEach(status -> problems.add(
                        status + " of " + described.get("operationId").asText() + " was never seen"));
            }
        }
        assertThat(problems).isEmpty();
    }

    /** Makes a call and looks at the answer; its status. */
    private static String call(String method, String path, JsonNode operation, Variant variant, List<String> problems)
            throws IOException {
        fill();
        server.documents.database = variant.database();
        String filled = filled(path, variant) + variant.query();
        byte[] body = variant.body() == null ? null : variant.body().getBytes(StandardCharsets.UTF_8);
        HttpResponse<byte[]> answer = body == null
                ? server.send(method.toUpperCase(Locale.ROOT), filled, null)
                : server.send(method.toUpperCase(Locale.ROOT), filled, body, "Content-Type", variant.type());
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

    private static void fill() {
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
    }

    private static String filled(String path, Variant variant) {
        Map<String, String> names = Map.of("map", "m", "array", "a", "text", "t", "xml", "x");
        Map<String, String> others = Map.of("map", "a", "array", "m", "text", "m", "xml", "m");
        String[] segments = path.split("/");
        for (int i = 0; i < segments.length; i++) {
            segments[i] = switch (segments[i]) {
                case "{workspace}" -> variant.workspace();
                case "{name}" -> (variant.there() || i < segments.length - 1 ? names : others).get(segments[i - 1]);
                case "{block}" -> variant.there() ? "b" : "absent";
                case "{child}" -> "b2";
                case "{flavour}" -> "text";
                case "{key}" -> variant.there() ? "k" : "absent";
                case "{index}" -> variant.there() ? "0" : "99";
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
        } else if (!content.has(type)) {
            problems.add(what + " has a body of " + type);
        } else if (type.equals("application/json")) {
            schemas.problems(JSON.readTree(answer.body()), content.get(type).get("schema"))
                    .forEach(problem -> problems.add(what + ": " + problem));
        }
    }

    @Test
    void everyResource_isDescribed() {
        Set<String> offered = new TreeSet<>();
        DocumentCalls calls = new DocumentCalls(server.documents, Runnable::run, new ApiLimits(1, 1, 1));
        for (Object resource : new ApiFactory().components(calls, () -> 0)) {
            Path path = resource.getClass().getAnnotation(Path.class);
            if (path == null || resource instanceof DocsResource) {
                continue;
            }
            for (Method method : resource.getClass().getMethods()) {
                Path below = method.getAnnotation(Path.class);
                Arrays.stream(method.getAnnotations())
                        .map(annotation -> annotation.annotationType().getAnnotation(HttpMethod.class))
                        .filter(verb -> verb != null)
                        .forEach(verb -> offered.add(verb.value() + " /api" + plain(path.value())
                                + (below == null ? "" : "/" + plain(below.value()))));
            }
        }
        Set<String> described = new TreeSet<>();
        document.get("paths")
                .properties()
                .forEach(path -> path.getValue().fieldNames().forEachRemaining(verb -> {
                    if (!verb.equals("parameters")) {
                        described.add(verb.toUpperCase(Locale.ROOT) + " " + path.getKey());
                    }
                }));
        assertThat(offered).hasSizeGreaterThan(20).isEqualTo(described);
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
