package io.keck.storage.history;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.access.Author;
import io.keck.crdt.Doc;
import io.keck.history.DocumentVersions;
import io.keck.history.DocumentVersions.Version;
import io.keck.history.DocumentVersions.Wanted;
import io.keck.room.UpdateLog;
import io.keck.storage.Storage;
import io.keck.storage.database.Database;
import io.keck.storage.feed.JdbiCursors;
import io.keck.storage.log.JdbiUpdateLog;
import io.keck.testing.FreshDatabase;
import io.keck.testing.Grants;
import io.keck.testing.TestDatabase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Versions that nobody asked for: from the commits of one or several nodes to the list of versions. */
abstract class AutomaticVersionsContract {
    private static final long MINUTE = 60_000;
    private static final long HOUR = 60 * MINUTE;
    private static final long DAY = 24 * HOUR;
    private static final Author ANN = Author.bySocket(Grants.of("ann", "room"));
    private static final Author BOB = Author.bySocket(Grants.of("bob", "room"));

    @RegisterExtension
    final FreshDatabase db;

    private final Doc editor = new Doc();
    private final List<JdbiUpdateLog> logs = new ArrayList<>();
    private Storage storage;
    private DocumentVersions versions;
    private Node node;
    private long room;
    private long link;

    AutomaticVersionsContract(FreshDatabase db) {
        this.db = db;
    }

    /** A node: a log whose commits its keeper learns of. */
    private final class Node {
        final HistoryKeeper keeper;
        final JdbiUpdateLog log;

        Node(HistorySettings settings) {
            Stores stores = new Stores(new DatabaseSegments(database()), List.of());
            StoredObject.Reading reading = new StoredObject.Reading(stores);
            keeper = new HistoryKeeper(
                    database(), settings, stores, reading, new Checkpointer(database(), stores, reading));
            log = new JdbiUpdateLog(
                    database(),
                    "test",
                    TestDatabase.settings().withRetention(Duration.ofDays(10_000)),
                    List.of(),
                    JdbiCursors::haveRead,
                    keeper);
            logs.add(log);
        }

        void edit(@Nullable Author author) {
            append(log, author, "x");
        }
    }

    @BeforeEach
    void open() {
        storage = db.reopen(TestDatabase.settings());
        db.clock().now = 20_000 * DAY;
        node = new Node(HistorySettings.DEFAULT);
        versions = storage.versions();
        room = storage.log().open("room").toCompletableFuture().join().roomId();
    }

    @AfterEach
    void close() throws InterruptedException {
        for (JdbiUpdateLog log : logs) {
            log.stop();
        }
    }

    private Database database() {
        return storage.database();
    }

    private void append(UpdateLog log, @Nullable Author author, String text) {
        byte[][] row = new byte[1][];
        try (var listening = editor.onUpdate((update, transaction) -> row[0] = update)) {
            editor.getText("t").insert(0, text);
        }
        log.append(room, new UpdateLog.Entry(UUID.randomUUID(), ++link, row[0], author), false, null)
                .toCompletableFuture()
                .join();
    }

    /** Lets time pass, with the upkeep of a node in each minute. */
    private void pass(Node node, long millis) {
        for (long end = db.clock().now + millis; db.clock().now < end; ) {
            db.clock().now = Math.min(end, db.clock().now + MINUTE);
            node.keeper.upkeep();
        }
    }

    private List<Version> list() {
        return versions.list(room, null, 100);
    }

    private List<Long> rows() {
        return list().stream().map(Version::seq).toList();
    }

    private long looks() {
        return db.jdbi()
                .withHandle(h -> h.createQuery("SELECT count(*) FROM version_marks WHERE look_at IS NOT NULL")
                        .mapTo(Long.class)
                        .one());
    }

    // ------------------------------------------------------------------ making

    @Test
    void documentThatRests_getsAVersion_andNoOtherUntilItChanges() {
        node.edit(ANN);
        node.edit(BOB);
        long at = db.clock().now;
        pass(node, 4 * MINUTE);
        assertThat(list()).isEmpty();
        pass(node, 3 * MINUTE);
        Version version = list().get(0);
        assertThat(version).isEqualTo(new Version(version.id(), 2, "", false, true, "system", at));
        pass(node, 2 * DAY);
        assertThat(rows()).containsExactly(2L);
        assertThat(looks()).as("a document that rests costs nothing").isZero();
        node.edit(ANN);
        pass(node, 7 * MINUTE);
        assertThat(rows()).containsExactly(3L, 2L);
    }

    @Test
    void documentThatIsEdited_getsAVersionInEachPeriod() {
        for (int minute = 0; minute < 30; minute++) {
            node.edit(ANN);
            pass(node, MINUTE);
        }
        pass(node, 8 * MINUTE);
        assertThat(rows()).containsExactly(30L, 20L, 10L);
    }

    @Test
    void otherAuthorAfterAPause_andARestoration_makeVersions() {
        node.edit(ANN);
        pass(node, 3 * MINUTE);
        node.edit(BOB);
        pass(node, 3 * MINUTE);
        var noted = new TreeMap<>(BOB.attributes());
        noted.put(Author.RESTORE_OF, "1");
        node.edit(new Author(BOB.principal(), BOB.origin(), noted));
        pass(node, 10 * MINUTE);
        assertThat(rows()).containsExactly(3L, 2L, 1L);
    }

    @Test
    void manyChangedBytes_makeAVersion() {
        append(node.log, ANN, "x".repeat(300_000));
        db.clock().now += MINUTE;
        node.edit(ANN);
        pass(node, 10 * MINUTE);
        assertThat(rows()).containsExactly(2L, 1L);
    }

    @Test
    void rowThatHasAVersion_getsNoSecondOne() {
        node.edit(ANN);
        versions.create(room, new Wanted(1, "mine", true, false, "ann"));
        pass(node, 10 * MINUTE);
        assertThat(list()).extracting(Version::label).containsExactly("mine");
    }

    @Test
    void documentOfAnEarlierRelease_beginsAfterItsNewestVersion() {
        for (int i = 0; i < 3; i++) {
            append(storage.log(), ANN, "old"); // a log that tells nobody
            db.clock().now += 20 * MINUTE;
        }
        versions.create(room, new Wanted(2, "mine", true, false, "ann"));
        node.edit(ANN);
        pass(node, 10 * MINUTE);
        assertThat(rows()).containsExactly(4L, 3L, 2L);
    }

    @Test
    void documentThatWasDeleted_getsNone_andOneThatComesBackDoes() {
        node.edit(ANN);
        pass(node, MINUTE);
        db.jdbi().useHandle(h -> h.execute("UPDATE rooms SET deleted_at = 1"));
        pass(node, 10 * MINUTE);
        assertThat(db.get().count("document_versions")).isZero();
        assertThat(looks()).isZero();
        db.jdbi().useHandle(h -> h.execute("UPDATE rooms SET deleted_at = NULL"));
        node.edit(ANN);
        pass(node, 10 * MINUTE);
        assertThat(rows()).containsExactly(2L, 1L);
    }

    @Test
    void rowsThatLeftTheLogUnread_areSkipped() {
        node.edit(ANN);
        pass(node, MINUTE);
        db.jdbi().useHandle(h -> h.execute("UPDATE version_marks SET read_seq = 0"));
        append(storage.log(), ANN, "unnoticed");
        db.jdbi().useHandle(h -> h.execute("DELETE FROM room_log"));
        pass(node, 10 * MINUTE);
        node.edit(ANN);
        pass(node, 10 * MINUTE);
        assertThat(rows()).containsExactly(3L);
    }

    @Test
    void switchedOff_nothingIsWrittenOrMade() {
        HistorySettings settings = HistorySettings.DEFAULT.withVersions(VersionSettings.DEFAULT.off());
        Node off = new Node(settings);
        off.edit(ANN);
        pass(off, 10 * MINUTE);
        assertThat(list()).isEmpty();
        assertThat(db.get().count("version_marks")).isZero();
    }

    // ------------------------------------------------------------------ several nodes

    @Test
    void twoNodes_makeEachVersionOnce() {
        Node other = new Node(HistorySettings.DEFAULT);
        for (int i = 0; i < 40; i++) {
            (i % 2 == 0 ? node : other).edit(i % 4 < 2 ? ANN : BOB);
            pass(i % 3 == 0 ? node : other, MINUTE);
        }
        pass(node, 10 * MINUTE);
        pass(other, 10 * MINUTE);
        assertThat(rows()).doesNotHaveDuplicates().startsWith(40L).hasSizeBetween(4, 6);
    }

    @Test
    void nodeThatIsKilled_leavesItsVersionsToTheNextEdit() {
        node.edit(ANN); // and dies within the minute
        db.clock().now += HOUR;
        Node other = new Node(HistorySettings.DEFAULT);
        pass(other, 10 * MINUTE);
        assertThat(list()).isEmpty();
        other.edit(BOB);
        pass(other, 10 * MINUTE);
        assertThat(rows()).containsExactly(2L, 1L);
    }

    /** A node whose transaction comes late, and which may go on regardless. */
    private AutomaticVersions late(boolean checks) {
        return new AutomaticVersions(database(), VersionSettings.DEFAULT) {
            @Override
            boolean advance(Handle h, long roomId, Seen seen) {
                return super.advance(h, roomId, seen) || !checks;
            }
        };
    }

    /** Two nodes read the same rows; the first stores its version, which a user deletes; then the second stores. */
    private List<Long> versionsAfterALateNode(boolean checks) {
        node.edit(ANN);
        pass(node, MINUTE);
        db.clock().now += 10 * MINUTE;
        AutomaticVersions late = late(checks);
        AutomaticVersions.Seen seen = late.read(room).orElseThrow();
        assertThat(seen.marks()).hasSize(1);
        pass(node, MINUTE);
        assertThat(rows()).containsExactly(1L);
        versions.delete(room, list().get(0).id());
        database()
                .change(room, h -> late.store(h, room, seen))
                .toCompletableFuture()
                .join();
        return rows();
    }

    @Test
    void nodeThatStoresLate_storesNothing() {
        assertThat(versionsAfterALateNode(true)).isEmpty();
    }

    /** The twin: without the comparison a late node makes a version for the second time. */
    @Test
    void twin_withoutTheComparison_aDeletedVersionComesBack() {
        assertThat(versionsAfterALateNode(false)).containsExactly(1L);
    }

    @Test
    void rowThatIsCommittedDuringALook_isNotForgotten() {
        node.edit(ANN);
        pass(node, MINUTE);
        db.clock().now += 10 * MINUTE;
        AutomaticVersions slow = late(true);
        AutomaticVersions.Seen seen = slow.read(room).orElseThrow();
        node.edit(ANN);
        node.keeper.upkeep(); // notes the room, whose mark has a time already, and looks at it
        database()
                .change(room, h -> slow.store(h, room, seen))
                .toCompletableFuture()
                .join();
        assertThat(looks()).isEqualTo(1);
        pass(node, 10 * MINUTE);
        assertThat(rows()).containsExactly(2L, 1L);
    }

    // ------------------------------------------------------------------ keeping

    @Test
    void oldVersions_areThinnedOut_exceptThosePinnedOrNamed() {
        for (int i = 0; i < 12; i++) { // four in each hour
            node.edit(ANN);
            pass(node, 15 * MINUTE);
        }
        assertThat(rows()).hasSize(12);
        long pinned = list().get(10).id(); // row 2
        versions.pin(room, pinned, true);
        versions.create(room, new Wanted(1, "named", false, false, "ann"));
        pass(node, 34 * HOUR);
        assertThat(rows()).containsExactly(12L, 8L, 4L, 2L, 1L);
        db.clock().now += 8 * DAY;
        pass(node, 2 * MINUTE);
        assertThat(rows()).containsExactly(12L, 2L, 1L);
        assertThat(looks()).isZero();
    }

    @Test
    void automaticVersions_haveABoundPerDocument() {
        Node few = new Node(HistorySettings.DEFAULT.withVersions(VersionSettings.DEFAULT.withMost(3)));
        versions.create(room, new Wanted(0, "named", false, false, "ann"));
        for (int i = 0; i < 6; i++) {
            few.edit(ANN);
            pass(few, 10 * MINUTE);
        }
        assertThat(rows()).containsExactly(6L, 5L, 4L, 0L);
    }
}
