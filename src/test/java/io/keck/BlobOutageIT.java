package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.testing.Eventually;
import io.keck.testing.KeckProcess;
import io.keck.testing.PostgresServer;
import io.keck.testing.RawHttp;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Blobs while the database is away, a node that is killed in the middle of an upload, and the configuration of CORS. */
class BlobOutageIT {
    private static final String HELLO = "/api/blobs/w/LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=";

    @TempDir
    private Path dir;

    private static HttpResponse<String> send(KeckProcess keck, String method, String path, BodyPublisher body) {
        try {
            return KeckProcess.HTTP.send(
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + keck.port() + path))
                            .timeout(KeckProcess.PATIENCE)
                            .method(method, body)
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void databaseAway_is503_andWorksAgainWhenItIsBack() {
        try (PostgresServer postgres = PostgresServer.start(dir);
                KeckProcess keck =
                        KeckProcess.on(postgres, "postgres", dir).brief().start()) {
            assertThat(send(keck, "POST", "/api/blobs/w", BodyPublishers.ofString("hello"))
                            .statusCode())
                    .isEqualTo(200);
            postgres.stop();
            for (HttpResponse<String> answer : List.of(
                    send(keck, "GET", HELLO, BodyPublishers.noBody()),
                    send(keck, "DELETE", HELLO, BodyPublishers.noBody()),
                    send(keck, "POST", "/api/blobs/w", BodyPublishers.ofString("hello")),
                    send(keck, "PUT", "/api/workspace/w/blob", BodyPublishers.ofByteArray(new byte[1 << 20])))) {
                assertThat(answer.statusCode()).isEqualTo(503);
                assertThat(answer.headers().firstValue("Retry-After")).contains("1");
                assertThat(answer.body())
                        .startsWith("The database does not answer")
                        .doesNotContain("Exception");
            }
            postgres.start();
            Eventually.await(
                    "the blob",
                    () -> send(keck, "GET", HELLO, BodyPublishers.noBody()).statusCode() == 200);
            assertThat(send(keck, "GET", HELLO, BodyPublishers.noBody()).body()).isEqualTo("hello");
        }
    }

    /** What the node had stored of the upload is seen by nobody, and another node removes it when its time has come. */
    @Test
    void nodeKilledInTheMiddleOfAnUpload_leavesNothing() throws IOException {
        try (PostgresServer postgres = PostgresServer.start(dir);
                KeckProcess one =
                        KeckProcess.on(postgres, "postgres", dir).brief().start();
                Socket socket = new Socket(InetAddress.getLoopbackAddress(), one.port())) {
            socket.getOutputStream()
                    .write("POST /api/blobs/w HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000000\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
            socket.getOutputStream().write(new byte[2_000_000]);
            Eventually.await("pieces in the database", () -> leftPieces(postgres) == 7);
            one.kill();
            // the lease is an hour: as if it were over
            postgres.execute("UPDATE blob_contents SET expires_at = 1 WHERE expires_at IS NOT NULL");
            try (KeckProcess two = KeckProcess.on(postgres, "postgres", dir)
                    .brief()
                    .with("blobs.sweepEvery", "20ms")
                    .start()) {
                Eventually.await("the sweeper of the other node", () -> leftPieces(postgres) == 0);
                assertThat(two.metric("keck.blobs.swept-bytes")).isEqualTo(7 * 256 * 1024);
            }
        }
    }

    private static long leftPieces(PostgresServer postgres) {
        return SqliteBlobIT.leftPieces(postgres.jdbcUrl("postgres"), "postgres", "");
    }

    @Test
    void everyOrigin_whenTheConfigurationSaysSo() {
        try (KeckProcess keck =
                KeckProcess.in(dir).brief().env("KECK_CORS_ORIGINS", "*").start()) {
            RawHttp answer = RawHttp.ask(keck, "GET", "/api/blobs/w/x", "Origin: https://any.test\r\n");
            assertThat(answer.status()).isEqualTo(404);
            assertThat(answer.headers()).containsEntry("Access-Control-Allow-Origin", "*");
            assertThat(answer.headers()).doesNotContainKeys("Vary", "Access-Control-Allow-Credentials");
        }
    }

    @Test
    void originThatNoBrowserSends_isRefusedByTheCheck() {
        try (KeckProcess check = KeckProcess.withDefaults(dir)
                .brief()
                .env("KECK_CORS_ORIGINS", "http://localhost:3000/")
                .command("check")
                .launch()) {
            assertThat(check.awaitExit(KeckProcess.PATIENCE)).isNotZero();
            assertThat(check.log()).contains("origins must be scheme://host[:port]");
        }
    }
}
