package io.keck.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.annotation.JsonAnySetter;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dropwizard.configuration.ConfigurationException;
import io.dropwizard.jackson.Jackson;
import io.dropwizard.jersey.validation.Validators;
import io.keck.KeckConfiguration;
import jakarta.validation.Validator;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Values of variables arrive as they are, whatever they mean to YAML, and no error shows one. */
class ConfigurationReaderTest {
    private static final Pattern VARIABLE = Pattern.compile("\\$\\{([A-Z_]+):-");
    private static final String MARK = "Sekret99";

    private static final Validator VALIDATOR = Validators.newValidator();
    private static final ObjectMapper MAPPER = Jackson.newObjectMapper();
    private static final Map<String, String> ENVIRONMENT = new HashMap<>();
    private static final Map<Class<?>, ConfigurationReader<?>> READERS = new HashMap<>();

    @TempDir
    private Path dir;

    /** A configuration as it was read, before it becomes objects. */
    private static final class Tree {
        private final Map<String, JsonNode> keys = new LinkedHashMap<>();

        @JsonAnySetter
        void set(String key, JsonNode value) {
            keys.put(key, value);
        }

        JsonNode at(String key) {
            return keys.get(key);
        }

        Set<String> texts() {
            Set<String> texts = new TreeSet<>();
            keys.values().forEach(node -> collect(node, texts));
            return texts;
        }

        private static void collect(JsonNode node, Set<String> texts) {
            if (node.isValueNode()) {
                texts.add(node.asText());
            }
            node.forEach(child -> collect(child, texts));
        }
    }

    /** Made once for each type: what Jackson learns of a type costs more than to read a file. */
    private static <T> T read(Class<T> type, String yaml, Map<String, String> environment)
            throws IOException, ConfigurationException {
        ENVIRONMENT.clear();
        ENVIRONMENT.putAll(environment);
        Object configuration = READERS.computeIfAbsent(
                        type, t -> new ConfigurationReader<>(t, VALIDATOR, MAPPER, "no-such-prefix", ENVIRONMENT::get))
                .build(path -> new ByteArrayInputStream(yaml.getBytes(StandardCharsets.UTF_8)), "config.yml");
        return type.cast(configuration);
    }

    private static Tree tree(String yaml, Map<String, String> environment) throws IOException, ConfigurationException {
        return read(Tree.class, yaml, environment);
    }

    private static String config() throws IOException {
        return Files.readString(Path.of("config.yml"));
    }

    private static Set<String> variables() throws IOException {
        Set<String> names = new TreeSet<>();
        Matcher matcher = VARIABLE.matcher(config().replaceAll("(?m)^ *#.*", ""));
        while (matcher.find()) {
            names.add(matcher.group(1));
        }
        assertThat(names).contains("DATABASE_URL", "REDIS_URL", "REDIS_SENTINEL_PASSWORD", "HOOK_SECRET", "NODE_ID");
        return names;
    }

    private static Stream<String> nasty() {
        return Stream.of(
                "plain-Sekret99",
                "&Sekret99",
                "!Sekret99",
                "!!binary Sekret99",
                "*Sekret99",
                "Sekret99 #rest",
                "#Sekret99",
                "@Sekret99",
                "%Sekret99",
                "`Sekret99",
                "[Sekret99",
                "{Sekret99",
                "}Sekret99",
                "]Sekret99,",
                "Sek: Sekret99",
                "Sekret99:",
                "- Sekret99",
                "? Sekret99",
                "|Sekret99",
                "> Sekret99",
                "'Sekret99",
                "\"Sekret99",
                "Sekret99\"'",
                "${Sekret99",
                "${HOME}Sekret99",
                "$${X}Sekret99",
                "a}Sekret99:-b}",
                "Sekret99\\n\\x41\\",
                "Sekret99\nnodeId: other",
                "\tSekret99\t",
                "Sekret99\u00e9\u20ac\ud83d\ude00\ue8f0\ue8f1\ue8f2",
                "---Sekret99",
                "<<: Sekret99");
    }

    private static Stream<String> nastyWithoutMark() {
        return Stream.of(
                "~", "null", "true", "no", "1e3", "0x10", "2026-11-29", "010", "-", ".", "", "=", "<<", "''", "{}");
    }

    /** For every variable of the configuration of this repository. */
    @ParameterizedTest
    @MethodSource({"nasty", "nastyWithoutMark"})
    void values_arriveAsTheyAre(String value) throws Exception {
        for (String name : variables()) {
            Set<String> texts = tree(config(), Map.of(name, value)).texts();
            boolean isTyped = config().matches("(?s).*\\$\\{" + name + ":-(true|false|[0-9]+)}.*");
            boolean isQuantity = config().matches("(?s).*\\$\\{" + name + ":-[0-9]+[a-zA-Z]+}.*");
            if (!isTyped && !(isQuantity && value.isEmpty())) {
                assertThat(texts).as(name).contains(value);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("nasty")
    void errors_neverShowAValue(String value) throws Exception {
        for (String name : variables()) {
            try {
                read(KeckConfiguration.class, config(), Map.of(name, value));
            } catch (ConfigurationException e) {
                assertThat(e.getMessage()).as(name).doesNotContain(MARK).startsWith("config.yml: ");
                assertThat(e.getErrors().toString()).as(name).doesNotContain(MARK);
                for (Throwable cause = e; cause != null; cause = cause.getCause()) {
                    assertThat(String.valueOf(cause.getMessage())).as(name).doesNotContain(MARK);
                }
            }
        }
    }

    @Test
    void error_namesTheKeyAndTheVariable() {
        assertThatThrownBy(() -> read(KeckConfiguration.class, config(), Map.of("KECK_PORT", "x" + MARK)))
                .hasMessage("config.yml: server.applicationConnectors[0].port (from KECK_PORT) must be a number.");
        assertThatThrownBy(() -> read(KeckConfiguration.class, config(), Map.of("KECK_MIGRATE", "perhaps")))
                .hasMessage("config.yml: database.migrateAtStart (from KECK_MIGRATE) must be true or false.");
        assertThatThrownBy(() -> read(KeckConfiguration.class, config(), Map.of("REDIS_URL", "http://" + MARK)))
                .hasMessageStartingWith("config.yml: redis.url (from REDIS_URL): The Redis URL must begin with");
        assertThatThrownBy(() -> read(
                        KeckConfiguration.class,
                        config().replace("drainTimeout: 20s", "drainTimeout: " + MARK),
                        Map.of()))
                .hasMessage("config.yml: drainTimeout must be a duration such as 500ms, 20s or 5m.");
        assertThatThrownBy(() -> read(KeckConfiguration.class, config(), Map.of("HOOK_SECRET", "whsec_" + MARK + "!")))
                .hasMessageContaining("HOOK_SECRET");
        assertThatThrownBy(() -> read(KeckConfiguration.class, config(), Map.of("HOOK_SECRET", "  ")))
                .hasMessageContaining("HOOK_SECRET");
    }

    /** Written into the file itself, without quotes. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "&Sekret99",
                "*Sekret99",
                "!Sekret99",
                "@Sekret99",
                "%Sekret99",
                "[Sekret99",
                "a: Sekret99",
                "'Sekret99",
                "\"Sekret99",
                "`Sekret99",
                "\tSekret99: x: y"
            })
    void yamlThatIsWrong_isRefusedWithoutTheLine(String value) {
        assertThatThrownBy(() -> tree("a: 1\nsecret: " + value + "\nb: 2\n", Map.of()))
                .isInstanceOf(RefusedConfigurationException.class)
                .hasNoCause()
                .hasMessageMatching("config\\.yml: .*(line|Line) [2-4].*quotes around.*")
                .message()
                .doesNotContain(MARK);
    }

    @Test
    void configurationOfThisRepository_isValidWithoutAnyVariable() throws Exception {
        assertThat(read(KeckConfiguration.class, config(), Map.of())).isNotNull();
    }

    @Test
    void defaults_keepTheirTypes() throws Exception {
        Tree tree = tree("""
                number: ${A:-3000}
                flag: ${A:-true}
                none: ${A:-}
                list: ${A:-[a, b]}
                quoted: "${A:-3000}"
                flow: [x, ${A:-y}, "${A:-z}", {k: ${A:-v}}]
                nested: ${A:-${B:-${C:-12}}}
                part: http://${A:-host}:${B:-80}/${C}
                escaped: $${A:-x}
                left: ${NOT_SET}
                folded: "${A:-one,\\
                  two}"
                # a comment with ${A:-
                """, Map.of());
        assertThat(tree.at("number").isInt()).isTrue();
        assertThat(tree.at("flag").isBoolean()).isTrue();
        assertThat(tree.at("none").isNull()).isTrue();
        assertThat(tree.at("list").size()).isEqualTo(2);
        assertThat(tree.at("quoted").isTextual()).isTrue();
        assertThat(tree.at("flow").toString()).isEqualTo("[\"x\",\"y\",\"z\",{\"k\":\"v\"}]");
        assertThat(tree.at("nested").intValue()).isEqualTo(12);
        assertThat(tree.at("part").textValue()).isEqualTo("http://host:80/${C}");
        assertThat(tree.at("escaped").textValue()).isEqualTo("${A:-x}");
        assertThat(tree.at("left").textValue()).isEqualTo("${NOT_SET}");
        assertThat(tree.at("folded").textValue()).isEqualTo("one,two");
    }

    @Test
    void values_takeTheTypeOfTheDefault() throws Exception {
        Tree tree = tree("""
                flag: ${A:-true}
                list: ${B:-[a, b]}
                part: "<${C}>"
                inner: ${X:-${C}}
                """, Map.of("A", "No", "B", "x, y ,z", "C", "${A}"));
        assertThat(tree.at("flag").isBoolean()).isTrue();
        assertThat(tree.at("flag").booleanValue()).isFalse();
        assertThat(tree.at("list").toString()).isEqualTo("[\"x\",\"y\",\"z\"]");
        assertThat(tree.at("part").textValue())
                .as("a value is not searched for variables")
                .isEqualTo("<${A}>");
        assertThat(tree.at("inner").textValue()).isEqualTo("${A}");
    }

    /** What Compose passes on for a variable that is not set where Compose runs. */
    @ParameterizedTest
    @ValueSource(strings = {"", " "})
    void empty_countsAsNone_besideANumberOrTrueOrFalse_andIsAValueElsewhere(String empty) throws Exception {
        Tree tree = tree("""
                number: ${A:-3000}
                flag: ${A:-true}
                nested: ${A:-${A:-12}}
                age: ${A:-30d}
                size: ${A:-256MiB}
                text: ${A:-localhost}
                quoted: "${A:-http://localhost}"
                """, Map.of("A", empty));
        assertThat(tree.at("number").intValue()).isEqualTo(3000);
        assertThat(tree.at("flag").booleanValue()).isTrue();
        assertThat(tree.at("nested").intValue()).isEqualTo(12);
        assertThat(tree.at("age").textValue()).isEqualTo("30d");
        assertThat(tree.at("size").textValue()).isEqualTo("256MiB");
        assertThat(tree.at("text").textValue()).isEqualTo(empty);
        assertThat(tree.at("quoted").textValue()).as("no origin at all").isEqualTo(empty);

        Map<String, String> all = new HashMap<>();
        Matcher names = VARIABLE.matcher(config());
        while (names.find()) {
            if (!Set.of("KECK_BIND", "KECK_ADMIN_BIND", "KECK_LOG_LEVEL", "KECK_LOG_FORMAT")
                    .contains(names.group(1))) {
                all.put(names.group(1), "");
            }
        }
        assertThat(read(KeckConfiguration.class, config(), all)).isNotNull();
    }

    @ParameterizedTest
    @MethodSource("nasty")
    void files_holdValuesAsTheyAre_withoutTheLastLineBreak(String value) throws Exception {
        Path file = Files.writeString(dir.resolve("secret"), value + "\n");
        Map<String, String> environment = new HashMap<>();
        for (String name : variables()) {
            environment.clear();
            environment.put(name + "_FILE", file.toString());
            environment.put(name, ""); // as Compose passes what is not set
            boolean isTyped = config().matches("(?s).*\\$\\{" + name + ":-(true|false|[0-9]+)}.*");
            if (!isTyped) {
                assertThat(tree(config(), environment).texts()).as(name).contains(value);
            }
        }
    }

    @Test
    void files_thatCannotBeUsed_areRefusedWithoutTheirContent() throws Exception {
        Path large = Files.writeString(dir.resolve("large"), MARK.repeat(Variables.MAX_FILE / MARK.length() + 1));
        Path binary = Files.write(dir.resolve("binary"), new byte[] {'S', (byte) 0xff, 'e'});
        Path fine = Files.writeString(dir.resolve("fine"), MARK);
        for (String file :
                List.of(dir.toString(), dir.resolve("none").toString(), large.toString(), binary.toString())) {
            assertThatThrownBy(() -> tree(config(), Map.of("HOOK_SECRET_FILE", file)))
                    .as(file)
                    .isInstanceOf(RefusedConfigurationException.class)
                    .hasMessageContaining("HOOK_SECRET_FILE")
                    .message()
                    .doesNotContain(MARK);
        }
        assertThatThrownBy(() -> tree(config(), Map.of("HOOK_SECRET_FILE", fine.toString(), "HOOK_SECRET", MARK)))
                .hasMessage("config.yml: HOOK_SECRET and HOOK_SECRET_FILE are both set: unset one of them.");
    }

    @Test
    void unknownKey_isNamedWithThoseThatComeClose() {
        assertThatThrownBy(() ->
                        read(KeckConfiguration.class, config().replace("nodeId:", "nodeID:"), Map.of("NODE_ID", MARK)))
                .hasMessageStartingWith("config.yml: ")
                .hasMessageContaining("nodeID")
                .hasMessageContaining("nodeId")
                .message()
                .doesNotContain(MARK);
    }
}
