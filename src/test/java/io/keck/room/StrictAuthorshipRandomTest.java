package io.keck.room;

import static io.keck.room.World.ROOM;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.access.Author;
import io.keck.access.Origin;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.protocol.Message;
import io.keck.room.HeldUpdates.Entry;
import io.keck.room.HeldUpdates.Limits;
import io.keck.testing.Seeds;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Random edits of several principals, of which some relay each other, change under a document, are offline and leave: nothing
 * is applied that another principal brought, and nothing is lost.
 */
class StrictAuthorshipRandomTest {
    private static final List<Author> PEOPLE = List.of(
            new Author("alice", Origin.SOCKET, Map.of()),
            new Author("bob", Origin.SOCKET, Map.of()),
            new Author("carol", Origin.SOCKET, Map.of()));

    /** One run of one seed. */
    private static final class Run {
        private final Random random;
        private final StrictWorld strict;
        private final List<FakeClient> tabs = new ArrayList<>();
        private final StructStore written = new StructStore();
        private final Map<Long, Long> clocks = new HashMap<>();

        Run(long seed, Safeguards safeguards) {
            random = new Random(seed);
            strict = new StrictWorld(safeguards, Limits.DEFAULT, true);
        }

        void go() {
            for (int i = 0; i < 4; i++) {
                tabs.add(strict.by(PEOPLE.get(random.nextInt(PEOPLE.size()))));
            }
            for (int step = 0; step < 80; step++) {
                step(tabs.get(random.nextInt(tabs.size())));
                if (random.nextInt(4) == 0) {
                    strict.world.settle();
                }
                if (random.nextInt(6) == 0) {
                    strict.world.pass(1_000);
                }
                if (random.nextInt(20) == 0) {
                    strict.world.rooms.lookAtHeld();
                }
            }
            tabs.forEach(tab -> {
                if (random.nextBoolean() && !tab.isConnected()) {
                    strict.connect(tab, PEOPLE.get(random.nextInt(PEOPLE.size())));
                }
            });
            strict.rest();
            sent();
            tabs.forEach(FakeClient::disconnect);
            strict.rest();
        }

        private void step(FakeClient tab) {
            switch (random.nextInt(8)) {
                case 0 -> {
                    if (tab.isConnected()) {
                        tab.disconnect();
                    } else {
                        strict.connect(tab, random.nextInt(3) == 0 ? anybody() : tab.author);
                    }
                }
                case 1 -> relay(tab, tabs.get(random.nextInt(tabs.size())));
                case 2 -> writeAfterAnother(tab);
                case 3 -> delete(tab);
                default -> write(tab, FakeClient.text(tab.id, clock(tab), "x"));
            }
        }

        private Author anybody() {
            return PEOPLE.get(random.nextInt(PEOPLE.size()));
        }

        private long clock(FakeClient tab) {
            return clocks.getOrDefault(tab.id, 0L);
        }

        private void write(FakeClient tab, byte[] update) {
            clocks.merge(tab.id, 1L, Long::sum);
            written.apply(Update.decode(update));
            tab.replica.apply(Update.decode(update));
            if (tab.isConnected()) {
                tab.send(Message.update(update));
            }
        }

        private void writeAfterAnother(FakeClient tab) {
            FakeClient other = tabs.get(random.nextInt(tabs.size()));
            long known = tab.replica.clock(other.id);
            if (known > 0 && other != tab) {
                write(tab, StrictWorld.after(tab.id, clock(tab), other.id, random.nextLong(known), "y"));
            }
        }

        private void delete(FakeClient tab) {
            FakeClient other = tabs.get(random.nextInt(tabs.size()));
            long known = tab.replica.clock(other.id);
            if (known > 0) {
                byte[] update = FakeClient.deletion(other.id, random.nextLong(known), 1);
                written.apply(Update.decode(update));
                tab.replica.apply(Update.decode(update));
                if (tab.isConnected()) {
                    tab.send(Message.update(update));
                }
            }
        }

        /** Two tabs of a browser tell each other all that they have, without the server. */
        private void relay(FakeClient from, FakeClient to) {
            Update all = Update.decode(from.replica.encode());
            to.replica.apply(all);
            if (to.isConnected() && random.nextBoolean()) {
                to.send(Message.update(all.encode()));
            }
        }

        /** Everybody who is there sends all that it has, as an answer to the server's step 1. */
        private void sent() {
            for (FakeClient tab : tabs) {
                if (!tab.isConnected()) {
                    strict.connect(tab, tab.author);
                }
                tab.send(Message.step2(tab.replica.encode()));
                strict.world.settle();
            }
            strict.rest();
        }

        /** No row holds what somebody brought under the client id of somebody else. */
        void assertNothingForeignIsApplied() {
            Map<Long, String> owners = new HashMap<>();
            List<UpdateLog.Row> rows = strict.world.log.history(ROOM);
            List<Author> authors = strict.world.log.authors(ROOM);
            for (int i = 0; i < rows.size(); i++) {
                Author author = authors.get(i);
                for (long client : Update.decode(rows.get(i).payload()).clients()) {
                    String owner = owners.computeIfAbsent(client, id -> author.principal());
                    if (!author.attributes().containsKey(Author.TAKEN_IN_BY)) {
                        assertThat(author.principal())
                                .as("row %d brings content of client %d", i + 1, client)
                                .isEqualTo(owner);
                    }
                }
            }
        }

        /** Everything that was ever written is in the document or kept. */
        void assertNothingIsLost() {
            StructStore kept = new StructStore(true);
            kept.apply(Update.decode(strict.world.saved().encode()));
            strict.waiting().forEach(entry -> kept.apply(entry.payload(), DecodeLimits.OWN));
            Update lost = kept.reduce(Update.decode(written.encode()));
            assertThat(lost.isEmpty()).as("lost: %s", lost).isTrue();
        }

        /** An administrator takes everything in, in as many rounds as it takes. */
        void takeAllIn() {
            for (int round = 0; round < 20 && !strict.waiting().isEmpty(); round++) {
                for (Entry entry : strict.waiting()) {
                    strict.takeIn(entry, "admin");
                }
                strict.rest();
            }
            assertThat(strict.waiting()).isEmpty();
            World.assertSame(strict.world.saved(), written, "what was taken in");
        }
    }

    private static void check(long seed, Safeguards safeguards) {
        Run run = new Run(seed, safeguards);
        run.go();
        run.assertNothingForeignIsApplied();
        run.assertNothingIsLost();
        run.takeAllIn();
    }

    @Test
    void randomEdits() {
        long seed = Seeds.next("StrictAuthorshipRandomTest");
        int held = 0;
        for (int i = 0; i < 100; i++) {
            Run run = new Run(seed + i, Safeguards.ON);
            run.go();
            try {
                run.assertNothingForeignIsApplied();
                run.assertNothingIsLost();
                held += run.strict.waiting().size();
                run.takeAllIn();
            } catch (AssertionError e) {
                throw new AssertionError("seed " + (seed + i), e);
            }
        }
        assertThat(held).as("entries that wait").isGreaterThan(50);
    }

    private static void checkMany(Safeguards safeguards) {
        long seed = Seeds.next("StrictAuthorshipRandomTest, twin");
        for (int i = 0; i < 10; i++) {
            check(seed + i, safeguards);
        }
    }

    @Test
    void twin_withoutTheCheck_foreignStructsAreApplied() {
        assertThatThrownBy(() -> checkMany(new Safeguards() {
                    @Override
                    public boolean holdsForeignStructs() {
                        return false;
                    }
                }))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("brings content of client");
    }

    @Test
    void twin_thatForgetsWhatIsHeld_losesIt() {
        assertThatThrownBy(() -> checkMany(new Safeguards() {
                    @Override
                    public boolean keepsHeldUpdates() {
                        return false;
                    }
                }))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("lost:");
    }
}
