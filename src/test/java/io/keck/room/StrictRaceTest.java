package io.keck.room;

import static io.keck.room.StrictWorld.ALICE;
import static io.keck.room.StrictWorld.BOB;
import static io.keck.room.StrictWorld.CAROL;
import static io.keck.room.World.ROOM;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.access.Author;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.protocol.Message;
import io.keck.room.HeldUpdates.Entry;
import io.keck.room.HeldUpdates.State;
import io.keck.testing.Seeds;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Two principals use a new client id for the first time, on two nodes and at the same moment, with authorship strict. */
class StrictRaceTest {
    /** The client id of a tab that both principals use. */
    private static final long TAB = 7_000;

    private StrictWorld.Nodes nodes = new StrictWorld.Nodes(2, 1, Safeguards.ON);

    private StrictWorld node(int number) {
        return nodes.all.get(number - 1);
    }

    /** Has the second node try to commit something that it judged before it could know of what the first one commits. */
    private void race(FakeClient first, byte[] update, FakeClient second, byte[] other) {
        node(2).world.way.holding = true;
        first.replica.apply(Update.decode(update));
        second.replica.apply(Update.decode(other));
        first.send(Message.update(update));
        second.send(Message.update(other));
        node(2).world.settle(); // judged, and on its way to the log
        assertThat(node(2).world.way.heldBack()).isEqualTo(1);
        node(1).world.settle();
        assertThat(nodes.log.head(ROOM)).isEqualTo(1);
        node(2).world.way.holding = false;
        node(2).world.way.releaseAll();
        nodes.settle();
    }

    private void raceOfTwo() {
        FakeClient alice = node(1).by(ALICE);
        FakeClient bob = node(2).by(BOB);
        byte[] hers = FakeClient.text(TAB, 0, "hers");
        byte[] both = FakeClient.text(TAB, 0, "hers, his");
        race(alice, hers, bob, both);
        nodes.rest();

        assertThat(nodes.log.authors(ROOM)).containsExactly(ALICE);
        assertThat(node(1).hasSaved(hers)).isTrue();
        assertThat(node(1).hasSaved(both)).isFalse();
        assertThat(StrictWorld.told(bob)).contains(HeldBack.KEPT);
        assertThat(bob.isSaved()).as("nothing calls it saved").isFalse();
        assertThat(alice.isSaved()).isTrue();
        Entry entry = node(2).waiting().get(0);
        assertThat(entry.author()).isEqualTo(BOB);
        assertThat(entry.owner()).isEqualTo("alice");
        assertThat(StrictWorld.has(entry, both)).isTrue();

        assertThat(node(1).takeIn(entry, "alice").state()).isEqualTo(State.TAKEN);
        nodes.rest();
        assertThat(node(1).hasSaved(both)).isTrue();
        assertThat(node(1).waiting()).isEmpty();
    }

    @Test
    void firstRowInTheLog_decidesWhoOwnsTheId_andTheOtherContentIsHeld() {
        raceOfTwo();
    }

    @Test
    void twin_withoutClaims_bothAreApplied() {
        nodes = new StrictWorld.Nodes(2, 1, new Safeguards() {
            @Override
            public boolean claimsClientIds() {
                return false;
            }
        });
        assertThatThrownBy(this::raceOfTwo).isInstanceOf(AssertionError.class).hasMessageContaining("bob");
    }

    /** Content of others, of other ids, and content that builds on what is held, from one batch or from several. */
    @Test
    void whatWaitsBesideTheRefusedContent_isAppliedOrWaitsForIt() {
        FakeClient alice = node(1).by(ALICE);
        FakeClient bob = node(2).by(BOB);
        FakeClient carol = node(2).by(CAROL);
        byte[] hers = FakeClient.text(TAB, 0, "hers");
        byte[] his = FakeClient.text(TAB, 0, "hers, his");
        byte[] own = bob.type("own");
        byte[] onIt = StrictWorld.after(bob.id, 3, TAB, 8, "on it");
        byte[] ofCarol = FakeClient.text(carol.id, 0, "carol");
        byte[] carolOnBob = StrictWorld.after(carol.id, 5, bob.id, 2, "on his own");
        byte[] carolOnHeld = StrictWorld.after(carol.id, 15, TAB, 8, "on held");
        node(2).world.way.holding = true;
        alice.send(Message.update(hers));
        bob.send(Message.update(his));
        node(2).world.settle();
        bob.send(Message.update(onIt));
        carol.send(Message.update(ofCarol));
        carol.send(Message.update(carolOnBob));
        carol.send(Message.update(carolOnHeld));
        node(2).world.settle();
        node(1).world.settle();
        node(2).world.way.holding = false;
        node(2).world.way.releaseAll();
        nodes.rest();

        StrictWorld any = node(1);
        assertThat(any.hasSaved(hers) && any.hasSaved(own) && any.hasSaved(ofCarol) && any.hasSaved(carolOnBob))
                .isTrue();
        assertThat(any.hasSaved(his) || any.hasSaved(onIt) || any.hasSaved(carolOnHeld))
                .isFalse();
        assertThat(any.waiting()).extracting(Entry::owner).containsExactlyInAnyOrder("alice", "bob", "carol");
        for (int round = 0; round < 3; round++) {
            any.waiting().forEach(entry -> any.takeIn(entry, "alice"));
            nodes.rest();
        }
        assertThat(any.hasSaved(his) && any.hasSaved(onIt) && any.hasSaved(carolOnHeld))
                .isTrue();
        assertThat(any.waiting()).isEmpty();
    }

    @Test
    void contentOfTheOwnerThatAnotherOneRelayedMeanwhile_comesInWithTheOwner() {
        FakeClient alice = node(1).by(ALICE);
        FakeClient tab = node(2).by(ALICE);
        FakeClient bob = node(2).by(BOB);
        byte[] more = FakeClient.text(TAB, 0, "hers and more");
        tab.replica.apply(Update.decode(more));
        node(2).world.way.holding = true;
        alice.send(Message.update(FakeClient.text(TAB, 0, "hers")));
        bob.send(Message.update(more));
        node(2).world.settle();
        tab.send(Message.update(more)); // nothing new, while it waits in Bob's batch
        node(2).world.settle();
        node(1).world.settle();
        node(2).world.way.holding = false;
        node(2).world.way.releaseAll();
        nodes.rest();

        assertThat(node(1).hasSaved(more)).as("Alice's tab was asked again").isTrue();
        assertThat(tab.isSaved()).isTrue();
        assertThat(nodes.log.authors(ROOM)).containsOnly(ALICE);
        assertThat(node(1).waiting()).isEmpty();
    }

    @Test
    void contentThatTheSocketsHaveAlready_isAppliedNevertheless() {
        FakeClient alice = node(1).by(ALICE);
        FakeClient bob = node(2).by(BOB);
        FakeClient carol = node(2).by(CAROL);
        byte[] his = FakeClient.text(TAB, 0, "hers, his");
        node(2).world.way.holding = true;
        bob.send(Message.update(his));
        node(2).world.settle();
        node(2).world.pass(World.SMALL.saveTimeout() + 1);
        assertThat(carol.has(his)).as("unsaved").isTrue();
        nodes.bus.loseAll();
        alice.send(Message.update(FakeClient.text(TAB, 0, "hers")));
        node(1).world.settle();
        node(2).world.way.holding = false;
        node(2).world.way.releaseAll();
        nodes.rest();

        assertThat(node(1).hasSaved(his)).isTrue();
        assertThat(node(1).waiting()).isEmpty();
    }

    @Test
    void idsThatNobodyElseUses_costOneClaim_andOnlyWhereOthersWrite() {
        FakeClient alice = node(1).by(ALICE);
        alice.type("a");
        nodes.settle();
        alice.type("b");
        nodes.settle();
        assertThat(nodes.log.claims).isEqualTo(1);
        StrictWorld alone = new StrictWorld();
        alone.by(ALICE).type("a");
        alone.world.settle();
        assertThat(alone.world.log.claims).isZero();
    }

    /** Tabs of three principals at two nodes, which use each other's ids, while the log and the bus are slow. */
    private static final class Run {
        private final Random random;
        private final StrictWorld.Nodes nodes;
        private final List<FakeClient> tabs = new ArrayList<>();
        private final StructStore written = new StructStore();
        private final Map<Long, Long> clocks = new HashMap<>();

        Run(long seed, Safeguards safeguards) {
            random = new Random(seed);
            nodes = new StrictWorld.Nodes(2, seed, safeguards);
        }

        private StrictWorld any() {
            return nodes.all.get(random.nextInt(nodes.all.size()));
        }

        private void connect(FakeClient tab, Author author) {
            tab.author = author;
            tab.connect(any().world.rooms, ROOM);
        }

        void go() {
            List<Author> people = List.of(ALICE, BOB, CAROL);
            for (int i = 0; i < 5; i++) {
                tabs.add(any().by(people.get(random.nextInt(people.size()))));
            }
            for (int step = 0; step < 100; step++) {
                step(tabs.get(random.nextInt(tabs.size())), people.get(random.nextInt(people.size())));
                any().world.settle();
                if (random.nextInt(5) == 0) {
                    any().world.way.releaseAll();
                }
                nodes.bus.deliver(random.nextInt(3));
                any().world.way.holding = random.nextBoolean();
            }
            nodes.all.forEach(node -> {
                node.world.way.holding = false;
                node.world.way.releaseAll();
            });
            nodes.rest();
            for (FakeClient tab : tabs) {
                if (!tab.isConnected()) {
                    connect(tab, tab.author);
                    nodes.settle();
                }
                tab.send(Message.step2(tab.replica.encode()));
                nodes.settle();
            }
            nodes.rest();
            tabs.forEach(FakeClient::disconnect);
            nodes.rest();
        }

        private void step(FakeClient tab, Author author) {
            switch (random.nextInt(8)) {
                case 0 -> {
                    if (tab.isConnected()) {
                        tab.disconnect();
                    } else {
                        connect(tab, random.nextInt(3) == 0 ? author : tab.author);
                    }
                }
                case 1, 2 -> { // two tabs of a browser tell each other all that they have
                    FakeClient to = tabs.get(random.nextInt(tabs.size()));
                    Update all = Update.decode(tab.replica.encode());
                    to.replica.apply(all);
                    if (to.isConnected()) {
                        to.send(Message.update(all.encode()));
                    }
                }
                case 3 -> writeAfterAnother(tab, tabs.get(random.nextInt(tabs.size())));
                default -> write(tab, FakeClient.text(tab.id, clocks.getOrDefault(tab.id, 0L), "x"));
            }
        }

        private void writeAfterAnother(FakeClient tab, FakeClient other) {
            long known = tab.replica.clock(other.id);
            if (known > 0 && other != tab) {
                long clock = clocks.getOrDefault(tab.id, 0L);
                write(tab, StrictWorld.after(tab.id, clock, other.id, random.nextLong(known), "y"));
            }
        }

        private void write(FakeClient tab, byte[] update) {
            clocks.merge(tab.id, 1L, Long::sum);
            written.apply(Update.decode(update));
            tab.replica.apply(Update.decode(update));
            if (tab.isConnected() && random.nextInt(3) > 0) {
                tab.send(Message.update(update));
            }
        }

        /** No row brings content under an id that an earlier row of another principal has introduced. */
        void assertNothingForeignIsApplied() {
            Map<Long, String> owners = new HashMap<>();
            List<UpdateLog.Row> rows = nodes.log.history(ROOM);
            for (int i = 0; i < rows.size(); i++) {
                Author author = nodes.log.authors(ROOM).get(i);
                for (long client : Update.decode(rows.get(i).payload()).clients()) {
                    assertThat(author.principal())
                            .as("row %d brings content of client %d by %s", i + 1, client, nodes.log.authors(ROOM))
                            .isEqualTo(owners.computeIfAbsent(client, id -> author.principal()));
                }
            }
        }

        void assertNothingIsLost() {
            StructStore kept = new StructStore(true);
            kept.apply(Update.decode(nodes.log.replay(ROOM).encode()));
            nodes.all.get(0).waiting().forEach(entry -> kept.apply(entry.payload(), DecodeLimits.OWN));
            Update lost = kept.reduce(Update.decode(written.encode()));
            assertThat(lost.isEmpty()).as("lost: %s", lost).isTrue();
        }
    }

    private static int check(Safeguards safeguards, int runs) {
        long seed = Seeds.next("StrictRaceTest");
        int refused = 0;
        for (int i = 0; i < runs; i++) {
            Run run = new Run(seed + i, safeguards);
            try {
                run.go();
                run.assertNothingForeignIsApplied();
                run.assertNothingIsLost();
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("seed " + (seed + i) + ": " + e.getMessage(), e);
            }
            refused += run.nodes.log.refusedClaims;
        }
        return refused;
    }

    @Test
    void randomRaces_haveOneOwnerForEachId_andLoseNothing() {
        assertThat(check(Safeguards.ON, 100)).as("refused claims").isGreaterThan(20);
    }

    @Test
    void twin_randomRacesWithoutClaims_applyForeignContent() {
        assertThatThrownBy(() -> check(
                        new Safeguards() {
                            @Override
                            public boolean claimsClientIds() {
                                return false;
                            }
                        },
                        100))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("brings content of client");
    }
}
