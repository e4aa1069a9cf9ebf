package io.keck.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Blocks of the pages, so that what they say is what a test runs. */
public final class Documented {
    private Documented() {}

    /**
     * The lines of a block from that line on, without the four spaces before them; blank lines within it included.
     *
     * @param page in {@code src/site/markdown}
     * @param first the whole line, without the spaces
     * @param occurrence 0 for the first block in which there is such a line
     */
    public static List<String> block(String page, String first, int occurrence) {
        try {
            List<String> lines = Files.readAllLines(Path.of("src", "site", "markdown", page));
            int from = IntStream.range(0, lines.size())
                    .filter(i -> lines.get(i).equals("    " + first))
                    .skip(occurrence)
                    .findFirst()
                    .orElseThrow(() -> new AssertionError(page + " has no line: " + first));
            List<String> block = new ArrayList<>();
            for (String line : lines.subList(from, lines.size())) {
                if (!line.isBlank() && !line.startsWith("    ")) {
                    break;
                }
                block.add(line.isBlank() ? "" : line.substring(4));
            }
            return block;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The same as one text. */
    public static String code(String page, String first) {
        return String.join("\n", block(page, first, 0));
    }

    /** The variables that the lines set with {@code NAME=value} up to the first blank one. */
    public static Map<String, String> environment(String page, String first) {
        Map<String, String> variables = new LinkedHashMap<>();
        for (String line : block(page, first, 0)) {
            if (line.isBlank()) {
                break;
            }
            for (String word : line.split(" ")) {
                int equals = word.indexOf('=');
                if (equals > 0 && word.substring(0, equals).matches("[A-Z_]+")) {
                    variables.put(word.substring(0, equals), word.substring(equals + 1));
                }
            }
        }
        return variables;
    }

    /** Replaces what has to be another value here; fails where it is not there. */
    public static String replaced(String text, String before, String after) {
        if (!text.contains(before)) {
            throw new AssertionError("There is no " + before + " in\n" + text);
        }
        return text.replace(before, after);
    }
}
