package io.keck.protocol;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.GZIPInputStream;

/**
 * What the real y-protocols said, recorded: gzip'ed JSON lines in {@code src/test/resources/yjs}. With
 * {@code -Dkeck.conformance=DIR} another folder of the same layout is read instead.
 */
final class Recorded {
    private static final String FOLDER = "/yjs/13.6.33/";
    static final ObjectMapper JSON = new ObjectMapper();

    private Recorded() {}

    /** All lines of a file, named without {@code .jsonl.gz}. */
    static List<JsonNode> read(String name) {
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
        InputStream resource = Recorded.class.getResourceAsStream(FOLDER + file);
        if (resource == null) {
            throw new IOException("no resource " + FOLDER + file);
        }
        return resource;
    }

    static byte[] hex(JsonNode text) {
        return HexFormat.of().parseHex(text.textValue());
    }

    static JsonNode json(String text) {
        try {
            return JSON.readTree(text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
