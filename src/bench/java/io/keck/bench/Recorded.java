package io.keck.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What {@code bench.mjs prepare} recorded with Yjs, from the folder of the system property {@code bench.data} (default
 * {@code target/bench/data}). Nothing here runs the engine, so that a first call stays one.
 */
final class Recorded {
    private static final Path FOLDER = Path.of(System.getProperty("bench.data", "target/bench/data"));

    private Recorded() {}

    static byte[] bytes(String name) {
        try {
            return Files.readAllBytes(FOLDER.resolve(name));
        } catch (IOException e) {
            throw new UncheckedIOException("run bench.mjs prepare first", e);
        }
    }

    /** Blobs in a row: their number, then each after its length; u32, little-endian. */
    static List<byte[]> blobs(String name) {
        ByteBuffer in = ByteBuffer.wrap(bytes(name)).order(ByteOrder.LITTLE_ENDIAN);
        List<byte[]> blobs = new ArrayList<>(in.getInt());
        while (in.hasRemaining()) {
            byte[] blob = new byte[in.getInt()];
            in.get(blob);
            blobs.add(blob);
        }
        return blobs;
    }

    static Edit[] edits() {
        try {
            JsonNode all = new ObjectMapper().readTree(bytes("edits.json"));
            Edit[] edits = new Edit[all.size()];
            for (int i = 0; i < edits.length; i++) {
                JsonNode edit = all.get(i);
                edits[i] = new Edit(
                        edit.get(0).asInt(), edit.get(1).asInt(), edit.get(2).asText());
            }
            return edits;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
