package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.testing.KeckProcess;
import io.keck.testing.PostgresServer;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Blobs that are several times as large as the heap, in and out. Whoever kept one whole would run out of memory. */
class BlobMemoryIT {
    private static final long MIB = 1 << 20;

    @TempDir
    private Path dir;

    /** So many bytes that do not repeat, made while they are read. */
    private static final class Stream extends InputStream {
        private final long size;
        private long at;
        private long state;

        Stream(long size, long seed) {
            this.size = size;
            this.state = seed | 1;
        }

        @Override
        public int read() {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] b, int off, int len) {
            if (at == size) {
                return -1;
            }
            int n = (int) Math.min(len, size - at);
            for (int i = 0; i < n; i++) {
                state = state * 6364136223846793005L + 1442695040888963407L;
                b[off + i] = (byte) (state >>> 56);
            }
            at += n;
            return n;
        }
    }

    private static KeckProcess.Setup small(KeckProcess.Setup setup) {
        return setup.brief().jvm("-Xmx64m", "-XX:+ExitOnOutOfMemoryError").with("blobs.maxSize", "400MiB");
    }

    private static String idOf(long size, long seed) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        try (InputStream in = new DigestInputStream(new Stream(size, seed), digest)) {
            in.transferTo(java.io.OutputStream.nullOutputStream());
        }
        return Base64.getUrlEncoder().encodeToString(digest.digest());
    }

    private static void inAndOut(KeckProcess keck, long size, long seed) throws Exception {
        URI blobs = URI.create("http://127.0.0.1:" + keck.port() + "/api/blobs/large");
        String id = idOf(size, seed);
        HttpResponse<String> posted = KeckProcess.HTTP.send(
                HttpRequest.newBuilder(blobs)
                        .POST(BodyPublishers.ofInputStream(() -> new Stream(size, seed)))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        assertThat(posted.statusCode()).as(posted.body()).isEqualTo(200);
        assertThat(posted.body()).contains(id);

        URI blob = URI.create(blobs + "/" + id);
        HttpResponse<InputStream> got =
                KeckProcess.HTTP.send(HttpRequest.newBuilder(blob).build(), HttpResponse.BodyHandlers.ofInputStream());
        assertThat(got.statusCode()).isEqualTo(200);
        assertThat(got.headers().firstValueAsLong("Content-Length")).hasValue(size);
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        try (InputStream in = new DigestInputStream(got.body(), digest)) {
            in.transferTo(java.io.OutputStream.nullOutputStream());
        }
        assertThat(Base64.getUrlEncoder().encodeToString(digest.digest())).isEqualTo(id);
    }

    @Test
    void blobOf300Megabytes_throughAHeapOf64() throws Exception {
        try (KeckProcess keck = small(KeckProcess.in(dir)).start()) {
            inAndOut(keck, 300 * MIB, 1);
            assertThat(keck.isAlive()).isTrue();
            assertThat(keck.log()).doesNotContain("OutOfMemory").doesNotContain("ERROR");
        }
    }

    @Test
    void manyBlobsAtOnce_throughAHeapOf64_onPostgres() throws Exception {
        long size = (Boolean.getBoolean("keck.campaign") ? 100 : 6) * MIB;
        try (PostgresServer postgres = PostgresServer.start(dir);
                KeckProcess keck =
                        small(KeckProcess.on(postgres, "postgres", dir)).start()) {
            List<CompletableFuture<Void>> all = new ArrayList<>();
            for (int i = 0; i < 16; i++) {
                long seed = 100 + i;
                CompletableFuture<Void> done = new CompletableFuture<>();
                all.add(done);
                new Thread(() -> {
                            try {
                                inAndOut(keck, size, seed);
                                done.complete(null);
                            } catch (Throwable e) {
                                done.completeExceptionally(e);
                            }
                        })
                        .start();
            }
            for (CompletableFuture<Void> each : all) {
                each.get(10, TimeUnit.MINUTES);
            }
            assertThat(keck.log()).doesNotContain("OutOfMemory").doesNotContain("ERROR");
        }
    }
}
