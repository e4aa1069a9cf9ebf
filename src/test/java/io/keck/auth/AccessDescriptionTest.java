package io.keck.auth;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.keck.access.Limits;
import io.keck.api.ApiServer;
import io.keck.testing.Schemas;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The description says what the paths under {@code /api/access} do: each is called, well and badly, by those who may and those
 * who may not; every answer is described, and every answer that is described was seen.
 */
class AccessDescriptionTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path dir;

    private AuthWorld world;
    /** Its credentials are good for one request a second. */
    private AuthWorld limited;

    private Access access;
    private final FakeAuditStore audit = new FakeAuditStore();
    private ApiServer server;
    private ApiServer withoutTable;
    private JsonNode document;
    private NewKey admin;
    private NewKey guest;

    @BeforeEach
    void start() throws IOException {
        admin = NewKey.make("operator", "*", "admin");
        guest = NewKey.make("guest", "*", "write");
        Path file = dir.resolve("keys.jsonl");
        java.nio.file.Files.write(file, List.of(admin.line(), guest.line()));
        world = AuthWorld.withKeys(file);
        limited = new AuthWorld(new Authenticator.Ways(
                null,
                new ApiKeys(file),
                null,
                null,
                null,
                new ConfiguredRules(List.of()),
                Limits.ofRequests(1),
                0,
                AuthWorld.MAX_AGE));
        AuditTable table = new AuditTable(audit, 1, world.now::get);
        access = access(new Audit(world.now::get, "node", table));
        for (int i = 0; i < 3; i++) {
            access.recheck(io.keck.access.Caller.OPEN, "alice", "");
        }
        table.turn();
        server = ApiServer.with(new AccessResource(access));
        withoutTable = ApiServer.with(new AccessResource(access(new Audit(world.now::get, "node", null))));
        document = JSON.readTree(server.send("GET", "/api/jwst.json", null).body());
    }

    private Access access(Audit log) {
        return new Access(
                world.authenticator,
                world.store,
                null,
                new Attempt.CookieRule("", new Origins("")),
                log,
                world.tenants(),
                world.now::get);
    }

    @AfterEach
    void stop() {
        server.close();
        withoutTable.close();
        access.stop();
    }

    /** What a call comes with, and the state of the world in which it comes. */
    private enum State {
        AS_USUAL,
        WITHOUT_CREDENTIAL,
        WITHOUT_RIGHT,
        ABOVE_THE_LIMIT,
        DATABASE_AWAY,
        TOO_MANY_REVOCATIONS,
        WITHOUT_A_TABLE
    }

    private record Call(State state, String body, String type, String query) {}

    private static List<Call> calls(JsonNode operation) {
        String example = operation
                .path("requestBody")
                .path("content")
                .path("application/json")
                .path("example")
                .toString();
        List<Call> calls = new ArrayList<>();
        for (State state : State.values()) {
            calls.add(new Call(state, example, "application/json", ""));
        }
        for (String bad : List.of(
                "",
                "{",
                "[]",
                "5",
                "{\"principal\":5}",
                "{\"principal\":\"\"}",
                "{\"x\":\"" + "y".repeat(5_000) + "\"}")) {
            calls.add(new Call(State.AS_USUAL, bad, "application/json", ""));
        }
        calls.add(new Call(State.AS_USUAL, example, "text/plain", ""));
        for (String query : List.of("?limit=1", "?limit=0", "?limit=1001", "?before=x", "?principal=key:operator")) {
            calls.add(new Call(State.AS_USUAL, example, "application/json", query));
        }
        return calls;
    }

    @Test
    void everyPath_answersAsDescribed() throws IOException {
        List<String> problems = new ArrayList<>();
        int operations = 0;
        for (Map.Entry<String, JsonNode> path : document.get("paths").properties()) {
            for (Map.Entry<String, JsonNode> operation : path.getValue().properties()) {
                if (path.getKey().startsWith("/api/access/")
                        && operation.getValue().has("responses")) {
                    operations++;
                    everyAnswer(operation.getKey(), path.getKey(), operation.getValue(), problems);
                }
            }
        }
        assertThat(operations).isGreaterThan(1);
        assertThat(problems).isEmpty();
    }

    private void everyAnswer(String method, String path, JsonNode operation, List<String> problems) throws IOException {
        Set<String> unseen = new TreeSet<>();
        operation.get("responses").fieldNames().forEachRemaining(unseen::add);
        for (Call call : calls(operation)) {
            HttpResponse<byte[]> answer = answer(method.toUpperCase(Locale.ROOT), path, call);
            String status = String.valueOf(answer.statusCode());
            String what = method + " " + path + " " + call + " -> " + status + " "
                    + new String(answer.body(), StandardCharsets.UTF_8);
            unseen.remove(status);
            JsonNode described =
                    new Schemas(document).resolve(operation.get("responses").path(status));
            if (described.isMissingNode()) {
                problems.add(what + " is not described");
                continue;
            }
            described.path("headers").fieldNames().forEachRemaining(name -> {
                if (answer.headers().firstValue(name).isEmpty()) {
                    problems.add(what + " lacks " + name);
                }
            });
            String type = answer.headers().firstValue("Content-Type").orElse("").replaceFirst(";.*", "");
            JsonNode content = described.path("content").path(type);
            if (content.isMissingNode()) {
                problems.add(what + " has a body of " + type);
            } else if (type.equals("application/json")) {
                new Schemas(document)
                        .problems(JSON.readTree(answer.body()), content.get("schema"))
                        .forEach(problem -> problems.add(what + ": " + problem));
            }
        }
        unseen.forEach(status -> problems.add(method + " " + path + ": " + status + " was never seen"));
    }

    private HttpResponse<byte[]> answer(String method, String path, Call call) {
        String credential = switch (call.state()) {
            case WITHOUT_CREDENTIAL -> null;
            case WITHOUT_RIGHT -> guest.key();
            default -> admin.key();
        };
        Authenticator authenticator =
                call.state() == State.ABOVE_THE_LIMIT ? limited.authenticator : world.authenticator;
        Usage usage = new Usage(world.tenants(), world.now::get);
        ApiServer server = call.state() == State.WITHOUT_A_TABLE ? withoutTable : this.server;
        server.visits = () -> new RequestVisit(
                authenticator,
                new Followers(world.authenticator, Runnable::run),
                new Extensions(world.store, Runnable::run),
                usage,
                new Audit(world.now::get, "node", null),
                AuthWorld.attempt(credential));
        world.store.isDown = call.state() == State.DATABASE_AWAY;
        world.store.isFull = call.state() == State.TOO_MANY_REVOCATIONS;
        audit.isDown = world.store.isDown;
        try {
            String[] headers = {"Content-Type", call.type()};
            byte[] body = call.body().getBytes(StandardCharsets.UTF_8);
            for (int i = 0; call.state() == State.ABOVE_THE_LIMIT && i < 10; i++) {
                server.send(method, path, method.equals("GET") ? null : body, headers);
            }
            return method.equals("GET")
                    ? server.send(method, path + call.query(), null)
                    : server.send(method, path, body, headers);
        } finally {
            world.store.isDown = false;
            world.store.isFull = false;
            audit.isDown = false;
        }
    }
}
