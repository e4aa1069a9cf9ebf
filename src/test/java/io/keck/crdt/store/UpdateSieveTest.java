package io.keck.crdt.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.crdt.Allocations;
import io.keck.crdt.Doc;
import io.keck.testing.Seeds;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What of an update can be taken without what is left out. */
class UpdateSieveTest {
    private static final int FOREIGN = 1;

    private record Rule(StructStore document, Set<Long> foreign) implements UpdateSieve.Judge {
        @Override
        public int group(long client) {
            return foreign.contains(client) ? FOREIGN : UpdateSieve.TAKEN;
        }

        @Override
        public boolean has(long client, long clock) {
            return UpdateSieve.has(document, client, clock);
        }
    }

    private static StructStore store(byte[]... updates) {
        StructStore store = new StructStore(true);
        for (byte[] update : updates) {
            store.apply(Update.decode(update));
        }
        return store;
    }

    private static void edit(Random random, Doc doc) {
        int length = doc.getText("t").length();
        switch (random.nextInt(5)) {
            case 0 -> {
                if (length > 2) {
                    doc.getText("t").delete(random.nextInt(length - 1), 1);
                }
            }
            case 1 -> doc.getMap("m").set("k" + random.nextInt(3), random.nextInt());
            default -> doc.getText("t").insert(random.nextInt(length + 1), "ab");
        }
    }

    @Test
    void randomUpdates_areSeparatedSoThatWhatIsTakenIsComplete_andNothingIsLost() {
        Random random = new Random(Seeds.next("UpdateSieveTest"));
        int separated = 0;
        for (int round = 0; round < 300; round++) {
            Doc[] docs = {new Doc(), new Doc(), new Doc(), new Doc()};
            StructStore base = new StructStore(true);
            for (int step = 0; step < 30; step++) {
                Doc doc = docs[random.nextInt(docs.length)];
                edit(random, doc);
                if (random.nextInt(3) == 0) {
                    docs[random.nextInt(docs.length)].applyUpdate(doc.encodeStateAsUpdate());
                }
                if (step == 10) {
                    for (Doc every : docs) {
                        base.apply(Update.decode(every.encodeStateAsUpdate()));
                    }
                }
            }
            StructStore whole = new StructStore(true);
            for (Doc doc : docs) {
                whole.apply(Update.decode(doc.encodeStateAsUpdate()));
            }
            Update news = base.reduce(Update.decode(whole.encode()));
            Rule rule = new Rule(base, Set.of(docs[0].clientId()));
            Map<Integer, Update> parts = UpdateSieve.separate(news, rule);
            separated += parts.size() == 3 ? 1 : 0;
            boolean takesAll = new UpdateSieve().takesAll(news, rule);
            assertThat(!takesAll || parts.keySet().equals(Set.of(UpdateSieve.TAKEN)) || parts.isEmpty())
                    .isTrue();

            StructStore taken = store(base.encode());
            StructStore all = store(base.encode());
            parts.forEach((group, part) -> {
                all.apply(part);
                if (group == UpdateSieve.TAKEN) {
                    taken.apply(part);
                    assertThat(part.clients()).doesNotContain(docs[0].clientId());
                } else if (group == FOREIGN) {
                    assertThat(part.clients()).containsExactly(docs[0].clientId());
                }
            });
            assertThat(Completeness.of(Update.decode(taken.encode())).waitingStructs())
                    .as("what is taken needs nothing that is left out")
                    .isZero();
            assertThat(all.reduce(Update.decode(whole.encode())).isEmpty())
                    .as("nothing is lost")
                    .isTrue();
            assertThat(news.structCount()).isEqualTo(groupsByHand(news, rule, parts));
        }
        assertThat(separated).as("updates with all three groups").isGreaterThan(50);
    }

    /** Finds the groups in as many rounds as it takes, and compares. How many structs there are. */
    private static int groupsByHand(Update news, Rule rule, Map<Integer, Update> parts) {
        StructRows rows = news.rows();
        List<Integer> open = new ArrayList<>();
        for (int row = 0; row < rows.count(); row++) {
            if (rule.group(rows.client(row)) == UpdateSieve.TAKEN) {
                open.add(row);
            }
        }
        StructStore known = store(rule.document.encode());
        boolean isMore = true;
        while (isMore) {
            isMore = open.removeIf(row -> {
                boolean isReady =
                        (rows.clock(row) == 0 || UpdateSieve.has(known, rows.client(row), rows.clock(row) - 1))
                                && (rows.originClient(row) < 0
                                        || UpdateSieve.has(known, rows.originClient(row), rows.originClock(row)))
                                && (rows.rightClient(row) < 0
                                        || UpdateSieve.has(known, rows.rightClient(row), rows.rightClock(row)));
                if (isReady) {
                    ClientStructs structs = known.client(rows.client(row));
                    StructReader reader = new StructReader();
                    reader.structs(news);
                    while (reader.next()) {
                        if (reader.client == rows.client(row) && reader.clock == rows.clock(row)) {
                            known.insert(structs, reader, reader.clock, reader.end);
                        }
                    }
                }
                return isReady;
            });
        }
        Update waiting = parts.getOrDefault(UpdateSieve.WAITING, Update.EMPTY);
        long clocks = 0;
        for (int row : open) {
            clocks += rows.length(row);
            assertThat(UpdateSieve.has(store(waiting.encode()), rows.client(row), rows.clock(row)))
                    .isTrue();
        }
        StructRows left = waiting.rows();
        for (int row = 0; row < left.count(); row++) {
            clocks -= left.length(row);
        }
        assertThat(clocks).as("exactly what has to wait waits").isZero();
        return rows.count();
    }

    @Test
    void laterClocksOfAClient_waitBehindAGap_andDeletionsStayWithWhatTheyDelete() {
        Doc author = new Doc();
        author.getText("t").insert(0, "one");
        byte[] first = author.encodeStateAsUpdate();
        author.getText("t").insert(3, "two");
        Doc editor = new Doc();
        editor.applyUpdate(author.encodeStateAsUpdate());
        editor.getText("t").delete(1, 1);
        editor.getText("t").delete(4, 1);
        editor.getText("t").insert(0, "zero");
        StructStore base = store(first);
        Update news = base.reduce(Update.decode(editor.encodeStateAsUpdate()));
        Map<Integer, Update> parts = UpdateSieve.separate(news, new Rule(base, Set.of(author.clientId())));

        assertThat(parts.keySet()).containsExactlyInAnyOrder(UpdateSieve.TAKEN, FOREIGN);
        assertThat(parts.get(UpdateSieve.TAKEN).deleteCount()).isEqualTo(1);
        assertThat(parts.get(FOREIGN).deleteCount()).isEqualTo(1);
        Doc reader = new Doc();
        reader.applyUpdate(first);
        reader.applyUpdate(parts.get(UpdateSieve.TAKEN).encode());
        assertThat(reader.getText("t").toString()).isEqualTo("zerooe");
        reader.applyUpdate(parts.get(FOREIGN).encode());
        assertThat(reader.getText("t").toString()).isEqualTo(editor.getText("t").toString());
    }

    @Test
    void typing_isTakenWithoutAllocation() {
        Doc author = new Doc();
        List<Update> typed = new ArrayList<>();
        author.onUpdate((update, transaction) -> typed.add(Update.decode(update)));
        for (int i = 0; i < 1_000; i++) {
            author.getText("t").insert(i, "x");
        }
        StructStore base = new StructStore();
        base.apply(typed.get(0));
        UpdateSieve sieve = new UpdateSieve();
        Rule rule = new Rule(store(author.encodeStateAsUpdate()), Set.of());
        Runnable look = () -> typed.forEach(update -> assertTaken(sieve.takesAll(update, rule)));
        for (int i = 0; i < 20; i++) {
            look.run();
        }
        assertThat(Allocations.of(look) / typed.size()).isLessThan(32);
    }

    private static void assertTaken(boolean taken) {
        if (!taken) {
            throw new AssertionError("typing has to wait");
        }
    }
}
