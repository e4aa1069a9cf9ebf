package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.dropwizard.jackson.Jackson;
import jakarta.validation.Validation;
import jakarta.validation.Validator;
import java.net.InetAddress;
import org.junit.jupiter.api.Test;

class KeckConfigurationTest {
    private static String label(String nodeId) throws Exception {
        ObjectMapper mapper = Jackson.newObjectMapper();
        String json = mapper.writeValueAsString(mapper.createObjectNode().put("nodeId", nodeId));
        return mapper.readValue(json, KeckConfiguration.class).nodeIdOrRandom();
    }

    @Test
    void label_mayContainTheNameOfTheMachine() throws Exception {
        String host = InetAddress.getLocalHost().getHostName();
        assertThat(label("keck-{hostname}")).isEqualTo("keck-" + host);
        assertThat(label(" {hostname} ")).isEqualTo(host);
    }

    @Test
    void label_isTakenAsItIsOtherwise() throws Exception {
        assertThat(label("keck-1")).isEqualTo("keck-1");
        assertThat(label("keck-{host}")).isEqualTo("keck-{host}");
    }

    private static KeckConfiguration withHistory(String store, String directory) throws Exception {
        ObjectMapper mapper = Jackson.newObjectMapper();
        var root = mapper.createObjectNode();
        root.putObject("history")
                .put("store", store)
                .put("directory", directory)
                .put("maxAge", "7d");
        return mapper.readValue(mapper.writeValueAsString(root), KeckConfiguration.class);
    }

    @Test
    void storeOfHistory_isOneOfTwo() throws Exception {
        Validator validator = Validation.buildDefaultValidatorFactory().getValidator();
        assertThat(validator.validate(withHistory("database", ""))).isEmpty();
        assertThat(validator.validate(withHistory("filesystem", "/shared/history")))
                .isEmpty();
        assertThat(validator.validate(withHistory("elsewhere", "")))
                .anyMatch(v -> v.getPropertyPath().toString().equals("history.store"));
    }

    @Test
    void automaticVersions_becomeHourlyBeforeTheyBecomeDaily() throws Exception {
        Validator validator = Validation.buildDefaultValidatorFactory().getValidator();
        ObjectMapper mapper = Jackson.newObjectMapper();
        var root = mapper.createObjectNode();
        var versions = root.putObject("history").putObject("versions");
        versions.put("hourlyAfter", "7d").put("dailyAfter", "7d").put("afterBytes", "0B");
        assertThat(validator.validate(mapper.readValue(mapper.writeValueAsString(root), KeckConfiguration.class)))
                .isEmpty();
        versions.put("dailyAfter", "6d").put("afterIdle", "59s");
        assertThat(validator.validate(mapper.readValue(mapper.writeValueAsString(root), KeckConfiguration.class)))
                .extracting(v -> v.getPropertyPath().toString())
                .containsExactlyInAnyOrder("history.versions.hourlyBeforeDaily", "history.versions.afterIdle");
    }

    @Test
    void withoutALabel_oneIsMadeUp() throws Exception {
        assertThat(label("")).startsWith("node-").isNotEqualTo(label(" "));
    }
}
