package io.keck.storage.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.access.Author;
import io.keck.crdt.Doc;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.Update;
import io.keck.failure.HistoryGone;
import io.keck.failure.RoomGone;
import io.keck.failure.RoomLost;
import io.keck.feed.ChangeLog;
import io.keck.history.DocumentVersions;
import io.keck.history.DocumentVersions.Refusal;
import io.keck.history.DocumentVersions.Version;
import io.keck.history.DocumentVersions.Wanted;
import io.keck.history.HistoryReader;
import io.keck.history.HistoryReader.Session;
import io.keck.room.UpdateLog;
import io.keck.storage.Storage;
import io.keck.testing.FreshDatabase;
import io.keck.testing.Grants;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a storage promises to those who read history. */
abstract class HistoryContract {
    private static final long MINUTE = 60_000;

    @RegisterExtension
    final FreshDatabase db;

    private final Doc editor = new Doc();
    private Storage storage;
    private HistoryReader history;
    private DocumentVersions versions;
    private long room;

    HistoryContract(FreshDatabase db) {
        this.db = db;
    }

    @BeforeEach
    void open() {
        storage = db.storage();
        history = storage.history();
        versions = storage.versions();
        room = storage.log().open("room").toCompletableFuture().join().roomId();
    }

    /** Appends a row that inserts a text at the beginning, a second after the row before. */
    private void append(String text, @Nullable Author author) {
        byte[][] row = new byte[1][];
        try (var listening = editor.onUpdate((update, transaction) -> row[0] = update)) {
            editor.getText("t").insert(0, text);
        }
        db.clock().now += 1_000;
        long link = 1 + editor.getText("t").length();
        storage.log()
                .append(room, new UpdateLog.Entry(UUID.randomUUID(), link, row[0], author), false, null)
                .toCompletableFuture()
                .join();
    }

    private String textAt(long seq) {
        HistoryReader.Checkpoint base = history.base(room, seq);
        Doc doc = new Doc();
        if (base.state() != null) {
            doc.applyUpdate(Update.decode(base.state(), DecodeLimits.OWN), null);
        }
        rows(base.seq(), seq).forEach(row -> doc.applyUpdate(Update.decode(row.payload(), DecodeLimits.OWN), null));
        return doc.getText("t").toString();
    }

    private List<ChangeLog.Change> rows(long after, long upTo) {
        List<ChangeLog.Change> all = new ArrayList<>();
        for (long at = after; at < upTo; at = all.get(all.size() - 1).seq()) {
            ChangeLog.Page page = history.rows(room, at, upTo, 1_000);
            assertThat(page.isBroken()).isFalse();
            assertThat(page.damage()).isNull();
            assertThat(page.changes()).isNotEmpty();
            all.addAll(page.changes());
        }
        return all;
    }

    @Test
    void everyRow_isKnownWithItsTimeAndAuthor() {
        long created = db.clock().now;
        Author ann = Author.bySocket(Grants.of("ann", "room"));
        append("one ", ann);
        append("two ", null);
        HistoryReader.Range range = history.range(room);
        assertThat(range).isEqualTo(new HistoryReader.Range(0, created, 2, created + 2_000));
        assertThat(textAt(0)).isEmpty();
        assertThat(textAt(1)).isEqualTo("one ");
        assertThat(textAt(2)).isEqualTo("two one ");
        assertThat(rows(0, 2)).extracting(ChangeLog.Change::author).containsExactly(ann, null);
        assertThat(rows(0, 2)).extracting(ChangeLog.Change::at).containsExactly(created + 1_000, created + 2_000);
    }

    @Test
    void seqAt_isTheLastRowAtOrBefore() {
        long created = db.clock().now;
        for (int i = 0; i < 10; i++) {
            append("x", null);
        }
        assertThat(history.seqAt(room, created - 1)).isZero();
        assertThat(history.seqAt(room, created + 999)).isZero();
        for (int i = 1; i <= 10; i++) {
            assertThat(history.seqAt(room, created + 1_000 * i)).isEqualTo(i);
            assertThat(history.seqAt(room, created + 1_000 * i + 999)).isEqualTo(i);
        }
        assertThat(history.seqAt(room, Long.MAX_VALUE)).isEqualTo(10);
    }

    @Test
    void unknownAndDeletedRooms_areNamed() {
        assertThatThrownBy(() -> history.range(4711)).isInstanceOf(RoomLost.class);
        append("x", null);
        db.get().deleteRoom("room");
        assertThatThrownBy(() -> history.range(room)).isInstanceOf(RoomGone.class);
        assertThatThrownBy(() -> history.base(room, 1)).isInstanceOf(RoomGone.class);
        assertThatThrownBy(() -> history.activity(room, Long.MAX_VALUE, 10, null))
                .isInstanceOf(RoomGone.class);
    }

    @Test
    void sessions_endWithAPause_andAreOfOneAuthor() {
        Author ann = Author.bySocket(Grants.of("ann", "room"));
        Author bob = Author.bySocket(Grants.of("bob", "room"));
        append("a", ann);
        append("b", bob);
        append("a", ann);
        db.clock().now += 20 * MINUTE;
        append("a", ann);
        append("?", null);
        List<Session> all = history.activity(room, Long.MAX_VALUE, 10, null);
        assertThat(all).extracting(Session::last).containsExactly(5L, 4L, 3L, 2L);
        assertThat(all).extracting(Session::first).containsExactly(5L, 4L, 1L, 2L);
        assertThat(all).extracting(Session::rows).containsExactly(1L, 1L, 2L, 1L);
        assertThat(all).extracting(Session::author).containsExactly(null, ann, ann, bob);
        assertThat(history.activity(room, 5, 2, null)).isEqualTo(all.subList(1, 3));
        assertThat(history.activity(room, Long.MAX_VALUE, 10, "ann"))
                .extracting(Session::last)
                .containsExactly(4L, 3L);
        assertThat(history.activity(room, Long.MAX_VALUE, 10, "nobody")).isEmpty();
    }

    @Test
    void versions_areListedNewestFirst_andLabelsAreUnique() {
        for (int i = 0; i < 5; i++) {
            append("x", null);
        }
        Version first = made(new Wanted(2, "first", true, false, "ann"));
        Version automatic = made(new Wanted(4, "", false, true, "system"));
        Version second = made(new Wanted(4, "", false, false, "ann"));
        assertThat(versions.create(room, new Wanted(5, "first", false, false, "bob"))
                        .refusal())
                .isEqualTo(Refusal.LABEL_TAKEN);
        assertThat(versions.list(room, null, 10)).containsExactlyInAnyOrder(second, automatic, first);
        assertThat(versions.list(room, null, 10).get(2)).isEqualTo(first);
        List<Version> page = versions.list(room, null, 1);
        List<Version> rest = versions.list(room, page.get(0), 10);
        assertThat(rest).hasSize(2).doesNotContain(page.get(0));
        assertThat(versions.labelled(room, "first")).contains(first);
        assertThat(versions.labelled(room, "")).isEmpty();
        assertThat(versions.find(room, second.id())).contains(second);
        assertThat(versions.pin(room, second.id(), true)).isTrue();
        assertThat(versions.find(room, second.id()))
                .get()
                .extracting(Version::isPinned)
                .isEqualTo(true);
        assertThat(versions.delete(room, first.id())).isTrue();
        assertThat(versions.delete(room, first.id())).isFalse();
        assertThatThrownBy(() -> versions.create(room, new Wanted(6, "", false, false, "ann")))
                .isInstanceOf(HistoryGone.class);
    }

    private Version made(Wanted wanted) {
        Version version = versions.create(room, wanted).version();
        assertThat(version).isNotNull();
        return version;
    }

    @Test
    void versions_haveABound() {
        append("x", null);
        DocumentVersions few = new JdbiVersions(storage.database(), 2);
        for (int i = 0; i < 2; i++) {
            assertThat(few.create(room, new Wanted(1, "", false, false, "ann")).refusal())
                    .isNull();
            assertThat(few.create(room, new Wanted(1, "auto " + i, false, true, "system"))
                            .refusal())
                    .isNull();
        }
        assertThat(few.create(room, new Wanted(1, "", false, false, "ann")).refusal())
                .isEqualTo(Refusal.TOO_MANY);
        assertThat(few.create(room, new Wanted(1, "auto 2", false, true, "system"))
                        .refusal())
                .isNull();
        assertThat(few.list(room, null, 10)).filteredOn(Version::isAutomatic).hasSize(2);
        assertThat(few.labelled(room, "auto 2")).isPresent();
    }
}
