package io.keck.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.exc.InvalidTypeIdException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.exc.ValueInstantiationException;
import com.fasterxml.jackson.databind.type.LogicalType;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.dropwizard.configuration.ConfigurationException;
import io.dropwizard.configuration.ConfigurationParsingException;
import io.dropwizard.configuration.ConfigurationSourceProvider;
import io.dropwizard.configuration.ConfigurationValidationException;
import io.dropwizard.configuration.YamlConfigurationFactory;
import io.dropwizard.util.DataSize;
import io.dropwizard.util.Duration;
import jakarta.validation.Validator;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.events.CollectionStartEvent;
import org.yaml.snakeyaml.events.Event;
import org.yaml.snakeyaml.events.NodeEvent;
import org.yaml.snakeyaml.events.ScalarEvent;

/**
 * Reads a configuration as Dropwizard does, with two differences: environment variables are inserted after the YAML was
 * parsed ({@link Variables}), and an error names the place and the expected value, never the actual value, since that
 * may be a secret. Used by one thread.
 */
public final class ConfigurationReader<T> extends YamlConfigurationFactory<T> {
    private static final List<LogicalType> NEVER_EMPTY =
            List.of(LogicalType.Integer, LogicalType.Float, LogicalType.Boolean);

    private final Function<String, @Nullable String> environment;
    private final String prefix;
    private final ObjectMapper yaml;

    /**
     * Creates a reader as Dropwizard's {@code ConfigurationFactoryFactory} does, with the environment of this process.
     */
    public ConfigurationReader(Class<T> type, Validator validator, ObjectMapper mapper, String prefix) {
        this(type, validator, mapper, prefix, System::getenv);
    }

    ConfigurationReader(
            Class<T> type,
            Validator validator,
            ObjectMapper mapper,
            String prefix,
            Function<String, @Nullable String> environment) {
        super(type, validator, mapper.copy().enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES), prefix);
        this.environment = environment;
        this.prefix = prefix;
        this.yaml = mapper.copyWith(new YAMLFactory());
        // an empty variable must not become 0 or false
        NEVER_EMPTY.forEach(kind ->
                this.mapper.coercionConfigFor(kind).setCoercion(CoercionInputShape.EmptyString, CoercionAction.Fail));
    }

    /**
     * Reads and validates a configuration.
     *
     * @throws RefusedConfigurationException if it cannot be used
     * @throws IOException if it cannot be opened
     */
    @Override
    public T build(ConfigurationSourceProvider provider, String path) throws IOException, ConfigurationException {
        String text;
        try (InputStream in = provider.open(path)) {
            text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
        JsonNode tree = parse(Variables.mark(text), path);
        Variables variables = new Variables(environment, yaml);
        try {
            return build(variables.resolve(tree), path);
        } catch (ConfigurationValidationException e) {
            throw new RefusedConfigurationException(path, List.copyOf(e.getErrors()));
        } catch (ConfigurationParsingException e) {
            throw refused(path, describe(e, variables));
        } catch (Variables.VariableException e) {
            throw refused(path, e.getMessage());
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            throw refused(
                    path, "A system property that begins with " + prefix + ". matches no key of the configuration.");
        }
    }

    private static RefusedConfigurationException refused(String path, @Nullable String error) {
        return new RefusedConfigurationException(path, List.of(String.valueOf(error)));
    }

    private JsonNode parse(String text, String path) throws IOException, ConfigurationException {
        try {
            refuseSpecial(text, path);
            JsonNode tree = yaml.readTree(text);
            if (tree == null || !tree.isObject()) {
                throw refused(path, "The file must have keys and values.");
            }
            return tree;
        } catch (MarkedYAMLException e) {
            Mark at = e.getProblemMark();
            throw invalid(
                    path, at == null ? "" : " at line " + (at.getLine() + 1) + ", column " + (at.getColumn() + 1));
        } catch (JsonProcessingException | YAMLException e) {
            throw invalid(path, "");
        }
    }

    private static RefusedConfigurationException invalid(String path, String where) {
        return refused(
                path,
                "Not valid YAML" + where + ": put quotes around a value that begins with a special character, or that"
                        + " holds a colon or a number sign beside a space.");
    }

    /** Refuses anchors, aliases and tags, because YAML would parse an unquoted secret as one of them. */
    private static void refuseSpecial(String text, String path) throws RefusedConfigurationException {
        for (Event event : new Yaml().parse(new StringReader(text))) {
            boolean isTagged = (event instanceof ScalarEvent scalar && scalar.getTag() != null)
                    || (event instanceof CollectionStartEvent group && group.getTag() != null);
            if (isTagged || (event instanceof NodeEvent node && node.getAnchor() != null)) {
                throw refused(
                        path,
                        "Line " + (event.getStartMark().getLine() + 1)
                                + " has a value that begins with &, * or !, which"
                                + " have a meaning in YAML that Keck does not use: put quotes around it.");
            }
        }
    }

    // ------------------------------------------------------------------ errors

    private String describe(ConfigurationParsingException error, Variables variables) {
        if (error.getCause() instanceof UnrecognizedPropertyException) {
            return error.getErrors().stream() // names of keys, and of keys with similar names
                    .flatMap(String::lines)
                    .map(String::strip)
                    .collect(Collectors.joining(" "));
        }
        if (!(error.getCause() instanceof JsonMappingException mapping)) {
            return "The configuration cannot be read.";
        }
        String key = path(mapping);
        String where = key.isEmpty() ? "The configuration" : key + from(key, variables);
        String own = ownSentence(mapping);
        return own != null ? where + ": " + own : where + " must be " + expected(mapping) + ".";
    }

    private String from(String key, Variables variables) {
        if (System.getProperty(prefix + "." + key) != null) {
            return " (from -D" + prefix + "." + key + ")";
        }
        String origin = variables.origin(key);
        return origin == null ? "" : " (from " + origin + ")";
    }

    private static String path(JsonMappingException error) {
        StringBuilder path = new StringBuilder();
        for (JsonMappingException.Reference step : error.getPath()) {
            if (step.getFieldName() == null) {
                path.append('[').append(step.getIndex()).append(']');
            } else {
                path.append(path.isEmpty() ? "" : ".").append(step.getFieldName());
            }
        }
        return path.toString();
    }

    /**
     * The message of an exception from Keck's own setters, which never contain the value; messages of libraries may.
     */
    private static @Nullable String ownSentence(Throwable error) {
        for (Throwable cause = error.getCause(); cause != null; cause = cause.getCause()) {
            StackTraceElement[] trace = cause.getStackTrace();
            if (cause instanceof IllegalArgumentException
                    && trace.length > 0
                    && trace[0].getClassName().startsWith("io.keck.")) {
                return cause.getMessage();
            }
        }
        return null;
    }

    private static String expected(JsonMappingException error) {
        Class<?> type = error instanceof ValueInstantiationException made
                ? made.getType().getRawClass()
                : error instanceof MismatchedInputException mismatch ? mismatch.getTargetType() : null;
        if (error instanceof InvalidTypeIdException) {
            return "of a type that exists";
        }
        if (type == null) {
            return "another value";
        }
        if (type.isEnum()) {
            return "one of " + Arrays.toString(type.getEnumConstants()).replaceAll("[\\[\\]]", "");
        }
        if (type == boolean.class || type == Boolean.class) {
            return "true or false";
        }
        if (Duration.class.isAssignableFrom(type)) {
            return "a duration such as 500ms, 20s or 5m";
        }
        if (DataSize.class.isAssignableFrom(type)) {
            return "a size such as 64KiB or 8MiB";
        }
        if (type.isPrimitive() || Number.class.isAssignableFrom(type)) {
            return "a number";
        }
        return List.class.isAssignableFrom(type) ? "a list" : type == String.class ? "text" : "a group of keys";
    }
}
