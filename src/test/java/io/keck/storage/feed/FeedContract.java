package io.keck.storage.feed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.access.Author;
import io.keck.access.Origin;
import io.keck.crdt.Doc;
import io.keck.failure.RoomDamaged;
import io.keck.feed.Authorship;
import io.keck.feed.ChangeLog;
import io.keck.feed.ChangeLog.Page;
import io.keck.feed.Cursors;
import io.keck.feed.Cursors.Cursor;
import io.keck.feed.Cursors.Endpoint;
import io.keck.feed.Histories;
import io.keck.room.UpdateLog;
import io.keck.room.UpdateLog.Contents;
import io.keck.storage.Storage;
import io.keck.storage.doctor.Repairs;
import io.keck.storage.log.JdbiUpdateLog;
import io.keck.testing.FreshDatabase;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a storage promises to those who follow changes. */
abstract class FeedContract {
    private static final long RETENTION = 1_000; // as the logs of tests have it
    private final Doc editor = new Doc();

    @RegisterExtension
    final FreshDatabase db;

    FeedContract(FreshDatabase db) {
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

    private long room(String name) {
        return await(log().open(name)).roomId();
    }

    private void append(long room, int rows) {
        for (int i = 0; i < rows; i++) {
            byte[][] row = new byte[1][];
            try (var listening = editor.onUpdate((update, transaction) -> row[0] = update)) {
                editor.getText("t").insert(0, "0123456789");
            }
            await(log().append(room, UUID.randomUUID(), 1 + i, row[0], false));
        }
    }

    private void execute(String sql, Object... values) {
        db.jdbi().useHandle(h -> h.execute(sql, values));
    }

    /** There is a snapshot up to that row. */
    private void folded(long room, long seq) {
        execute("DELETE FROM room_snapshots WHERE room_id = ?", room);
        execute(
                "INSERT INTO room_snapshots (room_id, seq, state, created_at, lease_until) VALUES (?, ?, ?, 0, 0)",
                room,
                seq,
                new byte[] {0, 0});
    }

    private static List<Long> seqs(Page page) {
        return page.changes().stream().map(ChangeLog.Change::seq).toList();
    }

    private Cursor cursor(long room) {
        return storage().cursors().find(List.of(room)).get(0);
    }

    private static Cursor moved(Cursor cursor, long seq, long planned) {
        return new Cursor(cursor.roomId(), cursor.name(), cursor.head(), seq, planned, 0);
    }

    private long take(Cursors cursors) {
        return cursors.take(cursors.endpoint(), "me").orElseThrow();
    }

    @Test
    void rows_comeInPages_andTheirLossIsSaid() {
        ChangeLog changes = storage().changes();
        long room = room("a");
        assertThat(changes.read(room, 0, Long.MAX_VALUE, 1_000)).isEqualTo(new Page(List.of(), 0, false));
        append(room, 10);
        assertThat(seqs(changes.read(room, 0, Long.MAX_VALUE, 1))).containsExactly(1L);
        assertThat(seqs(changes.read(room, 3, 6, 10_000))).containsExactly(4L, 5L, 6L);
        assertThat(changes.read(room, 10, Long.MAX_VALUE, 1_000)).isEqualTo(new Page(List.of(), 10, false));
        assertThat(changes.read(room, 12, 12, 0).head()).isEqualTo(10);
        folded(room, 9);
        execute("DELETE FROM room_log WHERE seq <= 4");
        assertThat(changes.read(room, 3, Long.MAX_VALUE, 10_000).isBroken()).isTrue();
        assertThat(changes.read(room, 4, Long.MAX_VALUE, 10_000).isBroken()).isFalse();
        folded(room, 10);
        execute("DELETE FROM room_log");
        assertThat(changes.read(room, 9, Long.MAX_VALUE, 10_000).isBroken()).isTrue();
        await(log().delete("a"));
        assertThat(changes.read(room, 10, Long.MAX_VALUE, 10_000).isBroken()).isFalse();
    }

    @Test
    void base_isTheRoomAtThatRow_orAtItsSnapshot() throws InterruptedException {
        ChangeLog changes = storage().changes();
        long room = room("a");
        append(room, 3);
        assertThat(changes.base(room, 2).seq()).isEqualTo(2);
        assertThat(changes.base(room, 2).rows()).hasSize(2);
        assertThat(changes.base(room, 0).seq()).isZero();
        assertThat(log().compact("a")).isTrue();
        append(room, 2);
        ChangeLog.Base late = changes.base(room, 1);
        assertThat(late.seq()).isEqualTo(3);
        assertThat(late.rows()).isEmpty();
        assertThat(late.state()).isNotNull();
        assertThat(changes.base(room, Long.MAX_VALUE).seq()).isEqualTo(5);
    }

    @Test
    void anEndpoint_beginsWithWhatComesAfterIt_andGoesOnWhenItIsReplaced() {
        Cursors cursors = storage().cursors();
        long room = room("a");
        append(room, 3);
        assertThat(cursors.endpoint()).isEqualTo(new Endpoint("", false, 0, "", 0));
        cursors.set("http://one/", false);
        assertThat(cursors.scan(0, 10).waiting()).isEmpty();
        append(room, 1);
        long later = room("b");
        append(later, 1);
        assertThat(cursors.scan(0, 10).waiting())
                .extracting(Cursor::roomId, Cursor::head, Cursor::seq, Cursor::planned, Cursor::name)
                .containsExactlyInAnyOrder(
                        org.assertj.core.groups.Tuple.tuple(room, 4L, 3L, 3L, "a"),
                        org.assertj.core.groups.Tuple.tuple(later, 1L, 0L, 0L, "b"));
        assertThat(cursor(room).waitingSince()).isEqualTo(db.clock().now);
        cursors.set("http://two/", true);
        assertThat(cursor(room).seq()).isEqualTo(3);
        cursors.set("", false);
        cursors.set("http://three/", false);
        assertThat(cursors.scan(0, 10).waiting()).isEmpty();
        assertThat(cursors.scan(0, 1).next()).isNotZero();
    }

    @Test
    void theConfiguredEndpoint_isSetOnce_untilItIsAnotherOne() {
        Cursors cursors = storage().cursors();
        cursors.configure("http://configured/");
        assertThat(cursors.endpoint().trusted()).isTrue();
        cursors.set("http://posted/", false);
        cursors.configure("http://configured/");
        assertThat(cursors.endpoint().url()).isEqualTo("http://posted/");
        cursors.configure("http://other/");
        assertThat(cursors.endpoint().url()).isEqualTo("http://other/");
    }

    @Test
    void onlyTheNewestEpoch_saves() {
        Cursors cursors = storage().cursors();
        long room = room("a");
        cursors.set("http://one/", true);
        append(room, 3);
        Endpoint seen = cursors.endpoint();
        long first = take(cursors);
        assertThat(cursors.take(seen, "late")).isEqualTo(OptionalLong.empty());
        assertThat(cursors.save(first, List.of(moved(cursor(room), 1, 2)))).isTrue();
        assertThat(cursors.renew(first)).isTrue();
        long second = take(cursors);
        assertThat(cursors.renew(first)).isFalse();
        assertThat(cursors.save(first, List.of(moved(cursor(room), 3, 3)))).isFalse();
        assertThat(cursor(room)).extracting(Cursor::seq, Cursor::planned).containsExactly(1L, 2L);
        assertThat(cursors.save(second, List.of(moved(cursor(room), 2, 3)))).isTrue();
        assertThat(cursor(room)).extracting(Cursor::seq, Cursor::planned).containsExactly(2L, 3L);
        cursors.release(first);
        assertThat(cursors.endpoint().owner()).isEqualTo("me");
        cursors.release(second);
        assertThat(cursors.endpoint().owner()).isEmpty();
    }

    private static final Author ALICE = new Author("alice", Origin.SOCKET, Map.of("org", "7", "a\"b", "ä"));
    private static final Author BOB = new Author("bob", Origin.REST, Map.of());

    private Authorship.@Nullable Mark<Author> writer(long room, long clock) {
        return storage()
                .changes()
                .authorship(room)
                .ranges()
                .writer(editor.clientId(), clock)
                .mark();
    }

    private byte[] typed() {
        byte[][] row = new byte[1][];
        try (var listening = editor.onUpdate((update, transaction) -> row[0] = update)) {
            editor.getText("t").insert(0, "0123456789");
        }
        return row[0];
    }

    private void appendBy(long room, @Nullable Author author) {
        await(log().append(room, new UpdateLog.Entry(UUID.randomUUID(), 4711, typed(), author), false, null));
    }

    @Test
    void rows_sayWhoMadeThemAndWhen() {
        ChangeLog changes = storage().changes();
        Cursors cursors = storage().cursors();
        long room = room("a");
        Author other = new Author("alice", Origin.AGENT, Map.of("agent", "x"));
        appendBy(room, ALICE);
        await(log().append(
                        room,
                        List.of(
                                new UpdateLog.Entry(UUID.randomUUID(), 1, typed(), BOB),
                                new UpdateLog.Entry(UUID.randomUUID(), 2, typed(), ALICE),
                                new UpdateLog.Entry(UUID.randomUUID(), 3, typed(), null),
                                new UpdateLog.Entry(UUID.randomUUID(), 4, typed(), other))));
        long begun = await(log().init("b", new UpdateLog.Entry(UUID.randomUUID(), 5, typed(), BOB), false, null))
                .orElseThrow()
                .roomId();

        assertThat(changes.read(room, 0, Long.MAX_VALUE, 10_000).changes())
                .extracting(ChangeLog.Change::author)
                .containsExactly(ALICE, BOB, ALICE, null, other);
        assertThat(changes.read(room, 0, 1, 10_000).changes().get(0).at()).isEqualTo(db.clock().now);
        assertThat(changes.read(begun, 0, 1, 10_000).changes())
                .extracting(ChangeLog.Change::author)
                .containsExactly(BOB);
        assertThat(cursors.next(Map.of(room, 1L), 10_000).get(room).changes())
                .extracting(ChangeLog.Change::author)
                .containsExactly(BOB, ALICE, null, other);
        int authors = db.jdbi()
                .withHandle(h -> h.createQuery("SELECT count(*) FROM authors")
                        .mapTo(Integer.class)
                        .one());
        assertThat(authors).as("one for each principal and its attributes").isEqualTo(3);
    }

    /** As the release before writes and folds. */
    @Test
    void rowsOfTheReleaseBefore_areOfNobodyKnown() {
        long room = room("a");
        appendBy(room, ALICE);
        execute(
                "INSERT INTO room_log (room_id, seq, batch_id, link, before_link, payload, node, origin, created_at)"
                        + " VALUES (?, 2, ?, 9, 4711, ?, 'old', 'ws', ?)",
                room,
                new byte[16],
                typed(),
                db.clock().now);
        execute("UPDATE rooms SET head = 2, head_link = 9 WHERE id = ?", room);
        appendBy(room, BOB);

        assertThat(storage().changes().read(room, 0, 9, 10_000).changes())
                .extracting(ChangeLog.Change::author)
                .containsExactly(ALICE, null, BOB);
        assertThat(writer(room, 0).author()).isEqualTo(ALICE);
        assertThat(writer(room, 10).author()).isNull();
        assertThat(writer(room, 20).author()).isEqualTo(BOB);
        folded(room, 2); // without a word of the authors, and without the rows
        execute("DELETE FROM room_log WHERE room_id = ? AND seq <= 2", room);
        assertThat(writer(room, 0)).isNull();
        assertThat(writer(room, 20).author()).isEqualTo(BOB);
    }

    @Test
    void authors_outliveTheRowsThatAreFolded() throws InterruptedException {
        long room = room("a");
        appendBy(room, ALICE);
        appendBy(room, BOB);
        long then = db.clock().now;
        assertThat(log().compact("a")).isTrue();
        db.clock().now += RETENTION + 7_200_000;
        appendBy(room, null);
        appendBy(room, ALICE);
        assertThat(log().compact("a")).isTrue();
        appendBy(room, BOB);

        assertThat(storage().changes().read(room, 2, 9, 10_000).changes()).hasSize(3);
        assertThat(storage().changes().read(room, 0, 9, 10_000).isBroken())
                .as("the first rows are gone")
                .isTrue();
        assertThat(writer(room, 0).author()).isEqualTo(ALICE);
        assertThat(writer(room, 0).at() / 1_000).isEqualTo(then / 1_000);
        assertThat(writer(room, 10).author()).isEqualTo(BOB);
        assertThat(writer(room, 20).author()).isNull();
        assertThat(writer(room, 30).author()).isEqualTo(ALICE);
        assertThat(writer(room, 40).author()).isEqualTo(BOB);
        assertThat(writer(room, 50)).isNull();
        assertThat(storage()
                        .changes()
                        .authorship(room)
                        .ranges()
                        .introduced()
                        .get(editor.clientId())
                        .author())
                .isEqualTo(ALICE);
        assertThat(log().introductions(room, 0).toCompletableFuture().join())
                .as("folding keeps who introduced a client id")
                .isEqualTo(new UpdateLog.Introductions(Map.of(editor.clientId(), ALICE.principal()), 5));
    }

    /** The twin: without what is kept when rows are folded, their authors are gone with them. */
    @Test
    void twin_withoutTheRangesOfFoldedRows_theirAuthorsAreGone() throws InterruptedException {
        long room = room("a");
        appendBy(room, ALICE);
        db.clock().now += RETENTION + 100_000;
        assertThat(log().compact("a")).isTrue();
        assertThat(writer(room, 0).author()).isEqualTo(ALICE);
        execute("DELETE FROM room_authors");
        assertThat(writer(room, 0)).isNull();
        assertThat(log().introductions(room, 0).toCompletableFuture().join().by())
                .isEmpty();
    }

    @Test
    void authorsOfALaterRelease_areLeftAsTheyAre() throws InterruptedException {
        long room = room("a");
        appendBy(room, ALICE);
        execute("INSERT INTO room_authors (room_id, seq, ranges) VALUES (?, 0, ?)", room, new byte[] {99, 1});
        assertThat(log().compact("a")).isTrue();
        byte[] ranges = db.jdbi()
                .withHandle(h -> h.createQuery("SELECT ranges FROM room_authors")
                        .mapTo(byte[].class)
                        .one());
        assertThat(ranges).containsExactly(99, 1);
        assertThat(writer(room, 0).author()).as("the row is still there").isEqualTo(ALICE);
    }

    @Test
    void news_areTakenOnce() {
        Cursors cursors = storage().cursors();
        cursors.announce(List.of(3L, 1L));
        cursors.announce(List.of(1L, 2L));
        assertThat(cursors.announced(2)).containsExactlyInAnyOrder(1L, 2L);
        assertThat(cursors.announced(2)).containsExactly(3L);
        assertThat(cursors.announced(2)).isEmpty();
    }

    @Test
    void theNextRowsOfManyRooms_comeAtOnce() {
        Cursors cursors = storage().cursors();
        cursors.set("http://one/", true);
        long one = room("a");
        long two = room("b");
        long none = room("c");
        append(one, 5);
        append(two, 2);
        long epoch = take(cursors);
        cursors.save(epoch, List.of(moved(cursor(one), 3, 3)));
        Map<Long, Page> pages = cursors.next(Map.of(one, 3L, two, 0L, none, 0L, 99L, 0L), 1_000);
        assertThat(pages).containsOnlyKeys(one, two);
        assertThat(seqs(pages.get(one))).containsExactly(4L, 5L);
        assertThat(seqs(pages.get(two))).containsExactly(1L, 2L);
        assertThat(seqs(cursors.next(Map.of(one, 0L), 1).get(one))).containsExactly(1L);
        folded(one, 5);
        execute("DELETE FROM room_log WHERE seq = 4");
        assertThat(cursors.next(Map.of(one, 3L), 1_000).get(one).isBroken()).isTrue();
        execute("DELETE FROM room_log");
        Page gone = cursors.next(Map.of(one, 3L), 1_000).get(one);
        assertThat(gone.isBroken()).isTrue();
        assertThat(gone.head()).isEqualTo(5);
    }

    @Test
    void rowsThatTheReceiverWasNotToldOf_areNotFolded_untilTheyAreTooOld() throws InterruptedException {
        Cursors cursors = storage().cursors();
        cursors.set("http://one/", true);
        long room = room("a");
        append(room, 6);
        cursors.save(take(cursors), List.of(moved(cursor(room), 4, 4)));
        assertThat(log().compact("a")).isTrue();
        Contents contents = await(log().read(room, 0));
        assertThat(contents.snapshotSeq()).isEqualTo(4);
        assertThat(contents.rows()).hasSize(2);
        db.clock().now += RETENTION + 100_000;
        assertThat(log().compact("a")).isTrue();
        assertThat(await(log().read(room, 0)).snapshotSeq()).isEqualTo(6);
    }

    @Test
    void commits_areToldOf() {
        List<Long> told = new java.util.concurrent.CopyOnWriteArrayList<>();
        log().onCommitted(told::add);
        long room = room("a");
        append(room, 2);
        long made = await(log().init("b", UUID.randomUUID(), 1, new byte[] {0, 0}, false))
                .orElseThrow()
                .roomId();
        assertThat(told).containsExactly(room, room, made);
    }

    /** Row 4 of room a is damaged, or lacking; before and beside it all is told, after it nothing until it is repaired. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "UPDATE room_log SET payload = batch_id WHERE seq = 4 AND room_id = ?|checksum",
                "UPDATE room_log SET payload = batch_id, checksum = NULL WHERE seq = 4 AND room_id = ?|not a valid"
                        + " update",
                "UPDATE room_log SET link = link + 1 WHERE seq = 4 AND room_id = ?|checksum",
                "UPDATE room_log SET before_link = 5 WHERE seq = 4 AND room_id = ?|does not follow",
                "DELETE FROM room_log WHERE seq = 4 AND room_id = ?|is missing",
                "DELETE FROM room_log WHERE seq > 3 AND room_id = ?|is missing",
            })
    void aDamagedRow_isNeverTold_andHoldsUpNoOtherRoom_untilItIsRepaired(String sql, String words) {
        ChangeLog changes = storage().changes();
        Cursors cursors = storage().cursors();
        long room = room("a");
        append(room, 6);
        long healthy = room("b");
        append(healthy, 2);
        execute(sql, room);

        assertThat(seqs(changes.read(room, 0, Long.MAX_VALUE, 10_000))).containsExactly(1L, 2L, 3L);
        Page stop = changes.read(room, 3, Long.MAX_VALUE, 10_000);
        assertThat(stop.changes()).isEmpty();
        assertThat(stop.isBroken()).isFalse();
        assertThat(stop.damage()).contains(words);
        Map<Long, Page> pages = cursors.next(Map.of(room, 0L, healthy, 0L), 10_000);
        assertThat(seqs(pages.get(room))).containsExactly(1L, 2L, 3L);
        assertThat(seqs(pages.get(healthy))).containsExactly(1L, 2L);
        pages = cursors.next(Map.of(room, 3L, healthy, 1L), 10_000);
        assertThat(pages.get(room).changes()).isEmpty();
        assertThat(pages.get(room).isBroken()).isFalse();
        assertThat(pages.get(room).damage()).contains(words);
        assertThat(seqs(pages.get(healthy))).containsExactly(2L);
        ChangeLog.Base base = changes.base(room, 5);
        assertThat(base.seq()).isEqualTo(3);
        assertThat(base.rows()).hasSize(3);
        assertThat(base.damage()).contains(words);
        assertThat(changes.base(room, 3).damage()).isNull();
        assertThatThrownBy(() -> Histories.at(changes, "a", room, 5, 1_000)).isInstanceOf(RoomDamaged.class);
        assertThat(Histories.atEnd(changes, "a", room, 1_000).known()).isEqualTo(3);

        assertThat(Repairs.room(db.jdbi(), room)).isPresent();
        assertThat(changes.read(room, 3, Long.MAX_VALUE, 10_000)).isEqualTo(new Page(List.of(), 7, true));
        assertThat(cursors.next(Map.of(room, 3L), 10_000).get(room)).isEqualTo(new Page(List.of(), 7, true));
        assertThat(changes.base(room, Long.MAX_VALUE).seq()).isEqualTo(7);
        append(room, 1);
        assertThat(seqs(changes.read(room, 7, Long.MAX_VALUE, 10_000))).containsExactly(8L);
    }

    @Test
    void aDamagedSnapshot_isNotToldEither_whereItsRowsAreGone() throws InterruptedException {
        ChangeLog changes = storage().changes();
        long room = room("a");
        append(room, 3);
        assertThat(log().compact("a")).isTrue();
        append(room, 1);
        execute("UPDATE room_snapshots SET state = ? WHERE room_id = ?", new byte[] {1, 2, 3}, room);
        assertThat(changes.base(room, 4).rows()).hasSize(4);
        assertThat(changes.base(room, 4).damage()).isNull();
        execute("DELETE FROM room_log WHERE room_id = ? AND seq <= 3", room);
        assertThat(changes.base(room, 4).damage()).contains("snapshot");
        assertThatThrownBy(() -> Histories.atEnd(changes, "a", room, 1_000)).isInstanceOf(RoomDamaged.class);
        assertThat(seqs(changes.read(room, 3, Long.MAX_VALUE, 10_000))).containsExactly(4L);
    }

    /** The twin: without the checksum, what was changed is taken for what was written. */
    @Test
    void twin_withoutItsChecksum_aChangedLetterIsTold() {
        ChangeLog changes = storage().changes();
        long room = room("a");
        append(room, 1);
        byte[] row = changes.read(room, 0, 1, 1).changes().get(0).payload();
        for (int i = 0; i < row.length; i++) {
            row[i] = row[i] == '7' ? (byte) 'y' : row[i];
        }
        execute("UPDATE room_log SET payload = ? WHERE room_id = ?", row, room);
        assertThat(changes.read(room, 0, 1, 1).changes()).isEmpty();
        execute("UPDATE room_log SET checksum = NULL WHERE room_id = ?", room);
        assertThat(changes.read(room, 0, 1, 1).changes()).hasSize(1);
    }
}
