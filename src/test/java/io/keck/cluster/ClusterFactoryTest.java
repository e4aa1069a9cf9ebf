package io.keck.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.dropwizard.configuration.ConfigurationException;
import io.dropwizard.configuration.ConfigurationValidationException;
import io.dropwizard.configuration.JsonConfigurationFactory;
import io.dropwizard.jackson.Jackson;
import io.dropwizard.jersey.validation.Validators;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClusterFactoryTest {
    private static final ObjectMapper JSON = Jackson.newObjectMapper();

    /** What the validation says; empty when all is well. */
    private static List<String> problems(Map<String, String> block) throws IOException, ConfigurationException {
        byte[] json = JSON.writeValueAsString(block).getBytes(StandardCharsets.UTF_8);
        try {
            new JsonConfigurationFactory<>(ClusterFactory.class, Validators.newValidator(), JSON, "dw")
                    .build(path -> new ByteArrayInputStream(json), "config");
            return List.of();
        } catch (ConfigurationValidationException e) {
            return List.copyOf(e.getErrors());
        }
    }

    @Test
    void ca_hasToBeReadable_andOfUse(@TempDir Path dir) throws Exception {
        Path nonsense = Files.writeString(dir.resolve("nonsense.crt"), "no certificate");
        assertThat(problems(Map.of("url", "rediss://h", "ca", ""))).isEmpty();
        assertThat(problems(Map.of("ca", nonsense.toString(), "url", "rediss://h")))
                .containsExactly("ca must name a file with certificates in PEM");
        assertThat(problems(Map.of("ca", dir.resolve("missing").toString(), "url", "rediss-sentinel://h/m")))
                .containsExactly("ca must name a file with certificates in PEM");
        assertThat(problems(Map.of("ca", nonsense.toString(), "url", "redis://h")))
                .as("TLS that is only thought to be there")
                .contains("ca is for a url that begins with rediss");
    }
}
