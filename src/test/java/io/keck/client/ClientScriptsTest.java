package io.keck.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.testing.RealYjs;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** The tests of KeckProvider's own parts, which Node runs: {@code src/main/client/test}. */
class ClientScriptsTest {
    /** With {@code RUNS} and {@code SEED} in the environment the scripts run longer, and from another seed. */
    @Test
    void scriptsOfTheClient_pass() throws Exception {
        Process node = RealYjs.startClientTests();
        String output = new String(node.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(node.waitFor()).as(output).isZero();
        assertThat(output).containsPattern("# pass [1-9]");
    }
}
