package io.keck.crdt;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.keck.crdt.store.StateVector;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;

/**
 * What the real Yjs said, recorded: gzip'ed JSON lines in {@code src/test/resources/yjs}, by version of Yjs. With
 * {@code -Dkeck.conformance=DIR} another folder of the same layout is read instead.
 */
public final class Fixtures {
    private static final String RECORDED = "/yjs/13.6.33/";
    private static final ObjectMapper JSON = new ObjectMapper();

    private Fixtures() {}

    /** All lines of a file, named without {@code .jsonl.gz}. */
    public static List<JsonNode> read(String name) {
        // from characters: from bytes Jackson refuses the escaped lone surrogates that some keys have
        try (InputStream file = open(name + ".jsonl.gz");
                Reader text = new InputStreamReader(new GZIPInputStream(file), StandardCharsets.UTF_8);
                MappingIterator<JsonNode> lines = JSON.readerFor(JsonNode.class).readValues(text)) {
            return lines.readAll();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static InputStream open(String file) throws IOException {
        String folder = System.getProperty("keck.conformance");
        if (folder != null) {
            return Files.newInputStream(Path.of(folder, file));
        }
        InputStream resource = Fixtures.class.getResourceAsStream(RECORDED + file);
        if (resource == null) {
            throw new IOException("no resource " + RECORDED + file);
        }
        return resource;
    }

    /** One JSON text. */
    public static JsonNode json(String text) {
        try {
            return JSON.readTree(text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The bytes that a string spells in hexadecimal digits. */
    public static byte[] hex(JsonNode text) {
        return HexFormat.of().parseHex(text.textValue());
    }

    public static byte[] base64(JsonNode text) {
        return Base64.getDecoder().decode(text.textValue());
    }

    /** A state vector from {@code [[client, clock], ..]}. */
    public static StateVector stateVector(JsonNode svJson) {
        Map<Long, Long> clocks = new HashMap<>();
        svJson.forEach(
                entry -> clocks.put(entry.get(0).longValue(), entry.get(1).longValue()));
        return StateVector.of(clocks);
    }
}
