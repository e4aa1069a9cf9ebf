package io.keck.storage.purge;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.access.Author;
import io.keck.access.Grant;
import io.keck.access.Right;
import io.keck.blob.BlobStore;
import io.keck.crdt.Doc;
import io.keck.history.DeletedDocuments.Purged;
import io.keck.history.DeletedDocuments.Undeleted;
import io.keck.history.DocumentVersions.Wanted;
import io.keck.metrics.BlobMetrics;
import io.keck.room.RequestKey;
import io.keck.room.UpdateLog;
import io.keck.storage.Storage;
import io.keck.storage.blob.JdbiBlobStore;
import io.keck.storage.history.DocumentHistory;
import io.keck.storage.history.HistorySettings;
import io.keck.testing.FreshDatabase;
import io.keck.testing.Grants;
import io.keck.testing.Seeds;
import io.keck.testing.TestDatabase;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a storage promises of documents that were deleted: they come back, or they are gone for good. */
abstract class PurgeContract {
    private static final Duration GRACE = Duration.ofDays(7);
    private static final Duration HOLD = Duration.ofMinutes(1);
    private static final long DAY = TimeUnit.DAYS.toMillis(1);
    private static final String ROOM = "team/room";

    @RegisterExtension
    final FreshDatabase db;

    private final Random random = new Random(Seeds.next("Purge"));
    private final Doc editor = new Doc();
    private final HistorySettings settings = HistorySettings.DEFAULT.withSmall(1, 1);
    private Storage storage;
    private JdbiDeletedDocuments deleted;
    private BlobStore blobs;
    private String marker;
    private byte[] bytes;
    private long room;

    PurgeContract(FreshDatabase db) {
        this.db = db;
    }

    /** The file of an embedded database; empty for PostgreSQL. */
    private Optional<Path> file() {
        String url = db.get().url();
        return url.startsWith("jdbc:sqlite:")
                ? Optional.of(Path.of(url.substring("jdbc:sqlite:".length()).replaceAll("\\?.*", "")))
                : Optional.empty();
    }

    @BeforeEach
    void open() throws IOException {
        storage = db.reopen(TestDatabase.settings(), settings);
        db.clock().now = 100 * DAY;
        deleted = storage.deleted(GRACE, HOLD);
        blobs = storage.blobs(JdbiBlobStore.Settings.DEFAULT, BlobMetrics.NONE);
        byte[] noise = new byte[32];
        random.nextBytes(noise);
        marker = HexFormat.of().formatHex(noise); // 64 bytes
        bytes = marker.getBytes(StandardCharsets.US_ASCII);
        room = storage.log().open(ROOM).toCompletableFuture().join().roomId();
        write(marker);
    }

    private void append(String text, RequestKey key) {
        byte[][] row = new byte[1][];
        try (var listening = editor.onUpdate((update, transaction) -> row[0] = update)) {
            editor.getText("t").insert(0, text);
        }
        db.clock().now += 1_000;
        long link = 1 + editor.getText("t").length();
        storage.log()
                .append(room, new UpdateLog.Entry(UUID.randomUUID(), link, row[0], ann()), false, key)
                .toCompletableFuture()
                .join();
    }

    private static Author ann() {
        return Author.bySocket(Grants.of("ann", ROOM));
    }

    /** Puts a text into segments, a checkpoint, rows, keys, labels and blobs. */
    private void write(String text) throws IOException {
        append("first ", null);
        storage.log().compact(ROOM);
        append(text, null);
        for (int i = 0; i < 1_500; i++) { // enough for a checkpoint
            append(i + " some more text, ", null);
        }
        db.clock().now += DAY;
        storage.log().compact(ROOM);
        append(text, new RequestKey("key-" + text, "1 " + text));
        storage.versions().create(room, new Wanted(3, "label " + text, true, false, "ann"));
        Grant grant = Grants.of("ann", ROOM, Right.BLOB_WRITE, Right.BLOB_READ);
        try (BlobStore.Upload upload = blobs.begin(grant)) {
            byte[] content = new byte[300_000];
            System.arraycopy(bytes(text), 0, content, (256 << 10) - 10, bytes(text).length); // across two pieces
            upload.write(content, 0, content.length);
            upload.publish();
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private List<String> places() {
        return db.jdbi().withHandle(h -> new PurgeProof(h, null).find(bytes));
    }

    private List<String> remains() {
        return db.jdbi().withHandle(h -> new PurgeProof(h, null).remains(room));
    }

    private void delete() {
        db.clock().now += 1_000;
        storage.log().delete(ROOM, null).toCompletableFuture().join();
    }

    // ------------------------------------------------------------------ purging

    @Test
    void marker_isFoundEverywhere_andNowhereAfterThePurge() {
        assertThat(places()).contains("rows", "snapshots", "segments", "checkpoints", "keys", "labels", "blobs");
        file().ifPresent(file -> assertThat(PurgeProof.findInFiles(file, bytes)).isNotEmpty());
        delete();
        db.clock().now += HOLD.toMillis();
        Purged purged = deleted.purge(ROOM, "officer");
        assertThat(purged.lives()).isFalse();
        assertThat(places()).isEmpty();
        assertThat(remains()).isEmpty();
        file().ifPresent(file -> assertThat(PurgeProof.findInFiles(file, bytes)).isEmpty());
        assertThat(purged.receipts())
                .singleElement()
                .satisfies(receipt -> assertThat(receipt)
                        .contains(
                                "\"document\":\"team/room\"",
                                "\"by\":\"officer\"",
                                "history_segments",
                                "\"sha256\"",
                                "outside"));
        List<Long> lives = db.jdbi().withHandle(h -> new PurgeProof(h, null).purged());
        assertThat(lives).containsExactly(room);
        assertThat(deleted.undelete(ROOM)).isEqualTo(Undeleted.NOT_THERE);
        assertThat(deleted.purge(ROOM, "officer").receipts()).isEqualTo(purged.receipts());
    }

    /** The twin: a purge that forgets the segments is found out. */
    @Test
    void twin_purgeWithoutSegments_leavesTheMarker() {
        List<String> most = EndedRooms.tables().stream()
                .filter(table -> !table.equals("room_log") && !table.startsWith("history_"))
                .toList();
        DocumentHistory history = new DocumentHistory(storage.database(), settings);
        JdbiDeletedDocuments forgetful = new JdbiDeletedDocuments(
                storage.database(), history, new EndedRooms(storage.database(), history, most), GRACE, HOLD);
        delete();
        forgetful.purge(ROOM, "officer");
        assertThat(places()).contains("segments");
        assertThat(remains()).isNotEmpty();
    }

    @Test
    void liveDocument_isNotPurged() {
        assertThat(deleted.purge(ROOM, "officer")).isEqualTo(new Purged(true, List.of()));
        assertThat(places()).contains("rows", "segments");
    }

    @Test
    void purgeThatWasInterrupted_isFinished() {
        delete();
        db.jdbi()
                .useHandle(h -> h.execute(
                        "INSERT INTO purges (room_id, document, purged_by, purged_at, done_at, receipt) VALUES (?, ?, 'x', ?, 0, '{}')",
                        room,
                        ROOM,
                        db.clock().now));
        assertThat(deleted.undelete(ROOM)).isEqualTo(Undeleted.NOT_THERE);
        deleted.sweep();
        assertThat(remains()).isNotEmpty(); // whoever began may still be at it
        db.clock().now += DAY;
        deleted.sweep();
        assertThat(remains()).isEmpty();
        assertThat(places()).isEmpty();
    }

    @Test
    void clientsOfAPurgedDocument_areRecognisedForTheHold() {
        delete();
        deleted.purge(ROOM, "officer");
        assertThat(db.get().count("ended_lives")).isEqualTo(1);
        assertThat(places()).isEmpty();
    }

    // ------------------------------------------------------------------ coming back

    @Test
    void deletedDocument_comesBack_withBlobsAndHistory() {
        List<String> before = places();
        delete();
        assertThat(deleted.undelete(ROOM)).isEqualTo(Undeleted.BACK);
        assertThat(storage.log().open(ROOM).toCompletableFuture().join().roomId())
                .isEqualTo(room);
        assertThat(places()).isEqualTo(before);
        assertThat(storage.history().range(room).first()).isZero();
        assertThat(storage.versions().list(room, null, 10)).hasSize(1);
        append("goes on", null);
        long spaces = db.jdbi()
                .withHandle(h -> h.createQuery("SELECT count(*) FROM blob_spaces WHERE deleted_at IS NULL")
                        .mapTo(Long.class)
                        .one());
        assertThat(spaces).isEqualTo(1);
        assertThat(deleted.undelete(ROOM)).isEqualTo(Undeleted.LIVES);
    }

    @Test
    void nameThatWasTakenAgain_isNotOverwritten() {
        delete();
        db.clock().now += HOLD.toMillis();
        storage.log().create(ROOM, null).toCompletableFuture().join();
        assertThat(deleted.undelete(ROOM)).isEqualTo(Undeleted.LIVES);
    }

    @Test
    void roomToWhichClientsHaveOnlyConnected_givesWay() {
        delete();
        db.clock().now += DAY;
        storage.log().open(ROOM).toCompletableFuture().join();
        assertThat(deleted.undelete(ROOM)).isEqualTo(Undeleted.BACK);
        assertThat(storage.log().open(ROOM).toCompletableFuture().join().roomId())
                .isEqualTo(room);
    }

    @Test
    void afterTheGrace_theDocumentIsEmptied() {
        delete();
        db.clock().now += GRACE.toMillis() - 1;
        deleted.sweep();
        assertThat(remains()).isNotEmpty();
        db.clock().now += 2;
        deleted.sweep();
        assertThat(remains()).isEmpty();
        assertThat(deleted.undelete(ROOM)).isEqualTo(Undeleted.NOT_THERE);
        assertThat(db.get().count("rooms")).isEqualTo(1); // the id is never used again
    }
}
