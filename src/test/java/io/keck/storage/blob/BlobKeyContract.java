package io.keck.storage.blob;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.blob.BlobId;
import io.keck.blob.BlobStore;
import io.keck.blob.BlobStore.Blob;
import io.keck.blob.BlobStore.Published;
import io.keck.failure.Refused;
import io.keck.metrics.BlobMetrics;
import io.keck.room.RequestKey;
import io.keck.storage.Storage;
import io.keck.testing.FreshDatabase;
import io.keck.testing.Grants;
import java.io.ByteArrayOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a store of blobs promises of the keys of requests: {@link BlobStoreContract} is the rest of its contract. */
abstract class BlobKeyContract {
    static final int PIECE = JdbiBlobStore.PIECE;
    static final long KEEP = 100_000;
    static final long LEASE = 10_000;
    static final long HOLD = 500;
    static final JdbiBlobStore.Settings SETTINGS = new JdbiBlobStore.Settings(
            Duration.ofMillis(KEEP),
            Duration.ZERO,
            Duration.ofMillis(LEASE),
            Duration.ofSeconds(1),
            Duration.ofMillis(HOLD));

    @RegisterExtension
    final FreshDatabase db;

    Storage storage;
    JdbiBlobStore store;

    BlobKeyContract(FreshDatabase db) {
        this.db = db;
    }

    @BeforeEach
    void open() {
        storage = db.storage();
        store = newStore();
    }

    @AfterEach
    void close() throws Exception {
        store.stop();
    }

    JdbiBlobStore newStore() {
        return storage.blobs(SETTINGS, BlobMetrics.NONE);
    }

    static byte[] bytes(int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }

    static BlobId idOf(byte[] bytes) {
        try {
            return BlobId.of(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    static BlobId upload(BlobStore store, String workspace, byte[] bytes) {
        try (BlobStore.Upload upload = store.begin(Grants.on(workspace))) {
            write(upload, bytes);
            return upload.publish();
        }
    }

    static void write(BlobStore.Upload upload, byte[] bytes) {
        int step = 100_001; // pieces end in the middle of a write
        for (int at = 0; at < bytes.length; at += step) {
            upload.write(bytes, at, Math.min(step, bytes.length - at));
        }
    }

    byte[] download(String workspace, BlobId id) {
        Blob blob = store.find(Grants.on(workspace), id).orElseThrow();
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (long n = 0; n * blob.pieceSize() < blob.size(); n++) {
            all.writeBytes(store.read(blob, n));
        }
        assertThat(all.size()).isEqualTo((int) blob.size());
        return all.toByteArray();
    }

    long count(String table) {
        return db.get().count(table);
    }

    private static void await(CompletionStage<?> stage) {
        stage.toCompletableFuture().orTimeout(60, TimeUnit.SECONDS).join();
    }

    void deleteWorkspace(String name) {
        await(storage.log().delete(name));
    }

    void createWorkspace(String name) {
        await(storage.log().open(name));
    }

    void pass(long millis) {
        db.clock().now += millis;
    }

    // ------------------------------------------------------------------ keys

    private static final RequestKey KEY = new RequestKey("key", "1 this");
    private static final RequestKey OTHER = new RequestKey("key", "1 other");

    private static Published upload(BlobStore store, byte[] bytes, RequestKey key) {
        try (BlobStore.Upload upload = store.begin(Grants.on("a"))) {
            write(upload, bytes);
            return upload.publish(key);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 100, 2 * PIECE + 5})
    void repeatedUpload_storesNothing(int size) {
        byte[] bytes = bytes(size);
        BlobId id = idOf(bytes);
        assertThat(upload(store, bytes, KEY)).isEqualTo(new Published(id, true));
        assertThat(upload(store, bytes, KEY)).isEqualTo(new Published(id, true));
        assertThatThrownBy(() -> upload(store, bytes(size + 1), OTHER)).isInstanceOf(Refused.class);
        assertThatThrownBy(() -> upload(store, bytes, OTHER)).isInstanceOf(Refused.class);
        assertThat(download("a", id)).isEqualTo(bytes);
        assertThat(store.delete(Grants.on("a"), id)).isTrue();
        assertThat(upload(store, bytes, KEY)).as("another deleted it").isEqualTo(new Published(id, false));
        assertThat(store.find(Grants.on("a"), id)).isEmpty();
        assertThat(count("blobs")).isZero();
        pass(KEEP);
        store.sweep();
        assertThat(count("blob_contents")).as("nothing is left of the repeats").isZero();
    }

    @Test
    void keyOfAnUploadThatFoundItsBytes_isKept() {
        byte[] bytes = bytes(10);
        BlobId id = upload(store, "a", bytes);
        assertThat(upload(store, bytes, KEY)).isEqualTo(new Published(id, true));
        store.delete(Grants.on("a"), id);
        assertThat(upload(store, bytes, KEY)).isEqualTo(new Published(id, false));
        assertThat(store.find(Grants.on("a"), id)).isEmpty();
    }

    @Test
    void repeatedDelete_leavesTheBlobThatWasUploadedSince() {
        assertThat(deletedTwice(store)).isPresent();
    }

    /** The twin: the keys of deletions are not kept. */
    @Test
    void repeatedDelete_withoutItsKey_deletesAgain() {
        assertThat(deletedTwice(new JdbiBlobStore(storage.database(), SETTINGS, BlobMetrics.NONE) {
                    @Override
                    void claim(Handle h, String workspace, @Nullable RequestKey key) {}
                }))
                .isEmpty();
    }

    private Optional<Blob> deletedTwice(JdbiBlobStore from) {
        BlobId id = upload(store, "a", bytes(10));
        assertThat(from.delete(Grants.on("a"), id, KEY)).isTrue();
        upload(store, "a", bytes(10));
        assertThat(from.delete(Grants.on("a"), id, KEY)).isTrue();
        return store.find(Grants.on("a"), id);
    }

    @Test
    void deletion_keepsItsKeyWithTheBlobAlone() {
        BlobId id = idOf(bytes(10));
        assertThat(store.delete(Grants.on("a"), id, KEY)).as("there is none").isFalse();
        upload(store, "a", bytes(10));
        assertThat(store.delete(Grants.on("a"), id, KEY)).isTrue();
        assertThat(store.delete(Grants.on("a"), id, KEY))
                .as("it was deleted before")
                .isTrue();
        assertThatThrownBy(() -> store.delete(Grants.on("a"), id, OTHER)).isInstanceOf(Refused.class);
        upload(store, "a", bytes(10));
        assertThatThrownBy(() -> store.delete(Grants.on("a"), id, OTHER)).isInstanceOf(Refused.class);
        assertThat(store.find(Grants.on("a"), id)).isPresent();
    }

    @Test
    void keyOfADocument_isNoKeyOfItsBlobs() {
        await(storage.log().create("a", KEY));
        assertThatThrownBy(() -> upload(store, bytes(10), OTHER)).isInstanceOf(Refused.class);
        assertThat(count("blobs")).isZero();
    }

    /** Uploads of several bodies and a deletion, on two nodes, under one key. */
    @Test
    void oneKeyForSeveralRequestsAtOnce_isTakenByOne() throws Exception {
        BlobId there = upload(store, "a", bytes(77));
        List<JdbiBlobStore> nodes = List.of(store, newStore());
        int requests = 6;
        CyclicBarrier barrier = new CyclicBarrier(requests);
        List<CompletableFuture<Boolean>> all = new ArrayList<>();
        for (int i = 0; i < requests; i++) {
            JdbiBlobStore node = nodes.get(i % 2);
            RequestKey key = new RequestKey("one", "1 request " + i);
            byte[] bytes = bytes(PIECE + i);
            boolean deletes = i == 0;
            CompletableFuture<Boolean> done = new CompletableFuture<>();
            all.add(done);
            new Thread(() -> {
                        try {
                            barrier.await(60, TimeUnit.SECONDS);
                            if (deletes) {
                                node.delete(Grants.on("a"), there, key);
                            } else {
                                upload(node, bytes, key);
                            }
                            done.complete(true);
                        } catch (Refused e) {
                            done.complete(false);
                        } catch (Exception e) {
                            done.completeExceptionally(e);
                        }
                    })
                    .start();
        }
        int done = 0;
        for (CompletableFuture<Boolean> each : all) {
            done += each.get(60, TimeUnit.SECONDS) ? 1 : 0;
        }
        assertThat(done).isEqualTo(1);
        assertThat(count("blobs")).isEqualTo(store.find(Grants.on("a"), there).isPresent() ? 2 : 0);
        nodes.get(1).stop();
    }
}
