package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.keck.testing.KeckProcess;
import io.keck.testing.PostgresServer;
import io.keck.testing.RealYjs;
import io.keck.testing.Seeds;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Stock Yjs clients and back ends write to the same room. */
class BackEndsIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int SECONDS = Boolean.getBoolean("keck.campaign") ? 60 : 4;

    @TempDir
    private Path dir;

    @Test
    void overTwoNodes_nothingThatWasAnsweredIsMissing_andAllEndEqual() throws IOException {
        try (PostgresServer postgres = PostgresServer.start(dir);
                KeckProcess one = KeckProcess.on(postgres, "postgres", dir).start();
                KeckProcess two = KeckProcess.on(postgres, "postgres", dir).start()) {
            assertAllIsThere(one, two);
        }
    }

    @Test
    void onTheEmbeddedDatabase() throws IOException {
        try (KeckProcess keck = KeckProcess.in(dir).start()) {
            assertAllIsThere(keck);
        }
    }

    private static void assertAllIsThere(KeckProcess... nodes) throws IOException {
        List<String> addresses = new ArrayList<>();
        for (KeckProcess node : nodes) {
            addresses.add("127.0.0.1:" + node.port());
        }
        long seed = Seeds.next("BackEndsIT") & 0xffff;
        JsonNode result = run(Map.of(
                "nodes", addresses, "room", "mixed", "clients", 10, "writers", 10, "seconds", SECONDS, "seed", seed));
        System.out.printf(
                "BackEndsIT: %d s over %d nodes: %s edits of 10 clients; of the writes of 10 back ends %s answered with 200, %s"
                        + " refused%n",
                SECONDS, nodes.length, result.get("edits"), result.get("writes"), result.get("refused"));
        assertThat(result.get("problems")).isEmpty();
        int writes = result.get("writes").asInt();
        assertThat(writes).isGreaterThan(10);
        // 503 is an honest answer of a machine that stalls for longer than saveTimeout
        assertThat(result.get("refused").asInt()).isLessThan(writes / 2);
        for (KeckProcess node : nodes) {
            System.out.println(
                    node.log().lines().filter(l -> l.contains("WARN")).toList());
            assertThat(node.log()).doesNotContain("ERROR");
        }
    }

    private static JsonNode run(Map<String, Object> what) throws IOException {
        Process node = RealYjs.start("mixed.mjs");
        try (BufferedWriter out =
                        new BufferedWriter(new OutputStreamWriter(node.getOutputStream(), StandardCharsets.UTF_8));
                BufferedReader in =
                        new BufferedReader(new InputStreamReader(node.getInputStream(), StandardCharsets.UTF_8))) {
            out.write(JSON.writeValueAsString(what));
            out.newLine();
            out.flush();
            return JSON.readTree(in.readLine());
        } finally {
            node.destroyForcibly();
        }
    }
}
