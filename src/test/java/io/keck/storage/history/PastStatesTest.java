package io.keck.storage.history;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.keck.access.Author;
import io.keck.crdt.YjsOracle;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.feed.Authorship;
import io.keck.history.PastStates;
import io.keck.history.PastStates.Past;
import io.keck.room.UpdateLog;
import io.keck.storage.Storage;
import io.keck.testing.FreshDatabase;
import io.keck.testing.Grants;
import io.keck.testing.Seeds;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Random histories of real Yjs, written by several principals into a real log that is folded now and then: at any row the state is
 * what real Yjs makes of the rows up to there, and every character is that of who brought it first.
 */
class PastStatesTest {
    @RegisterExtension
    final FreshDatabase db = FreshDatabase.sqlite();

    private static int histories() {
        return Boolean.getBoolean("keck.campaign") ? 200 : 4;
    }

    private static final String[] PEOPLE = {"ann", "bob", "cleo"};

    @Test
    void atAnyRow_itIsWhatYjsMakesOfTheRowsUpToThere() throws Exception {
        long first = Seeds.next("PastStatesTest") & 0x7fff_ffffL;
        Storage storage = db.storage();
        PastStates states = new PastStates(storage.history());
        try (YjsOracle yjs = YjsOracle.open()) {
            for (int i = 0; i < histories(); i++) {
                check(yjs, storage, states, first + i);
            }
        }
    }

    private void check(YjsOracle yjs, Storage storage, PastStates states, long seed) {
        Random random = new Random(seed);
        String name = "room " + seed;
        long room = storage.log().open(name).toCompletableFuture().join().roomId();
        yjs.session(seed, 3, 80, seed % 2 == 0);
        YjsOracle.Answers session = yjs.ask();
        List<byte[]> rows = new ArrayList<>();
        List<Author> authors = new ArrayList<>();
        StructStore store = new StructStore();
        long link = 1;
        for (JsonNode index : session.get(0).get("updates")) {
            // as a room does: only what is new becomes a row
            Update update = store.reduce(Update.decode(session.blob(index)));
            if (update.isEmpty()) {
                continue;
            }
            store.apply(update);
            Author author = Author.bySocket(Grants.of(PEOPLE[random.nextInt(PEOPLE.length)], name));
            rows.add(update.encode());
            authors.add(author);
            db.clock().now += 1_000;
            storage.log()
                    .append(room, new UpdateLog.Entry(UUID.randomUUID(), ++link, update.encode(), author), false, null)
                    .toCompletableFuture()
                    .join();
        }
        JsonNode roots = session.get(0).get("roots");
        List<Integer> moments = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            moments.add(1 + random.nextInt(rows.size()));
        }
        for (int seq : moments) {
            Past past = states.at(room, seq, bytes -> {});
            yjs.apply(true, roots, rows.subList(0, seq));
            yjs.apply(true, roots, past.update());
            YjsOracle.Answers answers = yjs.ask();
            assertThat(answers.get(1).get("deep"))
                    .as("seed %d, row %d", seed, seq)
                    .isEqualTo(answers.get(0).get("deep"));
            assertThat(answers.get(1).get("svJson")).isEqualTo(answers.get(0).get("svJson"));
            assertThat(answers.get(1).get("ds")).isEqualTo(answers.get(0).get("ds"));
            checkAuthors(past.authors(), rows.subList(0, seq), authors, "seed " + seed + ", row " + seq);
        }
    }

    /** Each clock is that of the first row that has it, found without ranges. */
    private static void checkAuthors(Authorship<Author> known, List<byte[]> rows, List<Author> authors, String what) {
        StructStore seen = new StructStore();
        for (int i = 0; i < rows.size(); i++) {
            Author author = authors.get(i);
            Update added = seen.reduce(Update.decode(rows.get(i), DecodeLimits.OWN));
            seen.apply(added);
            for (int row = 0; row < added.rows().count(); row++) {
                long client = added.rows().client(row);
                for (long clock = added.rows().clock(row); clock < added.rows().end(row); clock++) {
                    Authorship.Mark<Author> mark = known.writer(client, clock).mark();
                    assertThat(mark == null ? null : mark.author()).as(what).isEqualTo(author);
                }
            }
        }
    }
}
