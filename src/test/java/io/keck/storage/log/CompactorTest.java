package io.keck.storage.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.failure.RoomGone;
import io.keck.failure.TooLargeHere;
import io.keck.room.Link;
import io.keck.room.RequestKey;
import io.keck.room.UpdateLog;
import io.keck.room.UpdateLog.Contents;
import io.keck.storage.Storage;
import io.keck.testing.FreshDatabase;
import io.keck.testing.TestDatabase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class CompactorTest {
    private static final long RETENTION = 10_000;
    private static final long LINK = 4711;
    private static final JdbiUpdateLog.Settings SETTINGS =
            TestDatabase.settings().withRetention(Duration.ofMillis(RETENTION));

    @RegisterExtension
    final FreshDatabase db = FreshDatabase.sqlite();

    private Storage storage;
    private JdbiUpdateLog log;
    private Compactor compactor;
    private long room;

    @BeforeEach
    void open() throws Exception {
        storage = db.reopen(SETTINGS);
        log = storage.log();
        compactor = new Compactor(storage.database(), db.clock(), Duration.ofMillis(RETENTION), Followers.NONE);
        room = await(log.open("a")).roomId();
    }

    @AfterEach
    void close() throws Exception {
        compactor.stop();
    }

    private static <T> T await(CompletionStage<T> stage) {
        return stage.toCompletableFuture().orTimeout(60, TimeUnit.SECONDS).join();
    }

    private void append(byte[] update) {
        await(log.append(room, UUID.randomUUID(), LINK, update, false));
    }

    @Test
    void keys_areForgottenAfterTheRetention() {
        RequestKey key = new RequestKey("k", "1 this");
        await(log.append(room, UUID.randomUUID(), LINK, update(0), false, key));
        await(log.delete("b", key));
        db.clock().now += RETENTION - 1;
        compactor.purge();
        assertThat(db.get().count("name_keys")).isEqualTo(2);
        db.clock().now += 1;
        compactor.purge();
        assertThat(db.get().count("name_keys")).isZero();
        assertThat(db.get().count("room_keys")).isZero();
        await(log.delete("b", key));
    }

    /** Text of client 1 at that clock, and all of it before deleted. */
    private static byte[] update(int clock) {
        Encoder out = new Encoder();
        out.writeVarUint(1);
        out.writeVarUint(1);
        out.writeVarUint(1);
        out.writeVarUint(clock);
        out.writeUint8(4);
        out.writeVarUint(1);
        out.writeVarString("t");
        out.writeVarString("x");
        out.writeVarUint(clock == 0 ? 0 : 1);
        if (clock > 0) {
            out.writeVarUint(1);
            out.writeVarUint(1);
            out.writeVarUint(clock - 1);
            out.writeVarUint(1);
        }
        return out.toByteArray();
    }

    private static StructStore store(Contents contents) {
        StructStore store = new StructStore();
        if (contents.snapshot() != null) {
            store.apply(Update.decode(contents.snapshot()));
        }
        contents.rows().forEach(row -> store.apply(Update.decode(row.payload())));
        return store;
    }

    private static void assertSame(StructStore a, StructStore b) {
        assertThat(a.reduce(Update.decode(b.encode())).isEmpty()).isTrue();
        assertThat(b.reduce(Update.decode(a.encode())).isEmpty()).isTrue();
    }

    @Test
    void compact_keepsTheState() {
        for (int i = 0; i < 10; i++) {
            append(update(i));
        }
        StructStore before = store(await(log.read(room, 0)));
        assertThat(compactor.compact(room)).isTrue();
        Contents after = await(log.read(room, 0));

        assertThat(after.snapshotSeq()).isEqualTo(10);
        assertThat(after.rows()).isEmpty();
        assertSame(store(after), before);

        append(update(10));
        assertThat(await(log.read(room, 0)).rows())
                .extracting(UpdateLog.Row::seq)
                .containsExactly(11L);
        assertThat(compactor.compact(room)).isTrue();
        assertThat(await(log.open("a")).snapshotSeq()).isEqualTo(11);
    }

    @Test
    void compact_ofNothingDoesNothing() {
        assertThat(compactor.compact(room)).isFalse();
        append(update(0));
        assertThat(compactor.compact(room)).isTrue();
        assertThat(compactor.compact(room)).isFalse();
        assertThat(await(log.read(room, 0)).snapshotSeq()).isEqualTo(1);
    }

    @Test
    void compact_keepsRowsWithinTheRetentionAndDropsOlderOnes() {
        append(update(0));
        append(update(1));
        db.clock().now += RETENTION;
        append(update(2));
        append(update(3));
        assertThat(compactor.compact(room)).isTrue();

        assertThat(db.get().count("room_log")).isEqualTo(2);
        assertThat(await(log.read(room, 2)).rows())
                .extracting(UpdateLog.Row::seq)
                .containsExactly(3L, 4L);
        assertThat(await(log.read(room, 1)).snapshotSeq()).isEqualTo(4);
    }

    @Test
    void purge_dropsKeptRowsWhenTheRetentionIsOver() {
        append(update(0));
        append(update(1));
        assertThat(compactor.compact(room)).isTrue();
        append(update(2));
        compactor.purge();
        assertThat(db.get().count("room_log")).isEqualTo(3);

        db.clock().now += RETENTION;
        compactor.purge();
        assertThat(db.get().count("room_log"))
                .as("only what is in the snapshot")
                .isEqualTo(1);
        assertThat(await(log.read(room, 0)).rows())
                .extracting(UpdateLog.Row::seq)
                .containsExactly(3L);
        assertThat(await(log.read(room, 0)).snapshotSeq()).isEqualTo(2);
    }

    @Test
    void lease_ofAnotherBlocksUntilItIsOver() throws Exception {
        append(update(0));
        db.jdbi()
                .useHandle(h -> h.createUpdate(
                                "INSERT INTO room_snapshots"
                                        + " (room_id, seq, created_at, lease_owner, lease_until) VALUES (:room, 0, 0, 'other', :until)")
                        .bind("room", room)
                        .bind("until", db.clock().now + 5_000)
                        .execute());
        assertThat(compactor.compact(room)).isFalse();
        db.clock().now += 5_001;
        assertThat(compactor.compact(room)).isTrue();
    }

    @Test
    void compact_ofADeletedRoomFails() {
        append(update(0));
        db.get().deleteRoom("a");
        assertThatThrownBy(() -> compactor.compact(room)).isInstanceOf(RoomGone.class);
    }

    @Test
    void request_foldsInTheBackground() throws Exception {
        storage = db.reopen(SETTINGS.withSnapshots(3, Long.MAX_VALUE));
        log = storage.log();
        for (int i = 0; i < 4; i++) {
            append(update(i));
        }
        storage = db.reopen(SETTINGS); // waits for it
        log = storage.log();

        assertThat(await(log.read(room, 0)).snapshotSeq()).isGreaterThanOrEqualTo(3);
        assertThat(store(await(log.read(room, 0))).stateVector().clock(1)).isEqualTo(4);
    }

    @Test
    void check_refusesASnapshotThatLacksAStruct() {
        Contents contents = contents(update(0), update(1));
        assertThatThrownBy(() -> Compactor.check(contents, update(0))).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void check_refusesASnapshotThatLacksADelete() {
        Contents contents = contents(update(0), update(1));
        StructStore withoutDelete = new StructStore();
        withoutDelete.apply(Update.decode(update(0)));
        withoutDelete.apply(Update.decode(withoutDeletes(update(1))));

        assertThat(withoutDelete.stateVector()).isEqualTo(store(contents).stateVector());
        assertThatThrownBy(() -> Compactor.check(contents, withoutDelete.encode()))
                .isInstanceOf(IllegalStateException.class);
    }

    /** That of clock 1 ends with a delete set of one client: five bytes, without it one. */
    private static byte[] withoutDeletes(byte[] update) {
        byte[] out = Arrays.copyOf(update, update.length - 4);
        out[out.length - 1] = 0;
        return out;
    }

    @Test
    void check_refusesASnapshotThatLacksTheOldOne() {
        Contents contents = new Contents(
                room,
                head(2),
                Link.UNKNOWN,
                1,
                update(0),
                List.of(new UpdateLog.Row(2, UUID.randomUUID(), LINK, update(1))));
        assertThatThrownBy(() -> Compactor.check(contents, update(1))).isInstanceOf(IllegalStateException.class);
        Compactor.check(contents, store(contents).encode());
    }

    /** Deletes of clocks that nobody has brought, and the mark after them: their row is not in the snapshot, and need not be. */
    @Test
    void check_knowsWhatAMarkHasForgotten() {
        byte[] unheld = {0, 1, 1, 1, 9, 4};
        byte[] mark = Update.FORGET_UNHELD.encode();
        Contents contents = contents(update(0), unheld, mark, update(1));
        Compactor.check(contents, store(contents).encode());

        assertThatThrownBy(() -> Compactor.check(
                        contents, store(contents(update(0), unheld, update(1))).encode()))
                .as("not forgotten")
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> Compactor.check(
                        contents, store(contents(update(0), unheld, mark)).encode()))
                .as("lacks the last row")
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> Compactor.check(
                        contents, store(contents(mark, update(1))).encode()))
                .as("lacks the first row")
                .isInstanceOf(IllegalStateException.class);
        Contents after = contents(update(0), mark, unheld, update(1));
        assertThatThrownBy(() -> Compactor.check(
                        after, store(contents(update(0), update(1))).encode()))
                .as("came after the mark")
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void corruptFold_isRefusedAndNothingIsLost() throws Exception {
        append(update(0));
        append(update(1));
        Compactor corrupt = new Corrupt(true);
        assertThatThrownBy(() -> corrupt.compact(room)).isInstanceOf(IllegalStateException.class);
        corrupt.stop();

        assertThat(await(log.read(room, 0)).rows()).hasSize(2);
        assertThat(store(await(log.read(room, 0))).stateVector().clock(1)).isEqualTo(2);
    }

    /** The twin: without the check the same fold loses data. */
    @Test
    void withoutTheCheck_aCorruptFoldLosesData() throws Exception {
        append(update(0));
        append(update(1));
        Compactor corrupt = new Corrupt(false);
        assertThat(corrupt.compact(room)).isTrue();
        corrupt.stop();

        assertThat(store(await(log.read(room, 0))).stateVector().clock(1)).isLessThan(2);
    }

    /** Forgets the last row. */
    private final class Corrupt extends Compactor {
        private final boolean checked;

        Corrupt(boolean checked) {
            super(storage.database(), db.clock(), Duration.ofMillis(RETENTION), Followers.NONE);
            this.checked = checked;
        }

        @Override
        byte[] fold(Contents contents) {
            Contents less = new Contents(
                    contents.roomId(),
                    contents.head(),
                    contents.anchor(),
                    contents.snapshotSeq(),
                    contents.snapshot(),
                    contents.rows().subList(0, 1));
            return super.fold(less);
        }

        @Override
        void verify(Contents folded, byte[] state) {
            if (checked) {
                super.verify(folded, state);
            }
        }
    }

    private Contents contents(byte[]... updates) {
        List<UpdateLog.Row> rows = new ArrayList<>();
        for (byte[] update : updates) {
            rows.add(new UpdateLog.Row(rows.size() + 1, UUID.randomUUID(), LINK, update));
        }
        return new Contents(room, head(rows.size()), Link.UNKNOWN, 0, null, rows);
    }

    private static UpdateLog.Head head(long seq) {
        return new UpdateLog.Head(seq, LINK, false);
    }

    // ---- measured before it is read

    private static byte[] large() {
        io.keck.crdt.Doc doc = new io.keck.crdt.Doc();
        doc.getText("t").insert(0, "x".repeat(400_000));
        return doc.encodeStateAsUpdate();
    }

    /** What the ledger was asked for, and whether the room was folded, where it always gives that answer. */
    private List<Long> fold(boolean hasRoom, boolean measures, boolean expected) throws Exception {
        append(large());
        RoomLoads loads = new RoomLoads(storage.database());
        List<Long> asked = new ArrayList<>();
        loads.asks(bytes -> {
            asked.add(bytes);
            return hasRoom;
        });
        loads.measures(measures);
        Compactor measured =
                new Compactor(
                        storage.database(), db.clock(), Duration.ofMillis(RETENTION), Followers.NONE, loads, null) {
                    @Override
                    byte[] fold(Contents contents) {
                        // a load that begins meanwhile knows of the fold
                        if (measures) {
                            storage.database().jdbi().useHandle(h -> loads.check(h, room));
                        }
                        return super.fold(contents);
                    }
                };
        try {
            if (expected) {
                assertThat(measured.compact(room)).isTrue();
                assertThat(await(log.read(room, 0)).rows()).isEmpty();
            } else {
                assertThatThrownBy(() -> measured.compact(room))
                        .isInstanceOf(TooLargeHere.class)
                        .hasMessageContaining("to be folded");
                assertThat(await(log.read(room, 0)).rows()).hasSize(1);
            }
        } finally {
            measured.stop();
        }
        return asked;
    }

    @Test
    void aRoomThatHasNoRoomInTheLedger_isNotRead_andNotFolded() throws Exception {
        assertThat(fold(false, true, false)).hasSize(1);
    }

    @Test
    void aFold_isAskedForWithTwiceALoad_andLoadsKnowOfIt() throws Exception {
        List<Long> asked = fold(true, true, true);
        assertThat(asked).hasSize(2);
        long load = RoomLoads.PER_STORED_BYTE * large().length;
        assertThat(asked.get(0)).isBetween(2 * load - 100, 2 * load + 100);
        assertThat(asked.get(1)).isBetween(3 * load - 100, 3 * load + 100);
    }

    /** The twin: what is not measured is read whatever the ledger says. */
    @Test
    void withoutMeasuring_aRoomIsFoldedThoughThereIsNoMemory() throws Exception {
        assertThat(fold(false, false, true)).isEmpty();
    }
}
