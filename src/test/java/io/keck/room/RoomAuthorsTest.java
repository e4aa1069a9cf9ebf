package io.keck.room;

import static io.keck.room.World.ROOM;
import static org.assertj.core.api.Assertions.assertThat;

import io.keck.access.Author;
import io.keck.access.Origin;
import io.keck.access.Right;
import io.keck.crdt.store.Update;
import io.keck.protocol.Message;
import io.keck.room.FlakyLog.Outcome;
import io.keck.testing.Grants;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whose the rows of a room are. */
class RoomAuthorsTest {
    private static final Author ALICE = new Author("alice", Origin.SOCKET, Map.of("org", "7"));
    private static final Author BOB = new Author("bob", Origin.SOCKET, Map.of());

    private static final RoomSettings LARGE_OVERLAY = RoomSettings.builder()
            .maxBacklog(1_000)
            .maxUnsaved(1 << 24)
            .document(DocumentLimits.NONE)
            .build();

    private World world = new World();

    private FakeClient by(Author author) {
        FakeClient client = world.client();
        client.author = author;
        client.connect(world.rooms, ROOM);
        world.settle();
        client.connection.forget();
        return client;
    }

    /** Lets updates wait behind a commit, so that they would make one batch. */
    private void duringACommit(FakeClient first, Runnable updates) {
        world.way.holding = true;
        first.type("first");
        world.settle();
        updates.run();
        world.way.holding = false;
        world.way.releaseAll();
        world.settle();
    }

    @Test
    void batch_isSplitByAuthor_andCommittedAndSentAsOne() {
        FakeClient a = by(ALICE);
        FakeClient b = by(BOB);
        FakeClient reader = by(BOB);
        duringACommit(a, () -> {
            for (FakeClient writer : List.of(a, a, b, b, a)) {
                writer.type("x");
                world.settle();
            }
        });

        assertThat(world.log.authors(ROOM)).containsExactly(ALICE, ALICE, BOB, ALICE);
        assertThat(world.log.together).as("transactions of several rows").isEqualTo(1);
        assertThat(world.way.calls).endsWith("append", "append 3");
        assertThat(reader.connection.kinds()).containsExactly("SyncUpdate", "SyncUpdate");
        world.assertAllEqualTheLog();
    }

    @Test
    void twin_withoutTheSplit_oneIsNamedForWhatAnotherWrote() {
        world = new World(World.SMALL, Rooms.Maker.with(new Safeguards() {
            @Override
            public boolean splitsByAuthor() {
                return false;
            }
        }));
        FakeClient a = by(ALICE);
        FakeClient b = by(BOB);
        duringACommit(a, () -> {
            a.type("a");
            b.type("b");
            world.settle();
        });

        assertThat(world.log.authors(ROOM)).containsExactly(ALICE, ALICE);
    }

    @Test
    void socketsOfOnePrincipal_shareTheirRows() {
        FakeClient tab = by(ALICE);
        FakeClient otherTab = by(new Author("alice", Origin.SOCKET, Map.of("org", "7")));
        duringACommit(tab, () -> {
            for (int i = 0; i < 10; i++) {
                tab.type("a");
                otherTab.type("b");
                world.settle();
            }
        });

        assertThat(world.log.authors(ROOM)).containsExactly(ALICE, ALICE);
        assertThat(world.log.together).isZero();
    }

    @Test
    void onlySenderOfWhatIsCommittedTogether_getsNoEcho() {
        FakeClient a = by(ALICE);
        FakeClient b = by(BOB);
        duringACommit(a, () -> {
            b.type("b");
            world.settle();
            a.type("a");
            world.settle();
        });

        assertThat(a.connection.kinds())
                .as("its own first row is not echoed, the rest came with that of others")
                .containsExactly("SyncUpdate");
        assertThat(b.connection.kinds()).containsExactly("SyncUpdate", "SyncUpdate");
        world.assertAllEqualTheLog();
    }

    @Test
    void slowMember_getsWhatWasCommittedTogether() {
        FakeClient a = by(ALICE);
        FakeClient b = by(BOB);
        FakeClient slow = by(BOB);
        duringACommit(a, () -> {
            slow.connection.slow = true;
            while (slow.connection.backlog() <= World.SMALL.maxBacklog()) {
                slow.connection.send(Message.update(new byte[] {0, 0}));
            }
            b.type("b");
            world.settle();
            a.type("a");
            world.settle();
        });
        slow.connection.forget();

        slow.connection.slow = false;
        slow.connection.drain(slow.seat);
        world.settle();

        world.assertAllEqualTheLog();
    }

    @ParameterizedTest
    @EnumSource(
            value = Outcome.class,
            names = {"FAIL", "UNKNOWN", "LATE"})
    void commitOfSeveral_thatFails_isMadeAgainOneByOne(Outcome how) {
        FakeClient a = by(ALICE);
        FakeClient b = by(BOB);
        world.way.holding = true;
        a.type("first");
        world.settle();
        a.type("a");
        world.settle();
        b.type("b");
        world.settle();
        world.way.holding = false;
        world.way.releaseAll();
        world.way.once(how);
        world.settle();
        assertThat(world.way.calls).endsWith("append 2");
        for (int i = 0; i < 10; i++) {
            world.pass(1_000);
        }
        world.way.releaseAll();
        world.settle();
        world.pass(5_000);

        assertThat(world.log.authors(ROOM)).startsWith(ALICE, ALICE, BOB);
        for (FakeClient writer : List.of(a, b)) {
            assertThat(world.saved()
                            .reduce(Update.decode(writer.replica.encode()))
                            .isEmpty())
                    .isTrue();
        }
        if (how != Outcome.LATE) {
            world.assertAllEqualTheLog();
        }
    }

    @Test
    void whileTheDatabaseIsAwayForLong_thereIsABoundToRows_andWhatIsBeyondHasNoAuthor() {
        world = new World(LARGE_OVERLAY);
        FakeClient a = by(ALICE);
        FakeClient b = by(BOB);
        world.way.always(Outcome.FAIL);
        for (int i = 0; i < Batches.MAX_APART; i++) {
            a.type("a");
            b.type("b");
            world.settle();
        }
        world.way.always(Outcome.OK);
        for (int i = 0; i < 40; i++) {
            world.pass(1_000);
        }

        List<Author> authors = world.log.authors(ROOM);
        assertThat(authors).hasSizeBetween(Batches.MAX_APART - 2, Batches.MAX_APART + 2);
        assertThat(Collections.frequency(authors, null)).isPositive().isLessThan(5);
        assertThat(authors).startsWith(ALICE, BOB, ALICE);
        world.assertAllEqualTheLog();
    }

    @Test
    void editsOfBackEnds_areOfTheirAuthors() {
        FakeClient a = by(ALICE);
        a.type("x");
        world.settle();
        Documents documents = world.rooms.documents();
        Author ci = new Author("key:ci", Origin.REST, Map.of());
        Author bob = new Author("bob", Origin.REST, Map.of());
        var one = documents
                .write(
                        Grants.of("key:ci", ROOM, Right.READ, Right.WRITE),
                        null,
                        doc -> doc.getMap("m").set("k", 1),
                        doc -> 0)
                .toCompletableFuture();
        var two = documents
                .write(
                        Grants.of("bob", ROOM, Right.READ, Right.WRITE),
                        null,
                        doc -> doc.getMap("m").set("l", 2),
                        doc -> 0)
                .toCompletableFuture();
        world.settle();

        assertThat(one).isCompleted();
        assertThat(two).isCompleted();
        assertThat(world.log.authors(ROOM)).containsExactly(ALICE, ci, bob);
    }

    @Test
    void documentMadeByABackEnd_isOfItsAuthor() {
        FakeClient a = by(ALICE);
        byte[] content = a.type("x");
        var made = world.rooms
                .documents()
                .init(Grants.of("bob", "other", Right.CREATE), Update.decode(content), false)
                .toCompletableFuture();
        world.settle();

        assertThat(made).isCompleted();
        assertThat(world.log.authors("other")).containsExactly(new Author("bob", Origin.REST, Map.of()));
    }
}
