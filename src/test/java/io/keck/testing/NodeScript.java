package io.keck.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A Node process that answers questions: a line of JSON with {@code id} and {@code op} asks, and a line with the same
 * {@code id} and {@code ok} or {@code error} answers. Thread-safe.
 */
final class NodeScript implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Process process;
    private final BufferedWriter out;
    private final Map<Long, CompletableFuture<JsonNode>> waiting = new ConcurrentHashMap<>();
    private final AtomicLong ids = new AtomicLong();
    private volatile boolean ended;

    NodeScript(Process process) {
        this.process = process;
        this.out = new BufferedWriter(new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8));
        Thread reader = new Thread(this::read, "node-script");
        reader.setDaemon(true);
        reader.start();
    }

    private void read() {
        try (BufferedReader in =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                JsonNode answer = JSON.readTree(line);
                CompletableFuture<JsonNode> asked =
                        waiting.remove(answer.get("id").asLong());
                if (answer.has("error")) {
                    asked.completeExceptionally(
                            new AssertionError(answer.get("error").asText()));
                } else {
                    asked.complete(answer.get("ok"));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            ended = true;
            waiting.values().forEach(w -> w.completeExceptionally(new AssertionError("the Node process died")));
        }
    }

    /** Asks the script to carry out an operation; the future has what it answers, or fails with its error. */
    CompletableFuture<JsonNode> ask(String op, ObjectNode request) {
        long id = ids.incrementAndGet();
        request.put("id", id).put("op", op);
        CompletableFuture<JsonNode> answer = new CompletableFuture<>();
        waiting.put(id, answer);
        try {
            synchronized (out) {
                out.write(JSON.writeValueAsString(request));
                out.newLine();
                out.flush();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (ended) {
            answer.completeExceptionally(new AssertionError("the Node process died"));
        }
        return answer;
    }

    /** Waits for an answer; an error of the script fails the test. */
    static JsonNode result(CompletableFuture<JsonNode> answer) {
        try {
            return answer.get(2 * KeckProcess.PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new AssertionError(e.getCause().getMessage(), e.getCause());
        } catch (TimeoutException | InterruptedException e) {
            throw new AssertionError("no answer from Node", e);
        }
    }

    /** Ends the input of the script, which ends itself then, and kills it when it does not. */
    @Override
    public void close() {
        try {
            out.close();
            if (!process.waitFor(5, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (IOException | InterruptedException e) {
            process.destroyForcibly();
        }
    }
}
