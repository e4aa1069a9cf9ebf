package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.keck.testing.KeckProcess;
import io.keck.testing.RawHttp;
import io.keck.testing.Schemas;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the description says of the server beside the HTTP interface; see {@code OpenApiTest} for that. */
class OpenApiIT {
    @TempDir
    private static Path dir;

    private static KeckProcess keck;
    private static JsonNode document;
    private static JsonNode paths;

    @BeforeAll
    static void start() throws Exception {
        keck = KeckProcess.in(dir).start();
        document = json(keck.get("/api/jwst.json").body());
        paths = document.get("paths");
    }

    private static JsonNode json(String text) {
        try {
            return new ObjectMapper().readTree(text);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(e);
        }
    }

    @AfterAll
    static void stop() {
        keck.close();
    }

    private static void assertDescribed(RawHttp answer, String path, String method, int status) {
        assertThat(answer.status()).isEqualTo(status);
        JsonNode response =
                paths.at("/" + path.replace("~", "~0").replace("/", "~1") + "/" + method + "/responses/" + status);
        assertThat(response.isMissingNode()).isFalse();
        response.path("headers")
                .fieldNames()
                .forEachRemaining(name -> assertThat(answer.headers()).containsKey(name));
        String type = answer.headers().getOrDefault("Content-Type", "").replaceFirst(";.*", "");
        if (response.has("content")) {
            JsonNode schema = response.at("/content/" + type.replace("/", "~1") + "/schema");
            assertThat(schema.isMissingNode()).as(type).isFalse();
            if (type.equals("application/json")) {
                assertThat(new Schemas(document).problems(json(answer.body()), schema))
                        .as(answer.body())
                        .isEmpty();
            }
        } else if (!response.has("$ref")) {
            assertThat(answer.body()).isEmpty();
        }
    }

    @Test
    void health_answersAsDescribed() {
        assertDescribed(RawHttp.ask(keck, "GET", "/health", ""), "/health", "get", 200);
    }

    @Test
    void collaboration_answersAsDescribed() {
        String path = "/collaboration/{room}";
        assertDescribed(RawHttp.ask(keck, "POST", "/collaboration/r", ""), path, "post", 200);
        assertDescribed(RawHttp.ask(keck, "POST", "/collaboration/%2E", ""), path, "post", 400);
        assertDescribed(RawHttp.ask(keck, "GET", "/collaboration/r", ""), path, "get", 426);
        assertDescribed(RawHttp.ask(keck, "GET", "/collaboration/%00", ""), path, "get", 400);
        assertDescribed(RawHttp.upgrade(keck, "/collaboration/r"), path, "get", 101);
        keck.send("POST", "/api/block/gone");
        keck.send("DELETE", "/api/block/gone");
        assertDescribed(RawHttp.upgrade(keck, "/collaboration/gone"), path, "get", 404);
    }

    @Test
    void everyPathOfTheDescription_isServed() {
        for (Map.Entry<String, JsonNode> path : paths.properties()) {
            String filled = path.getKey().replace("{index}", "0").replaceAll("\\{\\w+}", "x");
            RawHttp answer = RawHttp.ask(keck, "OPTIONS", filled, "");
            if (path.getValue().path("x-keck-requires").asText().equals("access")) {
                assertThat(answer.status()).as(filled).isEqualTo(404); // access is open here
                continue;
            }
            assertThat(answer.status()).as(filled).isIn(200, 405);
            if (path.getKey().startsWith("/api/")) {
                path.getValue().fieldNames().forEachRemaining(method -> {
                    if (!method.equals("parameters") && !method.startsWith("x-")) {
                        assertThat(answer.headers().get("Allow"))
                                .as(filled)
                                .contains(method.toUpperCase(java.util.Locale.ROOT));
                    }
                });
            }
        }
    }
}
