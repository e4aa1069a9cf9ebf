package io.keck.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Inserts the values of environment variables into a configuration after YAML was parsed, so that no character of a
 * value has a meaning in YAML.
 *
 * <p>In a scalar, <code>${NAME}</code> and <code>${NAME:-default}</code> stand for the variable {@code NAME}, and
 * <code>$${</code> for <code>${</code> itself. A default may contain variables, the value of a variable is used as it
 * is. A variable that is not set and has no default stays as it was written. If a scalar without quotes is one variable
 * and nothing else, the default decides the type: if it is a list, the value is split at its commas; if it is true or
 * false, the words yes, no, on and off are understood; if it is a number, a duration, a size, true or
 * false, an empty value counts as none, since that is what Compose passes on for a variable that is not set. Elsewhere an
 * empty value is a value.
 *
 * <p>{@code NAME_FILE} names a file with the value of {@code NAME}; line breaks at its end are left out. Each variable
 * is read once. Used by one thread.
 */
public final class Variables {
    /** The largest size of the file of a variable, in bytes. */
    static final int MAX_FILE = 64 << 10;

    private static final Pattern QUANTITY = Pattern.compile("[0-9]+ ?[a-zA-Z]+");

    private static final String FILE = "_FILE";
    private static final String OPEN = "${";
    private static final String DEFAULT = ":-";

    /**
     * Braces have a meaning in YAML, so variables are written with private-use characters while it is parsed. These
     * have the same length as the text they replace, so that lines and columns stay right.
     */
    private static final String MARKED_OPEN = "\uE8F0\uE8F1";

    private static final char MARKED_CLOSE = '\uE8F2';

    private static final Set<String> TRUE = Set.of("true", "yes", "on", "y");
    private static final Set<String> FALSE = Set.of("false", "no", "off", "n");

    private final Function<String, @Nullable String> environment;
    private final ObjectMapper yaml;
    private final Map<String, Optional<String>> values = new HashMap<>();
    private final Map<String, String> origins = new HashMap<>();

    /** Thrown if a variable cannot be read. The message is a sentence without the value. */
    public static final class VariableException extends IllegalArgumentException {
        private static final long serialVersionUID = 1L;

        VariableException(String message) {
            super(message);
        }
    }

    /**
     * Creates the variables of an environment.
     *
     * @param environment returns the value of a name, or null if it is not set
     * @param yaml parses defaults
     */
    Variables(Function<String, @Nullable String> environment, ObjectMapper yaml) {
        this.environment = environment;
        this.yaml = yaml;
    }

    /**
     * Returns the value of a variable, from the environment of the process or from the file that {@code name_FILE}
     * names.
     *
     * @throws VariableException if both are set, or the file cannot be used
     */
    public static Optional<String> read(String name) {
        return read(name, System::getenv);
    }

    private static Optional<String> read(String name, Function<String, @Nullable String> environment) {
        String value = environment.apply(name);
        String file = environment.apply(name + FILE);
        if (file == null || file.isEmpty()) {
            return Optional.ofNullable(value);
        }
        if (value != null && !value.isEmpty()) {
            throw new VariableException(name + " and " + name + FILE + " are both set: unset one of them.");
        }
        return Optional.of(contents(name + FILE, file));
    }

    private static String contents(String variable, String file) {
        byte[] bytes;
        try (InputStream in = Files.newInputStream(Path.of(file))) {
            bytes = in.readNBytes(MAX_FILE + 1);
        } catch (IOException | InvalidPathException | SecurityException e) {
            // the message omits the path, because it would print a secret that was put into this variable by mistake
            throw new VariableException("The file that " + variable + " names cannot be read ("
                    + e.getClass().getSimpleName() + "): it must exist and be readable for the user that runs Keck.");
        }
        if (bytes.length > MAX_FILE) {
            throw new VariableException(
                    "The file that " + variable + " names is larger than " + (MAX_FILE >> 10) + " KiB.");
        }
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            int end = text.length();
            while (end > 0 && (text.charAt(end - 1) == '\n' || text.charAt(end - 1) == '\r')) {
                end--;
            }
            return text.substring(0, end);
        } catch (CharacterCodingException e) {
            throw new VariableException("The file that " + variable + " names is not text in UTF-8.");
        }
    }

    // ------------------------------------------------------------------ before YAML is parsed

    /** Hides the braces of variables that begin and end on one line from YAML. */
    static String mark(String text) {
        char[] marked = text.toCharArray();
        Deque<Integer> open = new ArrayDeque<>();
        for (int i = 0; i < marked.length; i++) {
            if (marked[i] == '\n') {
                open.clear();
            } else if (text.startsWith(OPEN, i)) {
                boolean isEscaped = i > 0 && text.charAt(i - 1) == '$';
                boolean isQuoted = i > 0 && (text.charAt(i - 1) == '"' || text.charAt(i - 1) == '\'');
                open.push(isEscaped || (isQuoted && open.isEmpty()) ? -1 : i);
                i++;
            } else if (marked[i] == '}' && !open.isEmpty()) {
                int at = open.pop();
                if (at >= 0) {
                    marked[at] = MARKED_OPEN.charAt(0);
                    marked[at + 1] = MARKED_OPEN.charAt(1);
                    marked[i] = MARKED_CLOSE;
                }
            }
        }
        return new String(marked);
    }

    private static String unmark(String text) {
        return text.replace(MARKED_OPEN, OPEN).replace(MARKED_CLOSE, '}');
    }

    // ------------------------------------------------------------------ after YAML is parsed

    /** The variable that supplied the value at a path, by the name that the operator set; null if no variable did. */
    @Nullable
    String origin(String path) {
        return origins.get(path);
    }

    /**
     * Returns a copy of a marked and parsed configuration with the values of all variables.
     *
     * @throws VariableException if a variable cannot be read
     */
    JsonNode resolve(JsonNode node) {
        return resolve(node, "");
    }

    private JsonNode resolve(JsonNode node, String path) {
        if (node instanceof ObjectNode object) {
            ObjectNode copy = JsonNodeFactory.instance.objectNode();
            object.properties()
                    .forEach(e -> copy.set(
                            unmark(e.getKey()),
                            resolve(e.getValue(), path.isEmpty() ? e.getKey() : path + "." + e.getKey())));
            return copy;
        }
        if (node instanceof ArrayNode array) {
            ArrayNode copy = JsonNodeFactory.instance.arrayNode();
            for (int i = 0; i < array.size(); i++) {
                copy.add(resolve(array.get(i), path + "[" + i + "]"));
            }
            return copy;
        }
        return node instanceof TextNode text ? scalar(text.textValue(), path) : node;
    }

    private JsonNode scalar(String marked, String path) {
        String text = unmark(marked);
        boolean isWhole = marked.startsWith(MARKED_OPEN) && close(text, 0) == text.length() - 1;
        return isWhole ? whole(text.substring(OPEN.length(), text.length() - 1), path) : new TextNode(fill(text, path));
    }

    /** The index of the brace that closes the variable which begins at {@code from}, or -1. */
    private static int close(String text, int from) {
        int depth = 0;
        for (int i = from; i < text.length(); i++) {
            if (text.startsWith(OPEN, i)) {
                depth++;
                i++;
            } else if (text.charAt(i) == '}') {
                depth--;
                if (depth == 0) {
                    return i;
                }
            }
        }
        return -1;
    }

    private JsonNode whole(String inner, String path) {
        int at = inner.indexOf(DEFAULT);
        String name = at < 0 ? inner : inner.substring(0, at);
        Optional<String> value = value(name, path);
        JsonNode fallback = at < 0 ? new TextNode(OPEN + inner + "}") : fallback(inner.substring(at + 2), name, path);
        return value.map(text -> typed(text, fallback)).orElse(fallback);
    }

    private JsonNode fallback(String text, String name, String path) {
        if (text.startsWith(OPEN) && close(text, 0) == text.length() - 1) {
            return whole(text.substring(OPEN.length(), text.length() - 1), path);
        }
        if (text.contains(OPEN)) {
            return new TextNode(fill(text, path));
        }
        try {
            JsonNode parsed = yaml.readTree(text);
            return parsed == null || parsed.isMissingNode() ? NullNode.instance : parsed;
        } catch (JsonProcessingException e) { // no cause: its message contains the source text
            throw new VariableException("The default of " + name + " is not valid YAML: put quotes around the value.");
        }
    }

    private static JsonNode typed(String text, JsonNode fallback) {
        if (text.isBlank() && (fallback.isBoolean() || isQuantity(fallback))) {
            return fallback;
        }
        if (fallback.isBoolean()) {
            String word = text.strip().toLowerCase(Locale.ROOT);
            return TRUE.contains(word)
                    ? BooleanNode.TRUE
                    : FALSE.contains(word) ? BooleanNode.FALSE : new TextNode(text);
        }
        if (fallback.isArray()) {
            ArrayNode items = JsonNodeFactory.instance.arrayNode();
            for (String item : text.split(",", -1)) {
                if (!item.isBlank()) {
                    items.add(item.strip());
                }
            }
            return items;
        }
        return new TextNode(fallback.isNumber() ? text.strip() : text);
    }

    /** Whether a default is a number, or a duration or size such as 30d and 256MiB. */
    private static boolean isQuantity(JsonNode fallback) {
        return fallback.isNumber() || QUANTITY.matcher(fallback.asText()).matches();
    }

    /** Replaces the variables in a text by their values. */
    private String fill(String text, String path) {
        StringBuilder out = new StringBuilder();
        int i = 0;
        while (i < text.length()) {
            int end = text.startsWith(OPEN, i) ? close(text, i) : -1;
            if (text.startsWith("$" + OPEN, i)) {
                int close = close(text, i + 1);
                int to = close < 0 ? i + 3 : close + 1;
                out.append(text, i + 1, to);
                i = to;
            } else if (end < 0) {
                out.append(text.charAt(i++));
            } else {
                String inner = text.substring(i + OPEN.length(), end);
                int at = inner.indexOf(DEFAULT);
                Optional<String> value = value(at < 0 ? inner : inner.substring(0, at), path);
                out.append(value.orElseGet(
                        () -> at < 0 ? OPEN + inner + "}" : fill(inner.substring(at + DEFAULT.length()), path)));
                i = end + 1;
            }
        }
        return out.toString();
    }

    private Optional<String> value(String name, String path) {
        if (name.isEmpty() || name.indexOf('\0') >= 0) {
            return Optional.empty();
        }
        Optional<String> value = values.computeIfAbsent(name, n -> read(n, environment));
        if (value.isPresent()) {
            String file = environment.apply(name + FILE);
            origins.put(path, file == null || file.isEmpty() ? name : name + FILE);
        }
        return value;
    }
}
