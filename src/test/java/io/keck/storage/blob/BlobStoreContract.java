package io.keck.storage.blob;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.access.Right;
import io.keck.blob.BlobId;
import io.keck.blob.BlobStore;
import io.keck.blob.BlobStore.Blob;
import io.keck.failure.Forbidden;
import io.keck.failure.RoomGone;
import io.keck.failure.Unavailable;
import io.keck.metrics.BlobMetrics;
import io.keck.testing.FreshDatabase;
import io.keck.testing.Grants;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import org.jdbi.v3.core.Handle;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a store of blobs promises, and the twins: each of its safeguards is switched off once, and is missed. */
abstract class BlobStoreContract extends BlobKeyContract {
    BlobStoreContract(FreshDatabase db) {
        super(db);
    }

    /** Makes uploads that lack a safeguard. */
    @FunctionalInterface
    private interface Uploads {
        BlobUpload begin(BlobDatabase into, String workspace, long spaceId);
    }

    /** A store whose uploads lack a safeguard. */
    private JdbiBlobStore twin(Uploads uploads) {
        return new JdbiBlobStore(storage.database(), SETTINGS, BlobMetrics.NONE) {
            @Override
            BlobUpload upload(BlobDatabase into, String workspace, long spaceId) {
                return uploads.begin(into, workspace, spaceId);
            }
        };
    }

    /** An upload like those of the store under test, of which a twin overrides a part. */
    private class Upload extends BlobUpload {
        Upload(BlobDatabase into, String workspace, long spaceId) {
            super(into, db.clock(), Duration.ofMillis(LEASE), PIECE, BlobMetrics.NONE, workspace, spaceId);
        }
    }

    /** A sweeper like that of the store under test, of which a test overrides a part. */
    private class Sweeper extends BlobSweeper {
        Sweeper() {
            super(new BlobDatabase(storage.database()), db.clock(), Duration.ofMillis(KEEP), BlobMetrics.NONE);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 3 * PIECE + 17})
    void blob_isReadAsItWasWritten(int size) {
        byte[] bytes = bytes(size);
        BlobId id = upload(store, "a", bytes);

        assertThat(id).isEqualTo(idOf(bytes));
        assertThat(download("a", id)).isEqualTo(bytes);
        Blob blob = store.find(Grants.on("a"), id).orElseThrow();
        assertThat(blob.size()).isEqualTo(size);
        assertThat(blob.storedAt()).isEqualTo(db.clock().now);
        assertThat(count("blob_pieces")).isEqualTo((size + PIECE - 1) / PIECE);
        store.sweep();
        pass(10 * KEEP);
        store.sweep();
        assertThat(download("a", id)).as("nothing that is in use is swept").isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 100, 2 * PIECE + 5})
    void sameBytesTwice_areOneBlob_andAsOldAsTheFirst(int size) {
        byte[] bytes = bytes(size);
        BlobId id = upload(store, "a", bytes);
        long first = db.clock().now;
        pass(5_000);
        assertThat(upload(store, "a", bytes)).isEqualTo(id);

        assertThat(store.find(Grants.on("a"), id).orElseThrow().storedAt()).isEqualTo(first);
        store.sweep();
        assertThat(count("blobs")).isEqualTo(1);
        assertThat(count("blob_contents")).isEqualTo(1);
        assertThat(download("a", id)).isEqualTo(bytes);
    }

    @Test
    void everyCall_needsItsRight() {
        BlobId id = upload(store, "a", new byte[] {1});
        Right[] none = {Right.READ, Right.WRITE, Right.ADMIN};
        assertThatThrownBy(() -> store.begin(Grants.of("alice", "a", none))).isInstanceOf(Forbidden.class);
        assertThatThrownBy(() -> store.find(Grants.of("alice", "a", none), id)).isInstanceOf(Forbidden.class);
        assertThatThrownBy(() -> store.delete(Grants.of("alice", "a", Right.BLOB_WRITE), id))
                .isInstanceOf(Forbidden.class);
        assertThat(store.find(Grants.of("alice", "a", Right.BLOB_READ), id)).isPresent();
        assertThat(store.delete(Grants.of("alice", "a", Right.BLOB_DELETE), id)).isTrue();
    }

    @Test
    void sameBytesAtOnce_areOneBlob_andEverybodyIsToldSo() throws Exception {
        byte[] bytes = bytes(PIECE + 1_000);
        int clients = 6;
        List<JdbiBlobStore> nodes = List.of(store, newStore());
        CyclicBarrier barrier = new CyclicBarrier(clients);
        List<CompletableFuture<BlobId>> done = new ArrayList<>();
        for (int i = 0; i < clients; i++) {
            JdbiBlobStore node = nodes.get(i % 2);
            CompletableFuture<BlobId> answer = new CompletableFuture<>();
            done.add(answer);
            Thread thread = new Thread(() -> {
                try (BlobStore.Upload upload = node.begin(Grants.on("a"))) {
                    write(upload, bytes);
                    barrier.await(60, TimeUnit.SECONDS);
                    answer.complete(upload.publish());
                } catch (Exception e) {
                    answer.completeExceptionally(e);
                }
            });
            thread.start();
        }
        for (CompletableFuture<BlobId> each : done) {
            assertThat(each.get(60, TimeUnit.SECONDS)).isEqualTo(idOf(bytes));
        }
        assertThat(count("blobs")).isEqualTo(1);
        store.sweep();
        assertThat(count("blob_contents")).isEqualTo(1);
        assertThat(count("blob_pieces")).isEqualTo(2);
        assertThat(download("a", idOf(bytes))).isEqualTo(bytes);
        nodes.get(1).stop();
    }

    @Test
    void workspaces_doNotSeeEachOthersBlobs() {
        byte[] bytes = bytes(10);
        BlobId id = upload(store, "a \u623f%'\"\uD83D\uDE00", bytes);
        assertThat(store.find(Grants.on("b"), id)).isEmpty();
        assertThat(store.delete(Grants.on("b"), id)).isFalse();
        upload(store, "b", bytes);
        assertThat(store.delete(Grants.on("a \u623f%'\"\uD83D\uDE00"), id)).isTrue();
        assertThat(download("b", id)).isEqualTo(bytes);
    }

    @Test
    void uploadUnderWay_isSeenByNobody_andGoesWhenItIsGivenUp() {
        byte[] bytes = bytes(2 * PIECE + 1);
        try (BlobStore.Upload upload = store.begin(Grants.on("a"))) {
            write(upload, bytes);
            assertThat(store.find(Grants.on("a"), idOf(bytes))).isEmpty();
            assertThat(count("blob_pieces")).isEqualTo(2);
            store.sweep();
            assertThat(count("blob_pieces")).as("it is still under way").isEqualTo(2);
        }
        store.sweep();
        assertThat(store.find(Grants.on("a"), idOf(bytes))).isEmpty();
        assertThat(count("blob_pieces")).isZero();
        assertThat(count("blob_contents")).isZero();
    }

    /** As after the crash of a node: nobody closes the upload. */
    @Test
    void uploadThatNobodyEnds_goesWithItsLease() {
        BlobStore.Upload upload = store.begin(Grants.on("a"));
        write(upload, bytes(40 * PIECE));
        pass(LEASE - 1);
        store.sweep();
        assertThat(count("blob_pieces")).isEqualTo(39);
        pass(1);
        store.sweep();
        assertThat(count("blob_pieces")).isZero();
        assertThat(count("blob_contents")).isZero();
        assertThatThrownBy(upload::publish).isInstanceOf(Unavailable.class);
        assertThat(count("blobs")).isZero();
        upload.close();
    }

    @Test
    void slowUpload_isNotSweptWhileItGoesOn() {
        byte[] bytes = bytes(6 * PIECE);
        BlobId id = uploadSlowly(store, bytes);
        assertThat(download("a", id)).isEqualTo(bytes);
    }

    /** The twin: nobody renews the lease. */
    @Test
    void slowUpload_withoutRenewal_isLost() {
        JdbiBlobStore twin = twin((into, workspace, spaceId) -> new Upload(into, workspace, spaceId) {
            @Override
            boolean renewalIsDue(long now) {
                return false;
            }
        });
        assertThatThrownBy(() -> uploadSlowly(twin, bytes(6 * PIECE))).isInstanceOf(Unavailable.class);
    }

    private BlobId uploadSlowly(JdbiBlobStore into, byte[] bytes) {
        try (BlobStore.Upload upload = into.begin(Grants.on("a"))) {
            for (int at = 0; at < bytes.length; at += PIECE) {
                upload.write(bytes, at, PIECE);
                pass(LEASE / 2 + 1);
                store.sweep();
            }
            return upload.publish();
        }
    }

    @Test
    void publication_thatTheSweeperIsFasterThan_fails() {
        assertThatThrownBy(() -> publishUnderTheSweeper(store)).isInstanceOf(Unavailable.class);
        assertThat(count("blobs")).isZero();
    }

    /** The twin: what is being removed is published all the same, and the blob is not whole. */
    @Test
    void publication_thatDoesNotAskForTheSweeper_isABlobWithoutBytes() {
        JdbiBlobStore twin = twin((into, workspace, spaceId) -> new Upload(into, workspace, spaceId) {
            @Override
            boolean adopt(Handle h, long id) {
                return h.createUpdate("UPDATE blob_contents SET expires_at = NULL, size = :size WHERE id = :id")
                                .bind("size", 2 * PIECE + 1)
                                .bind("id", id)
                                .execute()
                        == 1;
            }
        });
        BlobId id = publishUnderTheSweeper(twin);
        assertThat(store.find(Grants.on("a"), id)).isPresent();
        assertThatThrownBy(() -> download("a", id)).isInstanceOf(Unavailable.class);
    }

    /** The sweeper has claimed the bytes of a silent upload, and before it removes them the upload goes on. */
    private BlobId publishUnderTheSweeper(JdbiBlobStore into) {
        BlobStore.Upload upload = into.begin(Grants.on("a"));
        write(upload, bytes(2 * PIECE + 1));
        pass(LEASE);
        BlobId[] published = new BlobId[1];
        RuntimeException[] failed = new RuntimeException[1];
        BlobSweeper sweeper = new Sweeper() {
            @Override
            void removePieces(long contentId) {
                try {
                    published[0] = upload.publish();
                } catch (RuntimeException e) {
                    failed[0] = e;
                }
                super.removePieces(contentId);
            }
        };
        sweeper.sweep();
        if (failed[0] != null) {
            throw failed[0];
        }
        return published[0];
    }

    /** The twin: a sweeper that does not look again takes a blob that was published meanwhile. */
    @Test
    void sweeperWithoutAClaim_takesWhatWasPublishedMeanwhile() {
        for (boolean claims : new boolean[] {true, false}) {
            byte[] bytes = bytes(2 * PIECE + (claims ? 1 : 2));
            BlobStore.Upload upload = store.begin(Grants.on("a"));
            write(upload, bytes);
            pass(LEASE);
            BlobSweeper sweeper = new Sweeper() {
                @Override
                void remove(long contentId) {
                    upload.publish();
                    super.remove(contentId);
                }

                @Override
                boolean claim(Handle h, long contentId) {
                    return claims
                            ? super.claim(h, contentId)
                            : h.execute("UPDATE blob_contents SET piece_size = piece_size") > 0;
                }
            };
            sweeper.sweep();
            Blob blob = store.find(Grants.on("a"), idOf(bytes)).orElseThrow();
            if (claims) {
                assertThat(download("a", idOf(bytes))).isEqualTo(bytes);
            } else {
                assertThatThrownBy(() -> store.read(blob, 0)).isInstanceOf(Unavailable.class);
            }
        }
    }

    /** The twin: a blob that is visible before its last bytes are there is not whole. */
    @Test
    void publication_withoutTheLastPiece_isSeen() {
        JdbiBlobStore twin = twin((into, workspace, spaceId) -> new Upload(into, workspace, spaceId) {
            @Override
            void insertLastPiece(Handle h, long id) {
                // later
            }
        });
        BlobId id = upload(twin, "a", bytes(PIECE + 1));
        assertThat(store.find(Grants.on("a"), id)).isPresent();
        assertThatThrownBy(() -> download("a", id)).isInstanceOf(Unavailable.class);
    }

    @Test
    void deletedBlob_isGoneAtOnce_readersUnderWayGoOn_andItComesBack() {
        byte[] bytes = bytes(3 * PIECE);
        BlobId id = upload(store, "a", bytes);
        Blob reading = store.find(Grants.on("a"), id).orElseThrow();
        assertThat(store.delete(Grants.on("a"), id)).isTrue();
        assertThat(store.delete(Grants.on("a"), id)).isFalse();
        assertThat(store.find(Grants.on("a"), id)).isEmpty();

        pass(KEEP - 1);
        store.sweep();
        assertThat(store.read(reading, 2)).hasSize(PIECE);
        upload(store, "a", bytes);
        pass(1);
        store.sweep();
        assertThatThrownBy(() -> store.read(reading, 2)).isInstanceOf(Unavailable.class);
        assertThat(download("a", id)).isEqualTo(bytes);
        assertThat(count("blob_contents")).isEqualTo(1);
    }

    @Test
    void blobsOfADeletedWorkspace_goAfterAWhile_andThoseOfTheNextOneStay() throws Exception {
        byte[] old = bytes(PIECE + 1);
        byte[] both = bytes(20);
        byte[] fresh = bytes(30);
        createWorkspace("a");
        upload(store, "a", old);
        upload(store, "a", both);
        upload(store, "b", old);
        deleteWorkspace("a");
        assertThat(store.find(Grants.on("a"), idOf(old))).isEmpty();
        assertThat(store.delete(Grants.on("a"), idOf(old))).isFalse();

        pass(HOLD);
        createWorkspace("a");
        assertThat(store.find(Grants.on("a"), idOf(old)))
                .as("not seen by the next life")
                .isEmpty();
        upload(store, "a", both);
        upload(store, "a", fresh);
        pass(KEEP - HOLD - 1);
        store.sweep();
        assertThat(count("blobs")).as("kept for now").isEqualTo(5);

        pass(1);
        JdbiBlobStore other = newStore(); // both nodes at once
        CompletableFuture<Void> there = CompletableFuture.runAsync(other::sweep);
        store.sweep();
        there.get(60, TimeUnit.SECONDS);
        other.stop();
        assertThat(count("blobs")).isEqualTo(3);
        assertThat(count("blob_contents")).isEqualTo(3);
        assertThat(count("blob_spaces")).isEqualTo(2);
        assertThat(store.find(Grants.on("a"), idOf(old))).isEmpty();
        assertThat(download("a", idOf(both))).isEqualTo(both);
        assertThat(download("a", idOf(fresh))).isEqualTo(fresh);
        assertThat(download("b", idOf(old))).isEqualTo(old);
    }

    @Test
    void manyBlobsOfADeletedWorkspace_goInSmallSteps() {
        for (int i = 0; i < 220; i++) {
            upload(store, "a", bytes(i));
        }
        deleteWorkspace("a");
        pass(KEEP);
        store.sweep();
        assertThat(count("blobs") + count("blob_contents") + count("blob_pieces") + count("blob_spaces"))
                .isZero();
    }

    /** Clients upload before they connect. */
    @Test
    void nameThatIsNoWorkspaceYet_hasBlobs_whichItKeepsAsOne() {
        byte[] bytes = bytes(10);
        upload(store, "a", bytes);
        createWorkspace("a");
        assertThat(download("a", idOf(bytes))).isEqualTo(bytes);
        upload(store, "never", bytes);
        deleteWorkspace("never");
        assertThat(store.find(Grants.on("never"), idOf(bytes))).isEmpty();
        assertThat(count("rooms")).as("no workspace was made").isEqualTo(1);
    }

    @Test
    void uploadIntoAWorkspaceThatIsDeletedMeanwhile_isRefused() {
        createWorkspace("a");
        for (int size : new int[] {10, 2 * PIECE}) {
            try (BlobStore.Upload upload = store.begin(Grants.on("a"))) {
                write(upload, bytes(size));
                deleteWorkspace("a");
                assertThatThrownBy(upload::publish).isInstanceOf(RoomGone.class);
            }
            pass(HOLD);
        }
        store.sweep();
        assertThat(count("blobs")).isZero();
        assertThat(count("blob_contents")).isZero();
    }

    /** The twin: an upload that does not look is told 200, and its blob is nowhere. */
    @Test
    void uploadThatDoesNotLookForTheWorkspace_isLost() {
        JdbiBlobStore twin = twin((into, workspace, spaceId) -> new Upload(into, workspace, spaceId) {
            @Override
            boolean lockSpace(Handle h) {
                return true;
            }
        });
        try (BlobStore.Upload upload = twin.begin(Grants.on("a"))) {
            write(upload, bytes(10));
            deleteWorkspace("a");
            BlobId id = upload.publish();
            assertThat(store.find(Grants.on("a"), id)).isEmpty();
        }
    }

    @Test
    void nameOfADeletedWorkspace_takesNoBlobsUntilItMayBeMadeAnew() {
        createWorkspace("a");
        deleteWorkspace("a");
        assertThatThrownBy(() -> store.begin(Grants.on("a"))).isInstanceOf(RoomGone.class);
        pass(HOLD);
        upload(store, "a", bytes(1));
    }

    @Test
    void databaseThatFails_isSaidSo_andWhetherTheOutcomeIsKnown() {
        BlobId id = upload(store, "a", bytes(10));
        db.jdbi().useHandle(h -> h.execute("ALTER TABLE blobs RENAME TO elsewhere"));
        assertFails(() -> store.find(Grants.on("a"), id), false);
        assertFails(() -> upload(store, "a", bytes(11)), false);
        assertFails(() -> upload(store, "a", bytes(PIECE + 1)), true);
        assertFails(() -> store.delete(Grants.on("a"), id), true);
        db.jdbi().useHandle(h -> h.execute("ALTER TABLE elsewhere RENAME TO blobs"));
        assertThat(download("a", id)).isEqualTo(bytes(10));
        store.sweep();
        assertThat(count("blob_pieces")).isEqualTo(1);
    }

    private static void assertFails(Runnable call, boolean outcomeUnknown) {
        assertThatThrownBy(call::run)
                .isInstanceOfSatisfying(
                        Unavailable.class, e -> assertThat(e.isOutcomeUnknown()).isEqualTo(outcomeUnknown));
    }
}
