package io.keck.storage.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.access.Author;
import io.keck.crdt.Doc;
import io.keck.crdt.YText;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.DeleteSet;
import io.keck.crdt.store.Update;
import io.keck.failure.HistoryGone;
import io.keck.failure.RoomDamaged;
import io.keck.feed.ChangeLog;
import io.keck.history.DocumentVersions;
import io.keck.history.DocumentVersions.Wanted;
import io.keck.history.HistoryReader;
import io.keck.history.HistoryReader.Session;
import io.keck.room.UpdateLog;
import io.keck.storage.Storage;
import io.keck.storage.database.Database;
import io.keck.testing.FreshDatabase;
import io.keck.testing.Grants;
import io.keck.testing.Seeds;
import io.keck.testing.TestDatabase;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of rows that leave the log: segments, checkpoints, limits. */
abstract class KeptHistoryContract {
    private static final long DAY = TimeUnit.DAYS.toMillis(1);

    @RegisterExtension
    final FreshDatabase db;

    private final boolean inFiles;

    @TempDir
    private Path dir;

    private final Random random = new Random(Seeds.next("KeptHistory"));
    private final Doc editor = new Doc();
    /** The text after each row. */
    private final Map<Long, String> texts = new TreeMap<>();

    private final List<Author> authors = List.of(
            Author.bySocket(Grants.of("ann", "room")),
            Author.bySocket(Grants.of("bob", "room")),
            Author.byRequest(Grants.of("cid", "room")));

    private Storage storage;
    private HistorySettings settings;
    private HistoryKeeper keeper;
    private HistoryReader history;
    private DocumentVersions versions;
    private long room;
    private long head;

    KeptHistoryContract(FreshDatabase db, boolean inFiles) {
        this.db = db;
        this.inFiles = inFiles;
    }

    @BeforeEach
    void open() {
        // rows stay in the log until this test has them moved
        storage = db.reopen(TestDatabase.settings().withRetention(Duration.ofDays(10_000)));
        settings = HistorySettings.DEFAULT.withSmall(1, 1);
        settings = inFiles ? settings.withFiles(dir) : settings;
        db.clock().now = 100 * DAY;
        use(settings);
        versions = new JdbiVersions(database(), 1_000);
        room = storage.log().open("room").toCompletableFuture().join().roomId();
        texts.put(0L, "");
    }

    private Database database() {
        return storage.database();
    }

    private Stores stores() {
        SegmentStore inDatabase = new DatabaseSegments(database());
        return inFiles ? new Stores(new FileSegments(dir), List.of(inDatabase)) : new Stores(inDatabase, List.of());
    }

    private void use(HistorySettings chosen) {
        Stores stores = stores();
        StoredObject.Reading reading = new StoredObject.Reading(stores);
        use(chosen, stores, reading, new Checkpointer(database(), stores, reading));
    }

    private void use(HistorySettings chosen, Stores stores, StoredObject.Reading reading, Checkpointer checkpointer) {
        keeper = new HistoryKeeper(database(), chosen, stores, reading, checkpointer);
        history = new JdbiHistory(database(), null, reading);
    }

    // ------------------------------------------------------------------ what a test does

    private void append(@Nullable Author author, Runnable edit) {
        byte[][] row = new byte[1][];
        try (var listening = editor.onUpdate((update, transaction) -> row[0] = update)) {
            edit.run();
        }
        db.clock().now += 1_000;
        head++;
        storage.log()
                .append(room, new UpdateLog.Entry(UUID.randomUUID(), head, row[0], author), false, null)
                .toCompletableFuture()
                .join();
        texts.put(head, text().toString());
    }

    private YText text() {
        return editor.getText("t");
    }

    /** Random typing and deleting by several people. */
    private void type(int rows) {
        for (int i = 0; i < rows; i++) {
            Author author = authors.get(random.nextInt(authors.size()));
            append(author, () -> {
                int length = text().length();
                if (length > 20 && random.nextInt(4) == 0) {
                    int at = random.nextInt(length - 5);
                    text().delete(at, 1 + random.nextInt(5));
                } else {
                    text().insert(random.nextInt(length + 1), Integer.toString(random.nextInt(10_000)));
                }
            });
        }
    }

    private void fold() {
        keeper.beforeFold(storage.log().read(room, 0).toCompletableFuture().join());
        storage.log().compact("room");
        keeper.folded(room, head);
    }

    /** Moves all folded rows to segments, as many in each as fit. */
    private int take() {
        return keeper.take(room, head, db.clock().now).rows();
    }

    private String textAt(long seq) {
        HistoryReader.Checkpoint base = history.base(room, seq);
        Doc doc = new Doc();
        byte[] state = base.state();
        if (state != null) {
            doc.applyUpdate(Update.decode(state, DecodeLimits.OWN), null);
        }
        rows(base.seq(), seq).forEach(row -> doc.applyUpdate(Update.decode(row.payload(), DecodeLimits.OWN), null));
        return doc.getText("t").toString();
    }

    private List<ChangeLog.Change> rows(long after, long upTo) {
        List<ChangeLog.Change> all = new ArrayList<>();
        for (long at = after; at < upTo; at = all.get(all.size() - 1).seq()) {
            ChangeLog.Page page = history.rows(room, at, upTo, 1 + random.nextInt(5_000));
            assertThat(page.isBroken()).isFalse();
            assertThat(page.damage()).isNull();
            assertThat(page.changes()).isNotEmpty();
            all.addAll(page.changes());
        }
        return all;
    }

    private void assertStates(long from) {
        for (int i = 0; i < 20; i++) {
            long seq = from + random.nextInt((int) (head - from) + 1);
            assertThat(textAt(seq)).as("row %d", seq).isEqualTo(texts.get(seq));
        }
    }

    private long count(String table) {
        return db.get().count(table);
    }

    private void execute(String sql, Object... values) {
        db.jdbi().useHandle(h -> h.execute(sql, values));
    }

    /** Flips a bit in each object. */
    private void damageObjects() throws Exception {
        if (inFiles) {
            try (var files = java.nio.file.Files.walk(dir)) {
                for (Path file :
                        files.filter(java.nio.file.Files::isRegularFile).toList()) {
                    byte[] bytes = java.nio.file.Files.readAllBytes(file);
                    java.nio.file.Files.write(file, flipped(bytes));
                }
            }
            return;
        }
        Map<Long, byte[]> all = new TreeMap<>();
        db.jdbi()
                .useHandle(h -> h.createQuery("SELECT id, content FROM history_objects")
                        .map((rs, ctx) -> all.put(rs.getLong(1), flipped(rs.getBytes(2))))
                        .list());
        all.forEach((id, bytes) -> execute("UPDATE history_objects SET content = ? WHERE id = ?", bytes, id));
    }

    private static byte[] flipped(byte[] bytes) {
        bytes[bytes.length - 1] ^= 0x20;
        return bytes;
    }

    // ------------------------------------------------------------------ moving

    @Test
    void rowsInSegments_areReadAsTheyWere() {
        type(60);
        List<ChangeLog.Change> before = rows(0, head);
        List<Session> sessions = history.activity(room, Long.MAX_VALUE, 100, null);
        fold();
        assertThat(take()).isEqualTo(60);
        type(40);
        fold();
        assertThat(count("room_log")).isEqualTo(40);
        assertThat(count("history_segments")).isEqualTo(1);
        assertThat(rows(0, 60)).usingRecursiveFieldByFieldElementComparator().containsExactlyElementsOf(before);
        assertStates(0);
        assertThat(history.range(room).first()).isZero();
        assertThat(history.range(room).head()).isEqualTo(100);
        assertThat(history.activity(room, 61, 100, null)).isEmpty(); // the sessions go on
        assertThat(sessions).hasSize(3);
        take();
        assertThat(count("room_log")).isZero();
        assertStates(0);
        assertThat(history.range(room).headAt()).isEqualTo(db.clock().now);
        assertThat(rows(0, head)).hasSize(100);
    }

    @Test
    void rowsAreFoundByTime_whereverTheyAre() {
        long began = db.clock().now;
        for (int i = 0; i < 5; i++) {
            type(10);
            fold();
            take();
        }
        type(10);
        for (long seq = 0; seq <= head; seq++) {
            assertThat(history.seqAt(room, began + 1_000 * seq)).isEqualTo(seq);
            assertThat(history.seqAt(room, began + 1_000 * seq + 999)).isEqualTo(seq);
        }
    }

    @Test
    void sessions_areTheSameBeforeAndAfterFolding() {
        for (int i = 0; i < 10; i++) {
            type(5);
            db.clock().now += random.nextInt(2) * 11 * 60_000;
        }
        List<Session> live = history.activity(room, Long.MAX_VALUE, 100, null);
        fold();
        assertThat(history.activity(room, Long.MAX_VALUE, 100, null)).isEqualTo(live);
        take();
        assertThat(history.activity(room, Long.MAX_VALUE, 100, null)).isEqualTo(live);
        assertThat(history.activity(room, live.get(2).last(), 3, null)).isEqualTo(live.subList(3, 6));
        assertThat(history.activity(room, Long.MAX_VALUE, 100, "bob"))
                .isEqualTo(live.stream()
                        .filter(s ->
                                s.author() != null && s.author().principal().equals("bob"))
                        .toList());
    }

    @Test
    void checkpoint_keepsWhatWasDeleted_andWhoWroteIt() {
        append(authors.get(0), () -> text().insert(0, "a secret of ann"));
        append(authors.get(1), () -> text().delete(0, 15));
        append(authors.get(1), () -> text().insert(0, "bob"));
        fold();
        write(3);
        HistoryReader.Checkpoint base = history.base(room, 3);
        assertThat(base.seq()).isEqualTo(3);
        assertThat(new String(base.state(), StandardCharsets.UTF_8)).contains("a secret of ann");
        long client = editor.clientId();
        assertThat(base.authors().writer(client, 0).mark().author()).isEqualTo(authors.get(0));
        assertThat(base.authors().deleter(client, 0).mark().author()).isEqualTo(authors.get(1));
        assertThat(textAt(3)).isEqualTo("bob");
    }

    private void write(long seq) {
        Stores stores = stores();
        Checkpointer checkpointer = new Checkpointer(database(), stores, new StoredObject.Reading(stores));
        HistoryRooms.Room kept =
                db.jdbi().withHandle(h -> HistoryRooms.find(h, room)).orElseThrow();
        assertThat(checkpointer.write(room, seq, kept)).isTrue();
    }

    @Test
    void manyRows_getCheckpoints_withinTheirShare() {
        for (int i = 0; i < 4; i++) {
            type(1_100);
            fold();
            take();
        }
        assertThat(count("history_checkpoints")).isPositive();
        assertStates(0);
        HistoryRooms.Room kept =
                db.jdbi().withHandle(h -> HistoryRooms.find(h, room)).orElseThrow();
        assertThat((double) kept.written()).isLessThan(1.3 * kept.payload());
        assertThat(kept.kept()).isEqualTo(kept.written());
    }

    // ------------------------------------------------------------------ what goes wrong

    @Test
    void killedBeforeTheTransaction_leavesAnOrphan_whichIsSwept() {
        type(10);
        fold();
        Stores stores = stores();
        SegmentStore dies = new DelegatingStore(stores.written()) {
            @Override
            public void put(long roomId, long object, byte[] content) {
                super.put(roomId, object, content);
                throw new IllegalStateException("killed");
            }
        };
        StoredObject.Reading reading = new StoredObject.Reading(stores);
        use(settings, new Stores(dies, List.of()), reading, new Checkpointer(database(), stores, reading));
        assertThatThrownBy(this::take).hasMessageContaining("killed");
        assertThat(count("history_segments")).isZero();
        assertThat(count("room_log")).isEqualTo(10);
        assertStates(0);
        use(settings);
        assertThat(keeper.retention().sweep()).isZero(); // it may be about to get its reference
        db.clock().now = Math.max(db.clock().now, System.currentTimeMillis()) + DAY;
        assertThat(keeper.retention().sweep()).isEqualTo(1);
        assertThat(take()).isEqualTo(10);
        assertThat(keeper.retention().sweep()).isZero();
        assertStates(0);
    }

    @Test
    void rowThatIsDamaged_staysInTheLog() {
        type(10);
        fold();
        execute("UPDATE room_log SET checksum = checksum + 1 WHERE seq = 5");
        assertThatThrownBy(this::take).isInstanceOf(RoomDamaged.class);
        assertThat(count("room_log")).isEqualTo(10);
        assertThat(count("history_segments")).isZero();
    }

    @Test
    void secondNode_thatTakesTheSameRows_takesNone() {
        type(10);
        fold();
        HistoryKeeper first = keeper;
        Stores stores = stores();
        SegmentStore slow = new DelegatingStore(stores.written()) {
            private boolean isFirst = true;

            @Override
            public void put(long roomId, long object, byte[] content) {
                super.put(roomId, object, content);
                if (isFirst) {
                    isFirst = false;
                    first.take(room, head, db.clock().now);
                }
            }
        };
        StoredObject.Reading reading = new StoredObject.Reading(stores);
        use(settings, new Stores(slow, List.of()), reading, new Checkpointer(database(), stores, reading));
        assertThat(take()).isZero();
        assertThat(count("history_segments")).isEqualTo(1);
        assertThat(rows(0, head)).hasSize(10);
    }

    @Test
    void damagedSegment_isNotRead() throws Exception {
        type(10);
        fold();
        take();
        damageObjects();
        assertThatThrownBy(() -> history.rows(room, 0, head, 1_000)).isInstanceOf(RoomDamaged.class);
    }

    /** The twin: without the checksum, a reader gets rows that nobody wrote. */
    @Test
    void twin_withoutTheChecksum_wrongRowsAreRead() throws Exception {
        byte[] noise = new byte[400];
        random.nextBytes(noise); // does not compress, so the damage is in the last update
        append(
                null,
                () -> text().insert(0, java.util.HexFormat.of().formatHex(noise).substring(0, 64)));
        append(null, () -> editor.getMap("m").set("noise", noise));
        fold();
        take();
        List<ChangeLog.Change> before = rows(0, head);
        damageObjects();
        Stores stores = stores();
        StoredObject.Reading blind = new StoredObject.Reading(stores) {
            @Override
            boolean matches(long roomId, StoredObject object, long first, long last, byte[] packed) {
                return true;
            }
        };
        history = new JdbiHistory(database(), null, blind);
        byte[] last;
        try {
            last = rows(0, head).get(1).payload();
        } catch (io.keck.failure.Unavailable e) {
            last = new byte[0]; // the damage is in what decompression needs
        }
        assertThat(Arrays.equals(last, before.get(1).payload())).isFalse();
    }

    private Checkpointer wrong(boolean verifies) {
        Stores stores = stores();
        return new Checkpointer(database(), stores, new StoredObject.Reading(stores)) {
            @Override
            Checkpoints.Content make(KeptState state, DeleteSet gone) {
                Checkpoints.Content empty = new KeptState().encode(new DeleteSet());
                return new Checkpoints.Content(
                        empty.state(), super.make(state, gone).authors());
            }

            @Override
            void verify(List<byte[]> parts, Checkpoints.Content content) {
                if (verifies) {
                    super.verify(parts, content);
                }
            }
        };
    }

    @Test
    void wrongCheckpoint_isNotStored() {
        type(10);
        fold();
        HistoryRooms.Room kept =
                db.jdbi().withHandle(h -> HistoryRooms.find(h, room)).orElseThrow();
        assertThatThrownBy(() -> wrong(true).write(room, 10, kept)).isInstanceOf(IllegalStateException.class);
        assertThat(count("history_checkpoints")).isZero();
        assertStates(0);
    }

    /** The twin: a checkpoint that is not compared with its rows makes every later state wrong. */
    @Test
    void twin_checkpointThatIsNotCompared_makesStatesWrong() {
        type(10);
        fold();
        HistoryRooms.Room kept =
                db.jdbi().withHandle(h -> HistoryRooms.find(h, room)).orElseThrow();
        wrong(false).write(room, 10, kept);
        assertThat(textAt(10)).isNotEqualTo(texts.get(10L));
    }

    private List<HistoryCheck.Problem> examine() {
        return db.jdbi().withHandle(h -> new HistoryCheck(h, inFiles ? dir : null).run(room));
    }

    @Test
    void examination_findsDamagedSegmentsAndWrongCheckpoints() throws Exception {
        type(10);
        fold();
        take();
        write(7);
        type(10);
        fold();
        take();
        write(20);
        assertThat(examine()).isEmpty();
        damageObjects();
        assertThat(examine())
                .extracting(HistoryCheck.Problem::kind)
                .containsExactly("segment", "segment", "checkpoint", "checkpoint");
    }

    @Test
    void examination_comparesCheckpointsWithTheirRows() {
        type(10);
        fold();
        HistoryRooms.Room kept =
                db.jdbi().withHandle(h -> HistoryRooms.find(h, room)).orElseThrow();
        wrong(false).write(room, 10, kept);
        assertThat(examine()).extracting(HistoryCheck.Problem::seq).containsExactly(10L);
        type(10);
        fold();
        take();
        execute("DELETE FROM history_segments WHERE first_seq > 1");
        assertThat(examine()).hasSize(1);
    }

    // ------------------------------------------------------------------ limits

    @Test
    void oldRows_areDropped_andLabelledVersionsStay() {
        append(authors.get(0), () -> text().insert(0, "gone for good"));
        append(authors.get(0), () -> text().delete(0, 13));
        type(20);
        fold();
        take();
        versions.create(room, new Wanted(12, "kept", false, false, "ann"));
        versions.create(room, new Wanted(13, "", true, false, "ann"));
        versions.create(room, new Wanted(14, "", false, true, "system"));
        db.clock().now += 61 * DAY;
        type(20);
        fold();
        take();
        keeper.retention().look(room);
        HistoryReader.Range range = history.range(room);
        assertThat(range.first()).isEqualTo(22);
        assertThatThrownBy(() -> history.base(room, 21)).isInstanceOf(HistoryGone.class);
        assertThatThrownBy(() -> history.seqAt(room, range.firstAt() - 1)).isInstanceOf(HistoryGone.class);
        assertThat(history.rows(room, 3, 10, 1_000).isBroken()).isTrue();
        assertThat(textAt(12)).isEqualTo(texts.get(12L));
        assertThat(textAt(13)).isEqualTo(texts.get(13L));
        assertThat(versions.list(room, null, 10))
                .extracting(DocumentVersions.Version::seq)
                .containsExactly(13L, 12L);
        assertStates(22);
        assertThat(new String(history.base(room, 22).state(), StandardCharsets.UTF_8))
                .doesNotContain("gone for good");
        assertThat(history.activity(room, Long.MAX_VALUE, 100, null)).allMatch(s -> s.last() > 22);
        keeper.retention().look(room);
        assertThat(history.range(room)).isEqualTo(range);
    }

    @Test
    void contentDeletedBeforeHistoryBegins_isNotInLaterCheckpoints() {
        append(authors.get(0), () -> text().insert(0, "gone for good"));
        append(authors.get(0), () -> text().delete(0, 13));
        type(20);
        fold();
        take();
        db.clock().now += 61 * DAY;
        append(authors.get(0), () -> text().insert(0, "deleted later"));
        append(authors.get(0), () -> text().delete(0, 13));
        type(20);
        fold();
        take();
        keeper.retention().look(room);
        write(head);
        String state = new String(history.base(room, head).state(), StandardCharsets.UTF_8);
        assertThat(state).contains("deleted later").doesNotContain("gone for good");
        assertStates(22);
    }

    @Test
    void tooManyBytesOrRows_dropTheOldest() {
        for (int i = 0; i < 10; i++) {
            type(50);
            fold();
            take();
        }
        use(settings.withLimits(Duration.ofDays(30), 200, 1 << 20));
        keeper.retention().look(room);
        assertThat(history.range(room).first()).isEqualTo(300);
        assertStates(300);
        use(settings.withLimits(Duration.ofDays(30), 200, 3_000));
        keeper.retention().look(room);
        assertThat(history.range(room).first()).isGreaterThan(300);
        assertStates(history.range(room).first());
    }

    @Test
    void smallSegments_areMerged() {
        for (int i = 0; i < 12; i++) {
            type(5);
            fold();
            take();
        }
        assertThat(count("history_segments")).isEqualTo(12);
        List<ChangeLog.Change> before = rows(0, head);
        use(HistorySettings.DEFAULT.withSmall(1_000, 1 << 16));
        if (inFiles) {
            use(HistorySettings.DEFAULT.withSmall(1_000, 1 << 16).withFiles(dir));
        }
        keeper.retention().look(room);
        assertThat(count("history_segments")).isEqualTo(1);
        assertThat(rows(0, head)).usingRecursiveFieldByFieldElementComparator().containsExactlyElementsOf(before);
        assertStates(0);
    }

    @Test
    void fewRows_waitForMore() {
        use(HistorySettings.DEFAULT);
        type(10);
        fold();
        assertThat(take()).isZero();
        assertThat(count("room_log")).isEqualTo(10);
        db.clock().now += 2 * DAY;
        assertThat(take()).isEqualTo(10);
    }

    @Test
    void rowsDeletedByAReleaseWithoutHistory_makeItBeginAnew() {
        type(10);
        storage.log().compact("room");
        execute("DELETE FROM room_log WHERE seq <= 10"); // as the release before does
        assertThat(history.range(room).first()).isEqualTo(10);
        assertThat(textAt(10)).isEqualTo(texts.get(10L));
        type(10);
        fold();
        take();
        assertThat(history.range(room).first()).isEqualTo(10);
        assertStates(10);
        type(10);
        storage.log().compact("room");
        execute("DELETE FROM room_log WHERE seq <= 30");
        type(10);
        fold();
        take();
        assertThat(history.range(room).first()).isEqualTo(30);
        assertStates(30);
    }
}
