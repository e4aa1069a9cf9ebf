package io.keck.crdt;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.keck.testing.RealYjs;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The real Yjs in a Node process ({@code src/test/js/oracle.mjs} says how the two talk). Requests are collected and sent
 * as one batch by {@link #ask}. Not thread-safe.
 *
 * <p>Where Node or the npm packages are missing, {@link #open} skips the test, as {@link RealYjs} says.
 */
public final class YjsOracle implements AutoCloseable {
    private static final long TIMEOUT_SECONDS = 120;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Process process;
    private final DataOutputStream out;
    private final DataInputStream in;

    private ArrayNode requests = JSON.createArrayNode();
    private List<byte[]> blobs = new ArrayList<>();

    /** What was asked, in order, and the blobs that came with it. */
    public record Answers(JsonNode all, List<byte[]> blobs) {
        /** The answer to a request. */
        public JsonNode get(int request) {
            return all.get(request);
        }

        public byte[] blob(JsonNode index) {
            return blobs.get(index.intValue());
        }
    }

    private YjsOracle(Process process) {
        this.process = process;
        this.out = new DataOutputStream(new BufferedOutputStream(process.getOutputStream(), 1 << 16));
        this.in = new DataInputStream(process.getInputStream());
    }

    /** Starts Node, or skips the test. */
    public static YjsOracle open() {
        return new YjsOracle(RealYjs.start("oracle.mjs"));
    }

    /**
     * Asks what a new document is after these updates; the answer has {@code svJson}, {@code ds}, {@code unitSha},
     * {@code structSha} (the unit form without the delete set), {@code pending} and, where {@code roots} are given,
     * {@code deep}; or {@code fail} if Yjs threw.
     *
     * @param roots name to kind of the root types, or null
     * @return the index of the answer
     */
    public int apply(boolean gc, JsonNode roots, List<byte[]> updates) {
        ObjectNode request = request("apply", updates).put("gc", gc);
        if (roots != null) {
            request.set("roots", roots);
        }
        return requests.size() - 1;
    }

    /** As above, for one update. */
    public int apply(boolean gc, JsonNode roots, byte[] update) {
        return apply(gc, roots, List.of(update));
    }

    /** As above, where the last update is in V2. */
    public int applyV2(boolean gc, JsonNode roots, List<byte[]> updates) {
        int index = apply(gc, roots, updates);
        ((ObjectNode) requests.get(index)).put("v2", true);
        return index;
    }

    /**
     * Asks what a new document encodes to after these updates, an entry of the order being the indexes of some that come
     * merged; the answer has {@code v1} and {@code v2}, the indexes of blobs.
     */
    public int encode(boolean gc, List<byte[]> updates, List<List<Integer>> order) {
        request("encode", updates).put("gc", gc).set("order", JSON.valueToTree(order));
        return requests.size() - 1;
    }

    /** Asks how many items all walks pass while a new document integrates these updates one by one; the answer is a number. */
    public int steps(List<byte[]> updates) {
        request("steps", updates);
        return requests.size() - 1;
    }

    /** Asks for updates in V2; the answer is a list of {@code v1} and {@code v2}, as oracle.mjs tells. */
    public int toV2(List<byte[]> updates) {
        request("toV2", updates);
        return requests.size() - 1;
    }

    /** Asks for updates from V2 in V1; the answer is a list of {@code v1} or {@code fail}. */
    public int toV1(List<byte[]> updates) {
        request("toV1", updates);
        return requests.size() - 1;
    }

    /** Asks for updates as Yjs writes them who has read them; the answer is a list of indexes of blobs. */
    public int rewrite(List<byte[]> updates) {
        request("rewrite", updates);
        return requests.size() - 1;
    }

    /**
     * Asks for updates merged, what of that somebody lacks, and its state vector; the answer has {@code merged}, {@code
     * diff} and {@code vector}, indexes of blobs.
     */
    public int mergeAndDiff(List<byte[]> updates, byte[] known) {
        List<byte[]> all = new ArrayList<>(updates);
        all.add(known);
        request("mergeAndDiff", all);
        return requests.size() - 1;
    }

    /** Asks for the JSON of values in lib0's encoding; the answer is a list of texts, null where there is none. */
    public int stringify(List<byte[]> values) {
        request("stringify", values);
        return requests.size() - 1;
    }

    /** Asks for the unit form of an update as it is, without a document; the answer has both hashes. */
    public int units(byte[] update) {
        request("units", List.of(update));
        return requests.size() - 1;
    }

    /** Asks for a random history; the answer is one of {@link #apply} plus {@code updates} and {@code roots}. */
    public int session(long seed, int clients, int steps, boolean gc) {
        request("session", List.of())
                .put("seed", seed)
                .put("clients", clients)
                .put("steps", steps)
                .put("gc", gc);
        return requests.size() - 1;
    }

    /**
     * Asks to play steps ({@code script.mjs} says which); the answer has {@code first}, {@code updates} and {@code docs}:
     * from that blob on so many updates, and then the state of each document; from {@code firstV2} on the same in V2.
     */
    public int script(boolean gc, List<Long> clients, JsonNode steps) {
        ObjectNode request = request("script", List.of()).put("gc", gc);
        clients.forEach(request.putArray("clients")::add);
        request.set("steps", steps);
        return requests.size() - 1;
    }

    /**
     * Asks an editor of that name, made when it is named first, to hear of updates and then to edit; the answer is a list
     * of indexes of blobs, the updates it made.
     */
    public int edit(String name, long seed, long client, boolean gc, List<byte[]> updates, int steps) {
        request("edit", updates)
                .put("name", name)
                .put("seed", seed)
                .put("client", client)
                .put("gc", gc)
                .put("steps", steps);
        return requests.size() - 1;
    }

    /** As above without edits; the editor goes, and the answer is its state as in {@link #apply}. */
    public int endEdit(String name, JsonNode roots, List<byte[]> updates) {
        ObjectNode request =
                request("edit", updates).put("name", name).put("steps", 0).put("end", true);
        request.set("roots", roots);
        return requests.size() - 1;
    }

    private ObjectNode request(String op, List<byte[]> updates) {
        ObjectNode request = requests.addObject().put("op", op);
        ArrayNode indexes = request.putArray("updates");
        for (byte[] update : updates) {
            indexes.add(blobs.size());
            blobs.add(update);
        }
        return request;
    }

    /** Sends what was collected and waits for the answers. */
    public Answers ask() {
        JsonNode body = JSON.createObjectNode().set("requests", requests);
        List<byte[]> parts = new ArrayList<>(List.of(bytes(body)));
        parts.addAll(blobs);
        requests = JSON.createArrayNode();
        blobs = new ArrayList<>();
        try {
            byte[] frame = pack(parts);
            out.writeInt(frame.length);
            out.write(frame);
            out.flush();
            List<byte[]> answer = CompletableFuture.supplyAsync(this::readFrame).get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
            JsonNode all = JSON.readTree(answer.get(0)).get("answers");
            return new Answers(all, answer.subList(1, answer.size()));
        } catch (IOException | ExecutionException e) {
            throw new AssertionError("the Yjs process died", e);
        } catch (TimeoutException e) {
            process.destroyForcibly();
            throw new AssertionError("Yjs did not answer within " + TIMEOUT_SECONDS + " s", e);
        } catch (InterruptedException e) {
            process.destroyForcibly();
            throw new AssertionError(e);
        }
    }

    private static byte[] bytes(JsonNode node) {
        try {
            return JSON.writeValueAsBytes(node);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] pack(List<byte[]> parts) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream data = new DataOutputStream(bytes);
        for (byte[] part : parts) {
            data.writeInt(part.length);
            data.write(part);
        }
        return bytes.toByteArray();
    }

    private List<byte[]> readFrame() {
        try {
            int left = in.readInt();
            List<byte[]> parts = new ArrayList<>();
            while (left > 0) {
                byte[] part = in.readNBytes(in.readInt());
                parts.add(part);
                left -= 4 + part.length;
            }
            return parts;
        } catch (EOFException e) {
            throw new IllegalStateException("the Yjs process has ended; its last words are on stderr", e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        out.close(); // the end of its input ends the process
        try {
            if (!process.waitFor(5, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
