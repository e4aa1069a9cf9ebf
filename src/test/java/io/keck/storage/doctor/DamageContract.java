package io.keck.storage.doctor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.blob.BlobStore;
import io.keck.check.Findings;
import io.keck.check.Findings.Finding;
import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.failure.RoomDamaged;
import io.keck.metrics.BlobMetrics;
import io.keck.room.UpdateLog.Contents;
import io.keck.room.UpdateLog.Row;
import io.keck.storage.Storage;
import io.keck.storage.blob.JdbiBlobStore;
import io.keck.storage.log.Folder;
import io.keck.storage.log.JdbiUpdateLog;
import io.keck.testing.FreshDatabase;
import io.keck.testing.Grants;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is stored of a room is damaged: what the log gives then, what a scrub finds, what a repair does. */
abstract class DamageContract {
    @RegisterExtension
    final FreshDatabase db;

    DamageContract(FreshDatabase db) {
        this.db = db;
    }

    private Storage storage() {
        return db.storage();
    }

    private JdbiUpdateLog log() {
        return storage().log();
    }

    private static <T> T await(CompletionStage<T> stage) {
        return stage.toCompletableFuture().orTimeout(60, TimeUnit.SECONDS).join();
    }

    /** The letter at that clock of client 1. */
    private static byte[] update(int clock) {
        Encoder out = new Encoder();
        out.writeVarUint(1);
        out.writeVarUint(1);
        out.writeVarUint(1);
        out.writeVarUint(clock);
        if (clock == 0) {
            out.writeUint8(4);
            out.writeVarUint(1);
            out.writeVarString("t");
        } else {
            out.writeUint8(0x84);
            out.writeVarUint(1);
            out.writeVarUint(clock - 1);
        }
        out.writeVarString("x");
        out.writeVarUint(0);
        return out.toByteArray();
    }

    private long room(String name, int rows) {
        long id = await(log().open(name)).roomId();
        append(id, 0, rows);
        return id;
    }

    private void append(long id, int from, int rows) {
        for (int i = from; i < from + rows; i++) {
            await(log().append(id, UUID.randomUUID(), 1_000 + i, update(i), false));
        }
    }

    private void execute(String sql, Object... values) {
        db.jdbi().useHandle(h -> h.execute(sql, values));
    }

    private long count(String sql) {
        return db.jdbi().withHandle(h -> h.createQuery(sql).mapTo(Long.class).one());
    }

    private boolean compact(long room, long retentionMillis) {
        try (Folder folder = new Folder(storage().database(), Clock.systemUTC(), Duration.ofMillis(retentionMillis))) {
            return folder.fold(room);
        }
    }

    private List<Finding> scrub() {
        List<Finding> found = new ArrayList<>();
        db.jdbi()
                .useHandle(
                        h -> new Scrub(h, true, null, found::add, (rooms, blobs, rows, bytes) -> {}).run(null, true));
        found.removeIf(f -> f.area().equals("rooms"));
        return found;
    }

    private static long clock(Contents contents) {
        StructStore store = new StructStore();
        if (contents.snapshot() != null) {
            store.apply(Update.decode(contents.snapshot(), DecodeLimits.OWN));
        }
        contents.rows().forEach(row -> store.apply(Update.decode(row.payload(), DecodeLimits.OWN)));
        return store.stateVector().clock(1);
    }

    @Test
    void healthyRooms_haveNothingWrong() {
        long a = room("a", 20);
        assertThat(compact(a, 0)).isTrue();
        append(a, 20, 5);
        room("b", 0);
        room("c", 3);
        execute(
                "UPDATE room_log SET checksum = NULL, before_link = NULL WHERE room_id = ?",
                await(log().open("c")).roomId());
        assertThat(scrub()).isEmpty();
        assertThat(await(log().open("a")).damage()).isNull();
        assertThat(await(log().open("c")).damage()).isNull();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "UPDATE room_log SET payload = batch_id WHERE seq = 4 AND room_id = ?|4|checksum",
                "UPDATE room_log SET payload = batch_id, checksum = NULL WHERE seq = 4 AND room_id = ?|4|not a"
                        + " valid update",
                "UPDATE room_log SET link = link + 1 WHERE seq = 4 AND room_id = ?|4|checksum",
                "UPDATE room_log SET before_link = 5 WHERE seq = 4 AND room_id = ?|4|does not follow",
                "DELETE FROM room_log WHERE seq = 4 AND room_id = ?|4|is missing",
                "DELETE FROM room_log WHERE seq > 4 AND room_id = ?|5|are missing",
                "UPDATE rooms SET head = 4 WHERE id = ?|5|after the room's last",
                "UPDATE rooms SET head_link = 4 WHERE id = ?|10|link of its last row",
            })
    void damage_isFoundAndCutOffAndRepaired(String sql, long seq, String words) {
        room("healthy", 3);
        long id = room("a", 10);
        execute(sql, id);

        Contents read = await(log().open("a"));
        assertThat(read.damage()).isNotNull();
        assertThat(read.damage().seq()).isEqualTo(seq);
        assertThat(read.damage().what()).contains(words);
        assertThat(read.rows()).extracting(Row::seq).allMatch(row -> words.contains("last") || row < seq);

        List<Finding> found = scrub();
        assertThat(found).isNotEmpty();
        assertThat(found.get(0).room()).isEqualTo("a");
        assertThat(found.get(0).roomId()).isEqualTo(id);
        assertThat(found.get(0).seq()).isEqualTo(seq);
        assertThat(found.get(0).what()).contains(words);

        assertThatThrownBy(() -> compact(id, 0)).isInstanceOf(RoomDamaged.class);

        Repair repair = new Repair(db.jdbi(), Clock.systemUTC());
        assertThat(repair.room(id)).isPresent();
        assertThat(repair.room(id)).isEmpty();
        // what the repair has left out is missed by what comes after it, until a client brings it back
        assertThat(scrub()).allSatisfy(DamageContract::isIncompleteOnly);
        Contents repaired = await(log().open("a"));
        assertThat(repaired.damage()).isNull();
        assertThat(repaired.head().seq()).isGreaterThan(read.head().seq());
        // whoever has it all brings back what was lost
        await(log().append(id, UUID.randomUUID(), 77, whole(10), false));
        assertThat(clock(await(log().open("a")))).isEqualTo(10);
    }

    private static byte[] whole(int rows) {
        StructStore store = new StructStore();
        for (int i = 0; i < rows; i++) {
            store.apply(Update.decode(update(i), DecodeLimits.OWN));
        }
        return store.encode();
    }

    /** The twin: without the checksum, what was changed is taken for what was written. */
    @Test
    void withoutItsChecksum_aChangedLetterIsTakenAsItIs() {
        long id = room("a", 3);
        byte[] changed = update(1);
        for (int i = 0; i < changed.length; i++) {
            changed[i] = changed[i] == 'x' ? (byte) 'y' : changed[i];
        }
        execute("UPDATE room_log SET payload = ? WHERE room_id = ? AND seq = 2", changed, id);
        assertThat(await(log().open("a")).damage()).isNotNull();
        execute("UPDATE room_log SET checksum = NULL WHERE room_id = ? AND seq = 2", id);
        assertThat(await(log().open("a")).damage()).isNull();
        assertThat(scrub()).isEmpty();
    }

    @Test
    void everyDamagedRow_isNamedAndSetAside() {
        long id = room("a", 10);
        execute("UPDATE room_log SET payload = batch_id WHERE room_id = ? AND seq IN (3, 4, 9)", id);
        assertThat(scrub()).extracting(Finding::seq).containsExactly(3L, 4L, 9L);
        assertThat(new Repair(db.jdbi(), Clock.systemUTC()).room(id)).contains(3);
        assertThat(count("SELECT count(*) FROM room_damage WHERE kind = 'row' AND length(bytes) = 16"))
                .isEqualTo(3);
    }

    @Test
    void damagedSnapshot_whereTheRowsAreStillThere_nothingIsLost() {
        long id = room("a", 10);
        assertThat(compact(id, Long.MAX_VALUE / 4)).isTrue();
        append(id, 10, 2);
        execute("UPDATE room_snapshots SET state = ? WHERE room_id = ?", new byte[] {1, 2, 3}, id);
        Contents read = await(log().open("a"));
        assertThat(read.damage().what()).contains("snapshot at 10");
        assertThat(clock(read)).isEqualTo(12);
        assertThat(scrub()).extracting(Finding::kind).containsExactly("snapshot");
        assertThat(new Repair(db.jdbi(), Clock.systemUTC()).room(id)).contains(1);
        assertThat(clock(await(log().open("a")))).isEqualTo(12);
        assertThat(await(log().open("a")).damage()).isNull();
    }

    private static void isIncompleteOnly(Finding finding) {
        assertThat(finding.level()).isEqualTo(Findings.Level.HINT);
        assertThat(finding.kind()).isEqualTo("incomplete");
    }

    @Test
    void damagedSnapshot_withoutItsRows_leavesWhatComesAfter() {
        long id = room("a", 10);
        assertThat(compact(id, -1)).isTrue();
        execute("DELETE FROM room_log WHERE room_id = ?", id);
        append(id, 10, 2);
        execute("UPDATE room_snapshots SET state = ?, checksum = NULL WHERE room_id = ?", new byte[] {1, 2, 3}, id);
        Contents read = await(log().open("a"));
        assertThat(read.damage().what()).contains("not a valid update");
        assertThat(read.rows()).isEmpty();
        assertThat(scrub()).hasSize(1);
        assertThat(new Repair(db.jdbi(), Clock.systemUTC()).room(id)).contains(1);
        assertThat(scrub()).hasSize(1).allSatisfy(DamageContract::isIncompleteOnly);
        await(log().append(id, UUID.randomUUID(), 77, whole(10), false));
        assertThat(clock(await(log().open("a")))).isEqualTo(12);
        assertThat(scrub()).isEmpty();
    }

    /** A node of the release before knows no checksums. */
    @Test
    void snapshotOfTheReleaseBefore_overOneWithAChecksum_isWhole() {
        long id = room("a", 10);
        assertThat(compact(id, -1)).isTrue();
        append(id, 10, 2);
        execute("UPDATE room_snapshots SET seq = 12, link = 1011, state = ? WHERE room_id = ?", whole(12), id);
        Contents read = await(log().open("a"));
        assertThat(read.damage()).isNull();
        assertThat(clock(read)).isEqualTo(12);
        assertThat(scrub()).isEmpty();
    }

    @Test
    void foldedRowsThatWentOneByOne_areNoGap() {
        long id = room("a", 10);
        assertThat(compact(id, Long.MAX_VALUE / 4)).isTrue();
        execute("DELETE FROM room_log WHERE room_id = ? AND seq IN (1, 2, 5, 10)", id);
        append(id, 10, 2);
        assertThat(scrub()).isEmpty();
        assertThat(await(log().open("a")).damage()).isNull();
    }

    /** Rows come, are folded and go while they are looked at. */
    @Test
    void roomsInUse_areNotTakenForDamaged() throws Exception {
        List<Long> rooms = List.of(room("a", 1), room("b", 1), room("c", 1));
        AtomicBoolean done = new AtomicBoolean();
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread writer = new Thread(() -> {
            try (Folder folder = new Folder(storage().database(), Clock.systemUTC(), Duration.ofMillis(-10_000_000))) {
                for (int i = 1; !done.get(); i++) {
                    for (long room : rooms) {
                        append(room, i, 1);
                        if (i % 5 == 0) {
                            folder.fold(room);
                        }
                    }
                }
            } catch (Throwable e) {
                failure.set(e);
            }
        });
        writer.start();
        try {
            for (int i = 0; i < 40; i++) {
                assertThat(scrub()).isEmpty();
                for (String name : List.of("a", "b", "c")) {
                    assertThat(await(log().open(name)).damage()).isNull();
                }
            }
        } finally {
            done.set(true);
            writer.join();
        }
        assertThat(failure.get()).isNull();
    }

    @Test
    void damagedBlob_isFoundAndCanBeUploadedAgain() throws Exception {
        byte[] bytes = "picture".getBytes(StandardCharsets.UTF_8);
        JdbiBlobStore blobs = storage().blobs(JdbiBlobStore.Settings.DEFAULT, BlobMetrics.NONE);
        for (String room : List.of("a", "b")) {
            try (BlobStore.Upload upload = blobs.begin(Grants.on(room))) {
                upload.write(bytes, 0, bytes.length);
                upload.publish();
            }
        }
        execute(
                "UPDATE blob_pieces SET bytes = ? WHERE content_id = (SELECT content_id FROM blobs JOIN blob_spaces"
                        + " ON id = space_id WHERE name = 'b')",
                "Picture".getBytes(StandardCharsets.UTF_8));
        List<Finding> found = scrub();
        assertThat(found).hasSize(1);
        assertThat(found.get(0).room()).isEqualTo("b");
        assertThat(found.get(0).what()).contains("SHA-256");
    }
}
