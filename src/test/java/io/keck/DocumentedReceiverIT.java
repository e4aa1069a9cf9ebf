package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.testing.KeckProcess;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The receiver in the documentation is run as it stands there, and told of changes. */
class DocumentedReceiverIT {
    private static final String SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    @TempDir
    private Path dir;

    private Path script() throws Exception {
        String page = Files.readString(Path.of("src", "site", "markdown", "changes.md"));
        String code = page.substring(page.indexOf("```js\n") + 6);
        return Files.writeString(dir.resolve("receiver.mjs"), code.substring(0, code.indexOf("```")));
    }

    private static HttpResponse<String> post(String url, String json, String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url))
                .timeout(KeckProcess.PATIENCE)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(json));
        return KeckProcess.HTTP.send(
                headers.length == 0 ? request.build() : request.headers(headers).build(),
                HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void theReceiver_verifiesWhatKeckSends_andRefusesOthers() throws Exception {
        ProcessBuilder builder = new ProcessBuilder("node", script().toString()).redirectErrorStream(true);
        builder.environment().put("HOOK_SECRET", SECRET);
        builder.environment().put("PORT", "0");
        Process receiver = builder.start();
        try (BufferedReader out =
                new BufferedReader(new InputStreamReader(receiver.getInputStream(), StandardCharsets.UTF_8))) {
            String url = "http://127.0.0.1:" + out.readLine().replaceAll("\\D+", "");
            assertThat(post(url, "[]", "webhook-id", "1-1", "webhook-timestamp", "1", "webhook-signature", "v1,x")
                            .statusCode())
                    .isEqualTo(401);
            try (KeckProcess keck = KeckProcess.in(dir)
                    .brief()
                    .env("HOOK_ENDPOINT", url)
                    .env("HOOK_SECRET", SECRET)
                    .start()) {
                String api = "http://127.0.0.1:" + keck.port() + "/api";
                assertThat(post(api + "/block/notes", "").statusCode()).isEqualTo(200);
                assertThat(post(api + "/block/notes/map/m", "{\"title\":\"Hello\"}")
                                .statusCode())
                        .isEqualTo(200);
                assertThat(out.readLine()).endsWith("-1 notes update m/title Hello");
                assertThat(post(api + "/subscribe", "{\"endpoint\":\"" + url + "\"}"))
                        .as("a private address, set over HTTP")
                        .extracting(HttpResponse::statusCode)
                        .isEqualTo(422);
                assertThat(post(api + "/subscribe", "{\"endpoint\":\"\"}").statusCode())
                        .isEqualTo(200);
            }
        } finally {
            receiver.destroyForcibly();
        }
    }
}
