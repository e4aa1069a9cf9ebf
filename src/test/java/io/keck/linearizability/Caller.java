package io.keck.linearizability;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.keck.linearizability.Call.Kind;
import io.keck.linearizability.Call.Outcome;
import io.keck.testing.KeckProcess;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/** One client of Keck's HTTP interface that notes each of its calls. For one thread at a time. */
final class Caller {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String JSON_TYPE = "application/json";
    private static final String BYTES_TYPE = "application/octet-stream";
    private static final Duration PATIENCE = Duration.ofSeconds(15);

    private final History history;
    private final String name;
    private final IntUnaryOperator ports;
    private final boolean notes;

    /** What a request needs beside its path. */
    private record Request(
            String method,
            String path,
            byte @Nullable [] body,
            String type,
            @Nullable String key) {
        static Request get(String path) {
            return new Request("GET", path, null, JSON_TYPE, null);
        }

        static Request of(String method, String path, String json) {
            return new Request(method, path, json.getBytes(StandardCharsets.UTF_8), JSON_TYPE, null);
        }

        static Request delete(String path) {
            return new Request("DELETE", path, null, JSON_TYPE, null);
        }

        Request with(@Nullable String idempotencyKey) {
            return new Request(method, path, body, type, idempotencyKey);
        }
    }

    /** What a call is about. */
    private record About(String document, Kind kind, String cell, String value) {}

    Caller(History history, String name, IntUnaryOperator ports) {
        this(history, name, ports, true);
    }

    private Caller(History history, String name, IntUnaryOperator ports, boolean notes) {
        this.history = history;
        this.name = name;
        this.ports = ports;
        this.notes = notes;
    }

    /** One that makes calls by the clock of the history and leaves it to the caller to note them. */
    Caller quiet() {
        return new Caller(history, name, ports, false);
    }

    Call create(String doc, int node) {
        return ask(node, about(doc, Kind.CREATE), Request.of("POST", "/api/block/" + doc, ""), body -> "");
    }

    Call init(String doc, int node, Map<String, String> content, boolean force) {
        String path = "/api/block/" + doc + "/init?force=" + force;
        Request request = new Request("POST", path, Contents.update(content), BYTES_TYPE, null);
        return ask(
                node,
                new About(doc, force ? Kind.FORCE : Kind.INIT, "", Call.text(content)),
                request,
                body -> Call.text(Contents.of(body)));
    }

    Call delete(String doc, int node) {
        return ask(node, about(doc, Kind.DELETE), Request.delete("/api/block/" + doc), body -> "");
    }

    private static About about(String doc, Kind kind) {
        return new About(doc, kind, "", "");
    }

    Call put(String doc, int node, String key, String value, @Nullable String idempotencyKey) {
        return ask(
                node,
                new About(doc, Kind.WRITE, "m/" + key, value),
                Request.of("POST", "/api/block/" + doc + "/map/m", "{\"" + key + "\":\"" + value + "\"}")
                        .with(idempotencyKey),
                body -> Call.text(Contents.ofMap(json(body))));
    }

    Call remove(String doc, int node, String key, @Nullable String idempotencyKey) {
        return ask(
                node,
                new About(doc, Kind.REMOVE, "m/" + key, ""),
                Request.delete("/api/block/" + doc + "/map/m/" + key).with(idempotencyKey),
                body -> "");
    }

    Call getMap(String doc, int node) {
        return ask(
                node,
                about(doc, Kind.READ_MAP),
                Request.get("/api/block/" + doc + "/map/m"),
                body -> Call.text(Contents.ofMap(json(body))));
    }

    /** One key; absent where the map lacks it. */
    Call get(String doc, int node, String key) {
        String cell = "m/" + key;
        // the mark is not in the answer: the cell is read alone
        return ask(
                node,
                new About(doc, Kind.READ, cell, ""),
                Request.get("/api/block/" + doc + "/map/m/" + key),
                body -> Call.text(Map.of(cell, json(body).asText())));
    }

    Call push(String doc, int node, String value, @Nullable String idempotencyKey) {
        return ask(
                node,
                new About(doc, Kind.ADD, "a", value),
                Request.of(
                                "POST",
                                "/api/block/" + doc + "/array/a",
                                "{\"action\":\"push\",\"value\":\"" + value + "\"}")
                        .with(idempotencyKey),
                body -> bag("a", Contents.ofArray(json(body))));
    }

    private static String bag(String cell, String entries) {
        return cell + "=" + entries;
    }

    Call list(String doc, int node) {
        return ask(
                node,
                new About(doc, Kind.READ, "a", ""),
                Request.get("/api/block/" + doc + "/array/a"),
                body -> bag("a", Contents.ofArray(json(body))));
    }

    Call insert(String doc, int node, String value, @Nullable String idempotencyKey) {
        return ask(
                node,
                new About(doc, Kind.ADD, "t", value),
                Request.of(
                                "POST",
                                "/api/block/" + doc + "/text/t",
                                "{\"action\":\"insert\",\"index\":0,\"value\":\"" + value + ";\"}")
                        .with(idempotencyKey),
                body -> bag("t", Contents.joined(Contents.entries(json(body).asText()))));
    }

    Call text(String doc, int node) {
        return ask(
                node,
                new About(doc, Kind.READ, "t", ""),
                Request.get("/api/block/" + doc + "/text/t"),
                body -> bag("t", Contents.joined(Contents.entries(json(body).asText()))));
    }

    Call putBlock(String doc, int node, String id, String value) {
        return ask(
                node,
                new About(doc, Kind.WRITE, "b/" + id, value),
                Request.of("POST", "/api/block/" + doc + "/" + id + "?flavour=text", "{\"v\":\"" + value + "\"}"),
                body -> "");
    }

    Call getBlock(String doc, int node, String id) {
        return ask(
                node,
                new About(doc, Kind.READ, "b/" + id, ""),
                Request.get("/api/block/" + doc + "/" + id),
                body -> "b/" + id + "=" + json(body).path("prop:v").asText());
    }

    Call removeBlock(String doc, int node, String id) {
        return ask(
                node,
                new About(doc, Kind.REMOVE, "b/" + id, ""),
                Request.delete("/api/block/" + doc + "/" + id),
                b -> "");
    }

    /** A block that is there from now on: a parent, or a child of one. */
    void makeBlock(String doc, int node, String id) {
        ask(node, null, Request.of("POST", "/api/block/" + doc + "/" + id + "?flavour=text", "{}"), body -> "");
    }

    Call pushChild(String doc, int node, String parent, String child, @Nullable String idempotencyKey) {
        return ask(
                node,
                new About(doc, Kind.ADD, "c/" + parent, child),
                Request.of("POST", "/api/block/" + doc + "/" + parent + "/children", "{\"Push\":\"" + child + "\"}")
                        .with(idempotencyKey),
                body -> bag("c/" + parent, Contents.ofArray(json(body).path("sys:children"))));
    }

    Call children(String doc, int node, String parent) {
        return ask(
                node,
                new About(doc, Kind.READ, "c/" + parent, ""),
                Request.get("/api/block/" + doc + "/" + parent),
                body -> bag("c/" + parent, Contents.ofArray(json(body).path("sys:children"))));
    }

    /** The bytes of a blob, and so its id, follow from its name. */
    Call putBlob(String doc, int node, String blob) {
        Request request =
                new Request("POST", "/api/blobs/" + doc, blob.getBytes(StandardCharsets.UTF_8), BYTES_TYPE, null);
        return ask(node, new About(doc, Kind.WRITE, "blob/" + blob, blob), request, body -> "");
    }

    Call getBlob(String doc, int node, String blob) {
        return ask(
                node,
                new About(doc, Kind.READ, "blob/" + blob, ""),
                Request.get("/api/blobs/" + doc + "/" + blobId(blob)),
                body -> "blob/" + blob + "=" + new String(body, StandardCharsets.UTF_8));
    }

    Call removeBlob(String doc, int node, String blob) {
        return ask(
                node,
                new About(doc, Kind.REMOVE, "blob/" + blob, ""),
                Request.delete("/api/blobs/" + doc + "/" + blobId(blob)),
                body -> "");
    }

    private static String blobId(String blob) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(blob.getBytes(StandardCharsets.UTF_8));
            return Base64.getUrlEncoder().encodeToString(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    Call export(String doc, int node) {
        return ask(
                node,
                about(doc, Kind.READ_ALL),
                Request.get("/api/block/" + doc + "/export"),
                body -> Call.text(Contents.of(body)));
    }

    private static JsonNode json(byte[] body) {
        try {
            return JSON.readTree(body);
        } catch (IOException e) {
            throw new AssertionError(new String(body, StandardCharsets.UTF_8), e);
        }
    }

    private Call ask(int node, @Nullable About about, Request request, Function<byte[], String> reading) {
        HttpRequest.Builder builder = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + ports.applyAsInt(node) + request.path()))
                .timeout(PATIENCE)
                .header("Content-Type", request.type())
                .method(
                        request.method(),
                        request.body() == null
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofByteArray(request.body()));
        if (request.key() != null) {
            builder.header("Idempotency-Key", request.key());
        }
        long invoked = history.now();
        int status = 0;
        Outcome outcome = Outcome.UNKNOWN;
        String answer = "";
        try {
            HttpResponse<byte[]> got = KeckProcess.HTTP.send(builder.build(), HttpResponse.BodyHandlers.ofByteArray());
            status = got.statusCode();
            outcome = outcome(got);
            if (about != null && outcome == Outcome.DONE) {
                answer = answer(about, got, reading);
            }
        } catch (ConnectException e) {
            outcome = Outcome.REFUSED; // nothing was sent
        } catch (IOException e) {
            // unknown
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        About noted = about == null ? new About("", Kind.CREATE, "", "") : about;
        Call call = new Call(
                invoked,
                history.now(),
                name,
                node,
                noted.document(),
                noted.kind(),
                noted.cell(),
                noted.value(),
                null,
                outcome,
                status,
                answer);
        if (about != null && notes) {
            history.add(call);
        }
        return call;
    }

    private static Outcome outcome(HttpResponse<byte[]> got) {
        int status = got.statusCode();
        if (status >= 500) {
            boolean refused = status == 503
                    && got.headers().firstValue("Keck-Outcome").isEmpty()
                    && got.headers().firstValue("Retry-After").isPresent();
            return refused ? Outcome.REFUSED : Outcome.UNKNOWN;
        }
        // 404 tells something and is an answer of a reader
        return status < 400 || status == 404 ? Outcome.DONE : Outcome.REFUSED;
    }

    private static String answer(About about, HttpResponse<byte[]> got, Function<byte[], String> reading) {
        if (got.headers().firstValue("Warning").isPresent()) {
            return ""; // what may be old tells nothing, "not there" neither
        }
        if (got.statusCode() == 404) {
            String body = new String(got.body(), StandardCharsets.UTF_8);
            if (body.startsWith("Workspace(") || about.kind() == Kind.READ_ALL) {
                return Call.NO_DOCUMENT;
            }
            return Call.NOTHING;
        }
        if (got.statusCode() == 304) {
            return ""; // nothing is told
        }
        String text = reading.apply(got.body());
        return text.endsWith("=") ? emptied(about) : text;
    }

    /** An empty list is an answer, too. */
    private static String emptied(About about) {
        return about.cell().isEmpty() ? "{}" : about.cell() + "=";
    }

    static Map<String, String> content(String... cellsAndValues) {
        Map<String, String> content = new TreeMap<>();
        for (int i = 0; i < cellsAndValues.length; i += 2) {
            content.put(cellsAndValues[i], cellsAndValues[i + 1]);
        }
        return content;
    }
}
