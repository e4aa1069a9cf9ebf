package io.keck.storage.octobase;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import io.keck.storage.octobase.Renames.Rename;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Reads renames from a file in UTF-8: a JSON object of old names to new ones ({@code .json}), or records of an old and a new
 * name, separated by commas ({@code .csv}) or tabs ({@code .tsv}). A field in double quotes may contain anything, including
 * line breaks; a double quote in it is doubled (RFC 4180). There is no header line.
 */
public final class RenameFile {
    private static final int MAX_BYTES = 64 << 20;
    private static final int FIELDS = 2;

    private final String text;
    private final char delimiter;
    private int at;
    private int line = 1;

    private RenameFile(String text, char delimiter) {
        this.text = text;
        this.delimiter = delimiter;
    }

    /**
     * Reads a file.
     *
     * @throws IllegalArgumentException with the line, if the file is malformed or of another type
     * @throws IOException if the file cannot be read
     */
    public static List<Rename> read(Path file) throws IOException {
        String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
        if (!name.matches(".*[.](json|csv|tsv)")) {
            throw new IllegalArgumentException("The name of " + file + " must end with .json, .csv or .tsv.");
        }
        if (Files.size(file) > MAX_BYTES) {
            throw new IllegalArgumentException(file + " has more than " + MAX_BYTES + " bytes.");
        }
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(Files.readAllBytes(file)))
                    .toString();
            text = text.startsWith("\ufeff") ? text.substring(1) : text;
            return name.endsWith(".json")
                    ? json(text)
                    : new RenameFile(text, name.endsWith(".csv") ? ',' : '\t').records();
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException(file + " is not in UTF-8.", e);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(file + ", " + e.getMessage() + " Nothing was changed.", e);
        }
    }

    // ---- JSON

    private static List<Rename> json(String text) throws IOException {
        List<Rename> all = new ArrayList<>();
        try (JsonParser in = new JsonFactory()
                .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
                .createParser(text)) {
            boolean isObject = in.nextToken() == JsonToken.START_OBJECT;
            while (isObject && in.nextToken() == JsonToken.FIELD_NAME) {
                String from = in.currentName();
                if (in.nextToken() != JsonToken.VALUE_STRING) {
                    throw new IllegalArgumentException(
                            "line " + in.currentTokenLocation().getLineNr() + ": the new name of " + Names.quote(from)
                                    + " is not a string.");
                }
                all.add(new Rename(from, in.getText()));
            }
            if (!isObject || in.nextToken() != null) {
                throw new IllegalArgumentException(
                        "line " + in.currentTokenLocation().getLineNr()
                                + ": the file is not one JSON object of old names to new ones.");
            }
            return all;
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(
                    "line " + e.getLocation().getLineNr() + ": the file is not JSON: " + e.getOriginalMessage() + ".",
                    e);
        }
    }

    // ---- CSV and TSV

    private List<Rename> records() {
        List<Rename> all = new ArrayList<>();
        while (at < text.length()) {
            int begun = line;
            List<String> fields = record();
            if (fields.equals(List.of(""))) {
                continue; // an empty line
            }
            if (fields.size() != FIELDS) {
                throw new IllegalArgumentException(
                        "line " + begun + ": there are " + fields.size() + " fields, not an old and a new name.");
            }
            all.add(new Rename(fields.get(0), fields.get(1)));
        }
        return all;
    }

    private List<String> record() {
        List<String> fields = new ArrayList<>();
        while (true) {
            fields.add(at < text.length() && text.charAt(at) == '"' ? quoted() : plain());
            if (at == text.length()) {
                return fields;
            }
            char c = text.charAt(at++);
            if (c == delimiter) {
                continue;
            }
            if (c == '\r' && at < text.length() && text.charAt(at) == '\n') {
                at++;
            } else if (c != '\n') {
                throw new IllegalArgumentException(
                        "line " + line + ": a quoted field goes on after its closing quote.");
            }
            line++;
            return fields;
        }
    }

    private String plain() {
        int from = at;
        while (at < text.length() && text.charAt(at) != delimiter && !isLineEnd()) {
            if (text.charAt(at) == '"') {
                throw new IllegalArgumentException("line " + line + ": a quote stands inside a field without quotes.");
            }
            at++;
        }
        return text.substring(from, at);
    }

    private boolean isLineEnd() {
        return text.charAt(at) == '\n' || text.startsWith("\r\n", at);
    }

    private String quoted() {
        int begun = line;
        StringBuilder field = new StringBuilder();
        at++;
        while (at < text.length()) {
            char c = text.charAt(at++);
            if (c == '"') {
                if (at == text.length() || text.charAt(at) != '"') {
                    return field.toString();
                }
                at++;
            } else if (c == '\n') {
                line++;
            }
            field.append(c);
        }
        throw new IllegalArgumentException("line " + begun + ": a quote is not closed.");
    }
}
