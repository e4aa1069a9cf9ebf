package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.testing.KeckProcess;
import io.keck.testing.RawHttp;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packaged server as pages of browsers, probes, scrapes and operators meet it. */
class BrowsersIT {
    private static final String EVIL = "Origin: https://evil.example\r\n";

    @TempDir
    private Path dir;

    /** The status of the answer to a request with that Host header. */
    private static int status(int port, String line, String host, String headers) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout((int) KeckProcess.PATIENCE.toMillis());
            socket.getOutputStream()
                    .write((line + " HTTP/1.1\r\nHost: " + host + "\r\n" + headers + "Content-Length: 0\r\n\r\n")
                            .getBytes(StandardCharsets.ISO_8859_1));
            ByteArrayOutputStream read = new ByteArrayOutputStream();
            for (int b = socket.getInputStream().read();
                    b >= 0 && b != '\n';
                    b = socket.getInputStream().read()) {
                read.write(b);
            }
            return Integer.parseInt(read.toString(StandardCharsets.ISO_8859_1).split(" ", 3)[1]);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void foreignPages_changeNothing_andOperatorsScrapesAndProbesGetThrough() throws Exception {
        try (KeckProcess keck = KeckProcess.in(dir)
                .env("KECK_HOSTS", "keck-1,*.svc.cluster.local")
                .start()) {
            int main = keck.port();
            int admin = keck.adminPort();
            assertThat(status(main, "POST /api/block/w", "localhost", "")).isEqualTo(200);
            assertThat(status(
                            main,
                            "POST /api/block/w/init?force=true",
                            "localhost",
                            EVIL + "Content-Type: text/plain\r\n"))
                    .isEqualTo(403);
            assertThat(status(main, "DELETE /api/block/w", "localhost", "Sec-Fetch-Site: cross-site\r\n"))
                    .isEqualTo(403);
            assertThat(status(main, "GET /collaboration/w", "localhost", EVIL + RawHttp.UPGRADE))
                    .isEqualTo(403);
            assertThat(status(
                            main,
                            "GET /collaboration/w",
                            "localhost",
                            "Origin: http://localhost:5173\r\n" + RawHttp.UPGRADE))
                    .as("the page of a development server")
                    .isEqualTo(101);
            assertThat(status(main, "GET /api/block/w/export", "evil.example", ""))
                    .isEqualTo(421);
            for (String host :
                    new String[] {"10.42.0.7:3000", "keck-1:3000", "keck.prod.svc.cluster.local", "localhost"}) {
                assertThat(status(main, "GET /health", host, "")).as(host).isEqualTo(200);
                assertThat(status(admin, "GET /metrics/prometheus", host, ""))
                        .as(host)
                        .isEqualTo(200);
            }
            assertThat(status(admin, "GET /threads", "evil.example", "")).isEqualTo(421);
            assertThat(status(admin, "GET /threads", "localhost", EVIL)).isEqualTo(403);
            for (String task : new String[] {"gc", "log-level?logger=io.keck&level=INFO", "kick?room=w", "drain"}) {
                assertThat(status(admin, "POST /tasks/" + task, "localhost", ""))
                        .isEqualTo(403);
                assertThat(status(admin, "POST /tasks/" + task, "localhost", EVIL + "Keck-Admin: 1\r\n"))
                        .isEqualTo(403);
            }
            assertThat(status(main, "GET /health", "localhost", ""))
                    .as("nothing was drained")
                    .isEqualTo(200);
            assertThat(status(admin, "POST /tasks/drain", "localhost", "Keck-Admin: 1\r\n"))
                    .isEqualTo(200);
            assertThat(keck.log()).contains("KECK_CORS_ORIGINS").contains("KECK_HOSTS=evil.example");
            assertThat(keck.admin("/metrics/prometheus")).contains("keck_edge_refused_total{reason=\"origin\"}");
        }
    }
}
