package io.keck.storage.history;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.access.Author;
import io.keck.crdt.Doc;
import io.keck.crdt.YText;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.feed.ChangeLog;
import io.keck.history.DocumentVersions.Wanted;
import io.keck.history.HistoryReader;
import io.keck.room.UpdateLog;
import io.keck.storage.Storage;
import io.keck.testing.FreshDatabase;
import io.keck.testing.Grants;
import io.keck.testing.Seeds;
import io.keck.testing.TestDatabase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What a long history takes: bytes that segments and checkpoints write for each byte of updates, and, printed, how long answers
 * take. {@code -Dkeck.history.rows=1000000} for the long form.
 */
class HistoryGrowthTest {
    private static final int BATCH = 500;
    private static final int ROWS = Integer.getInteger("keck.history.rows", 20_000);

    @RegisterExtension
    final FreshDatabase db = FreshDatabase.sqlite();

    private final Random random = new Random(Seeds.next("HistoryGrowth"));
    private final List<UpdateLog.Entry> waiting = new ArrayList<>();
    private long room;
    private long bytes;

    private static byte[] edit(Doc doc, Runnable edit) {
        byte[][] row = new byte[1][];
        try (var listening = doc.onUpdate((update, transaction) -> row[0] = update)) {
            edit.run();
        }
        return row[0];
    }

    @Test
    void segmentsAndCheckpoints_writeAtMost1300BytesPer1000BytesOfUpdates() {
        Storage storage = db.reopen(
                TestDatabase.settings()
                        .withRetention(Duration.ofMillis(1))
                        .withSnapshots(Integer.MAX_VALUE, Long.MAX_VALUE),
                HistorySettings.DEFAULT);
        db.clock().now = 1_700_000_000_000L;
        room = storage.log().open("room").toCompletableFuture().join().roomId();
        HistoryReader history = storage.history();
        List<Author> authors = List.of(
                Author.bySocket(Grants.of("ann", "room")),
                Author.bySocket(Grants.of("bob", "room")),
                Author.bySocket(Grants.of("cid", "room")));
        Doc doc = new Doc();
        YText text = doc.getText("t");
        int cursor = 0;
        for (int i = 0; i < ROWS; i++) {
            int at = random.nextInt(40) == 0 ? random.nextInt(text.length() + 1) : Math.min(cursor, text.length());
            boolean deletes = at > 0 && random.nextInt(5) == 0;
            byte[] row = edit(doc, () -> {
                if (deletes) {
                    text.delete(at - 1, 1);
                } else {
                    text.insert(at, String.valueOf((char) ('a' + random.nextInt(26))));
                }
            });
            cursor = deletes ? at - 1 : at + 1;
            db.clock().now += 200 + random.nextInt(2_000);
            bytes += row.length;
            waiting.add(new UpdateLog.Entry(UUID.randomUUID(), 1 + i, row, authors.get(i / 100 % authors.size())));
            if (waiting.size() == BATCH) {
                storage.log()
                        .append(room, List.copyOf(waiting))
                        .toCompletableFuture()
                        .join();
                waiting.clear();
                if (i / BATCH % 4 == 3) {
                    storage.log().compact("room");
                }
            }
        }
        storage.log().compact("room");
        HistoryRooms.Room kept =
                db.jdbi().withHandle(h -> HistoryRooms.find(h, room)).orElseThrow();
        double share = (double) kept.written() / bytes;
        System.out.printf(
                "%d rows, %d bytes of updates; written %d (%.3f a byte) in %d segments and %d checkpoints; %d rows in the log%n",
                ROWS,
                bytes,
                kept.written(),
                share,
                db.get().count("history_segments"),
                db.get().count("history_checkpoints"),
                db.get().count("room_log"));
        assertThat(share).isLessThan(1.3);
        assertThat(kept.payload()).isEqualTo(bytes);
        for (int i = 0; i < 50; i++) {
            storage.versions().create(room, new Wanted(1 + random.nextInt(ROWS), "v" + i, false, false, "ann"));
        }
        measure("versions", 20, () -> storage.versions().list(room, null, 50));
        measure("activity", 20, () -> history.activity(room, Long.MAX_VALUE, 50, null));
        measure("activity of one", 20, () -> history.activity(room, ROWS / 2, 50, "bob"));
        measure("seqAt", 20, () -> history.seqAt(room, 1_700_000_000_000L + random.nextInt(ROWS) * 1_200L));
        measure("state", 20, () -> state(history, random.nextInt(ROWS)));
    }

    private StructStore state(HistoryReader history, long seq) {
        HistoryReader.Checkpoint base = history.base(room, seq);
        StructStore store = new StructStore(true);
        byte[] state = base.state();
        if (state != null) {
            store.apply(state, DecodeLimits.OWN);
        }
        long at = base.seq();
        while (at < seq) {
            for (ChangeLog.Change row : history.rows(room, at, seq, 8 << 20).changes()) {
                store.apply(Update.decode(row.payload(), DecodeLimits.OWN));
                at = row.seq();
            }
        }
        return store;
    }

    private static void measure(String what, int times, Runnable call) {
        double[] millis = new double[times];
        for (int i = 0; i < times; i++) {
            long began = System.nanoTime();
            call.run();
            millis[i] = (System.nanoTime() - began) / 1e6;
        }
        Arrays.sort(millis);
        System.out.printf("%s: median %.1f ms, largest %.1f ms%n", what, millis[times / 2], millis[times - 1]);
    }
}
