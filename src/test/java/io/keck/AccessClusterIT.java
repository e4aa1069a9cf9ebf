package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.auth.NewKey;
import io.keck.testing.KeckProcess;
import io.keck.testing.PostgresServer;
import io.keck.testing.RawClient;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two nodes of one database, without a bus: what one of them decides holds on both. */
class AccessClusterIT {
    @TempDir
    private Path dir;

    private static HttpResponse<String> post(KeckProcess node, String path, String key, String json) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + node.port() + path))
                .timeout(KeckProcess.PATIENCE)
                .header("Authorization", "Bearer " + key)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(json))
                .build();
        return KeckProcess.HTTP.send(request, BodyHandlers.ofString());
    }

    private static int refused(URI room) {
        try (RawClient client = RawClient.connect(room)) {
            return client.isEnded() ? -1 : 0;
        } catch (RawClient.Refused e) {
            return e.status;
        }
    }

    @Test
    void revocationAndTickets_holdOnAllNodes() throws Exception {
        NewKey admin = NewKey.make("operator", "*", "admin");
        NewKey writer = NewKey.make("writer", "team/*", "write");
        Path keys = Files.write(dir.resolve("keys.jsonl"), List.of(admin.line(), writer.line()));
        try (PostgresServer postgres = PostgresServer.start(Files.createDirectory(dir.resolve("postgres")))) {
            postgres.execute("CREATE DATABASE access");
            try (KeckProcess one = node(postgres, keys);
                    KeckProcess two = node(postgres, keys)) {
                String answer = post(one, "/collaboration/team/board", writer.key(), "{\"once\":true}")
                        .body();
                String ticket = answer.replaceAll(".*\"ticket\":\"([^\"]+)\".*", "$1");
                assertThat(refused(URI.create(two.room("team/board") + "?token=" + ticket)))
                        .isZero();
                assertThat(refused(URI.create(one.room("team/board") + "?token=" + ticket)))
                        .as("replayed on the other node")
                        .isEqualTo(401);
                try (RawClient there =
                        RawClient.connect(URI.create(two.room("team/board") + "?token=" + writer.key()))) {
                    String done = post(one, "/api/access/revoke", admin.key(), "{\"principal\":\"key:writer\"}")
                            .body();
                    assertThat(done).isEqualTo("{\"everywhere\":true,\"pending\":[]}");
                    assertThat(refused(URI.create(two.room("team/board") + "?token=" + writer.key())))
                            .as("what the answer says holds")
                            .isEqualTo(401);
                    assertThat(there.awaitEnd().code()).isEqualTo(4401);
                }
            }
        }
    }

    private KeckProcess node(PostgresServer postgres, Path keys) {
        return KeckProcess.on(postgres, "access", dir)
                .brief()
                .env("KECK_API_KEYS_FILE", keys.toString())
                .start();
    }
}
