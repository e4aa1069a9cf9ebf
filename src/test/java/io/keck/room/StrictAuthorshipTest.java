package io.keck.room;

import static io.keck.room.StrictWorld.ALICE;
import static io.keck.room.StrictWorld.BOB;
import static io.keck.room.StrictWorld.CAROL;
import static io.keck.room.World.ROOM;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.access.Author;
import io.keck.access.Origin;
import io.keck.crdt.store.Update;
import io.keck.failure.RoomDamaged;
import io.keck.protocol.Message;
import io.keck.room.HeldUpdates.Entry;
import io.keck.room.HeldUpdates.Limits;
import io.keck.room.HeldUpdates.State;
import io.keck.testing.Grants;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/** What somebody brings under the client id of somebody else, with authorship strict. */
class StrictAuthorshipTest {
    private StrictWorld strict = new StrictWorld();

    private List<Author> authors() {
        return strict.world.log.authors(ROOM);
    }

    @Test
    void takeIn_inADamagedRoom_isRefusedAsDamaged() {
        FakeClient tab = strict.by(ALICE);
        tab.type("hers");
        strict.world.settle();
        tab.disconnect();
        strict.connect(tab, BOB);
        tab.type("his");
        strict.rest();
        Entry entry = strict.waiting().get(0);
        tab.disconnect();
        strict.world.pass(World.IDLE_TICK);
        strict.world.pass(World.SMALL.unloadAfter());
        strict.world.pass(World.SMALL.unloadAfter());
        assertThat(strict.world.rooms.isOpen(World.ROOM)).isFalse();
        strict.world.log.damage(World.ROOM, 1);

        CompletionStage<Entry> taken = strict.world.rooms.held().takeIn(StrictWorld.decider("alice"), entry);
        strict.world.settle();
        assertThatThrownBy(taken.toCompletableFuture()::join).hasCauseInstanceOf(RoomDamaged.class);
        assertThat(strict.waiting()).containsExactly(entry);
    }

    @Test
    void logInThatChangedUnderTheSameDocument_isHeldAndTold_andTheOwnerTakesItIn() {
        FakeClient tab = strict.by(ALICE);
        byte[] hers = tab.type("hers");
        strict.world.settle();
        tab.disconnect();
        strict.connect(tab, BOB);
        byte[] his = tab.type("his");
        strict.rest();

        assertThat(strict.hasSaved(hers)).isTrue();
        assertThat(strict.hasSaved(his)).isFalse();
        assertThat(StrictWorld.told(tab)).isNotEmpty().containsOnly(HeldBack.KEPT);
        assertThat(tab.connection.closed).isNull();
        assertThat(tab.isSaved()).as("nothing calls it saved").isFalse();
        Entry entry = strict.waiting().get(0);
        assertThat(entry.author()).isEqualTo(BOB);
        assertThat(entry.owner()).isEqualTo("alice");
        assertThat(StrictWorld.has(entry, his)).isTrue();

        FakeClient reader = strict.by(CAROL);
        Entry after = strict.takeIn(entry, "alice");
        assertThat(after.state()).isEqualTo(State.TAKEN);
        assertThat(after.decidedBy()).isEqualTo("alice");
        assertThat(strict.hasSaved(his)).isTrue();
        assertThat(reader.has(his)).as("it is sent to those who are there").isTrue();
        assertThat(authors())
                .containsExactly(ALICE, new Author("bob", Origin.SOCKET, Map.of(Author.TAKEN_IN_BY, "alice")));
        assertThat(strict.takeIn(after, "alice").state()).as("a repeat").isEqualTo(State.TAKEN);
        assertThat(authors()).hasSize(2);
    }

    @Test
    void whatIsTypedOnAndDeleted_isInTheSameEntry() {
        FakeClient tab = strict.by(ALICE);
        tab.type("hers");
        strict.world.settle();
        tab.disconnect();
        strict.connect(tab, BOB);
        tab.type("abc");
        strict.world.settle();
        tab.type("def");
        byte[] deletion = tab.delete(tab.id, 5, 2);
        byte[] ofHers = tab.delete(tab.id, 1, 1);
        strict.rest();

        assertThat(strict.waiting()).hasSize(1);
        assertThat(StrictWorld.has(strict.waiting().get(0), deletion)).isTrue();
        assertThat(strict.hasSaved(ofHers))
                .as("deletions of others' items are ordinary edits")
                .isTrue();
        assertThat(strict.takeIn(strict.waiting().get(0), "admin").state()).isEqualTo(State.TAKEN);
        strict.world.assertAllEqualTheLog();
    }

    @Test
    void relayOfSomebodyWhoIsOffline_waitsWithWhatBuildsOnIt_andComesInWhenTheOwnerComesBack() {
        FakeClient alice = strict.by(ALICE);
        alice.type("a");
        strict.world.settle();
        alice.disconnect();
        byte[] offline = alice.type("b");
        FakeClient bob = strict.by(BOB);
        byte[] own = StrictWorld.after(bob.id, 0, alice.id, 1, "on it");
        byte[] later = FakeClient.text(bob.id, 5, "later");
        bob.send(Message.step2(Update.merge(List.of(Update.decode(offline), Update.decode(own)))
                .encode()));
        bob.send(Message.update(later));
        strict.rest();

        assertThat(strict.hasSaved(offline) || strict.hasSaved(own) || strict.hasSaved(later))
                .isFalse();
        assertThat(strict.waiting()).extracting(Entry::owner).containsExactlyInAnyOrder("alice", "bob");
        assertThat(StrictWorld.told(bob)).contains(HeldBack.KEPT, HeldBack.KEPT_WAITING);
        bob.disconnect();

        strict.connect(alice, ALICE);
        strict.rest();
        assertThat(strict.hasSaved(offline)).isTrue();
        assertThat(strict.hasSaved(own) && strict.hasSaved(later))
                .as("by itself")
                .isTrue();
        assertThat(strict.waiting()).isEmpty();
        assertThat(authors()).containsExactly(ALICE, ALICE, BOB);
        assertThat(strict.entries()).extracting(Entry::state).containsOnly(State.ARRIVED);
    }

    @Test
    void whatTheServerHasAlready_isNeverHeld() {
        FakeClient alice = strict.by(ALICE);
        FakeClient bob = strict.by(BOB);
        alice.type("shared");
        bob.type("text");
        strict.world.settle();
        bob.disconnect();
        strict.connect(bob, BOB);
        bob.send(Message.step2(bob.replica.encode()));
        bob.send(Message.update(bob.replica.encode()));
        strict.rest();

        assertThat(strict.entries()).isEmpty();
        assertThat(StrictWorld.told(bob)).isEmpty();
        assertThat(bob.isSaved()).isTrue();
    }

    @Test
    void typingOnBeforeTheServerHasAskedForWhatWasTypedOffline_isNotHeld() {
        FakeClient alice = strict.by(ALICE);
        alice.type("a");
        strict.world.settle();
        alice.disconnect();
        byte[] offline = alice.type("offline");
        alice.author = ALICE;
        FakeConnection connection = alice.sit();
        alice.seat = strict.world.rooms.join(Grants.on(ROOM), connection);
        byte[] online = alice.type("online"); // comes before the answer to the server's step 1
        alice.hello();
        strict.world.settle();
        strict.rest();

        assertThat(strict.hasSaved(offline) && strict.hasSaved(online)).isTrue();
        assertThat(strict.entries()).isEmpty();
        assertThat(StrictWorld.told(alice)).isEmpty();
        strict.world.assertAllEqualTheLog();
    }

    @Test
    void idsOfAnImport_ofKeck_andOfNobodyKnown_belongToTheFirstWhoComesBackWithThem() {
        long room = strict.now(strict.world.log.open(ROOM)).roomId();
        long client = 50;
        strict.world.log.append(
                room,
                new UpdateLog.Entry(
                        strict.world.ids(9).get(), 5, FakeClient.text(client, 0, "imported"), Author.IMPORT),
                false,
                null);
        FakeClient bob = strict.by(BOB);
        FakeClient carol = strict.by(CAROL);
        byte[] his = FakeClient.text(client, 8, "his");
        byte[] hers = FakeClient.text(client, 11, "hers");
        bob.send(Message.update(his));
        strict.world.settle();
        carol.send(Message.update(hers));
        strict.rest();

        assertThat(strict.hasSaved(his)).isTrue();
        assertThat(strict.hasSaved(hers)).isFalse();
        assertThat(strict.waiting().get(0).owner()).isEqualTo("bob");
    }

    @Test
    void editsOverHttp_shareTheIdsOfTheServer_andAreNotHeld() {
        strict.by(ALICE).type("x");
        strict.world.settle();
        Documents documents = strict.world.rooms.documents();
        for (Author author : List.of(ALICE, BOB, CAROL)) {
            strict.now(documents.write(
                    StrictWorld.decider(author.principal()),
                    null,
                    doc -> doc.getMap("m").set(author.principal(), 1),
                    doc -> 0));
        }
        strict.rest();
        assertThat(authors()).hasSize(4);
        assertThat(strict.entries()).isEmpty();
    }

    @Test
    void whereThereIsNoRoom_theSenderIsTold_andStillHasIt() {
        strict = new StrictWorld(Safeguards.ON, new Limits(60, 1_000, 1_000, 1_000), true);
        FakeClient tab = strict.by(ALICE);
        tab.type("hers");
        strict.world.settle();
        tab.disconnect();
        strict.connect(tab, BOB);
        byte[] small = tab.type("small");
        strict.rest();
        byte[] large = tab.type("x".repeat(100));
        strict.rest();

        assertThat(StrictWorld.told(tab)).startsWith(HeldBack.KEPT).endsWith(HeldBack.NOT_KEPT);
        assertThat(strict.waiting()).hasSize(1);
        assertThat(StrictWorld.has(strict.waiting().get(0), small)).isTrue();
        assertThat(tab.has(large)).isTrue();
        assertThat(tab.connection.closed).isNull();
    }

    @Test
    void whileTheDatabaseIsAway_nothingIsCalledKept_andItIsKeptLater() {
        FakeClient tab = strict.by(ALICE);
        tab.type("hers");
        strict.world.settle();
        tab.disconnect();
        strict.connect(tab, BOB);
        strict.held.isAway = true;
        byte[] his = tab.type("his");
        strict.rest();
        assertThat(StrictWorld.told(tab)).isEmpty();
        tab.disconnect();
        strict.held.isAway = false;
        strict.rest();
        assertThat(StrictWorld.has(strict.waiting().get(0), his)).isTrue();
    }

    @Test
    void whatNeedsWhatIsHeld_isNotTakenInBeforeIt_andWhatIsDroppedIsGone() {
        FakeClient alice = strict.by(ALICE);
        alice.type("a");
        strict.world.settle();
        FakeClient bob = strict.by(BOB);
        byte[] first = FakeClient.text(alice.id, 1, "first");
        bob.send(Message.update(first));
        strict.rest();
        FakeClient carol = strict.by(CAROL);
        byte[] second = FakeClient.text(alice.id, 6, "second");
        carol.send(Message.update(second));
        strict.rest();

        Entry ofBob = strict.waiting().get(0);
        Entry ofCarol = strict.waiting().get(1);
        assertThat(strict.takeIn(ofCarol, "alice")).as("it needs the first").isNull();
        assertThat(strict.hasSaved(second)).isFalse();
        assertThat(strict.takeIn(ofBob, "alice").state()).isEqualTo(State.TAKEN);
        Entry dropped = strict.now(strict.world.rooms.held().drop(StrictWorld.decider("alice"), ofCarol))
                .orElseThrow();
        assertThat(dropped.state()).isEqualTo(State.DROPPED);
        assertThat(strict.takeIn(dropped, "alice").state()).isEqualTo(State.DROPPED);
        strict.rest();
        assertThat(strict.hasSaved(first)).isTrue();
        assertThat(strict.hasSaved(second)).isFalse();
    }

    @Test
    void withAuthorshipRecorded_everythingIsApplied() {
        strict = new StrictWorld(Safeguards.ON, Limits.DEFAULT, false);
        FakeClient tab = strict.by(ALICE);
        tab.type("hers");
        strict.world.settle();
        tab.disconnect();
        strict.connect(tab, BOB);
        byte[] his = tab.type("his");
        strict.rest();
        assertThat(strict.hasSaved(his)).isTrue();
        assertThat(authors()).containsExactly(ALICE, BOB);
        assertThat(strict.entries()).isEmpty();
        assertThat(strict.world.way.calls).noneMatch(call -> call.startsWith("introductions"));
    }

    /** What the log had lost is saved again as nobody's, so who types on under its client id introduces that again. */
    @Test
    void afterTheLogWentBack_ownersAreReadAgain_andItsPeersHealIt() {
        FakeClient alice = strict.by(ALICE);
        byte[] first = alice.type("a");
        strict.world.settle();
        FakeLog.Backup backup = strict.world.log.backup();
        FakeClient bob = strict.by(BOB);
        byte[] lost = bob.type("lost");
        strict.world.settle();
        strict.world.log.restore(backup);
        byte[] again = alice.type("b"); // after a row that the log does not have any more
        strict.rest();
        assertThat(strict.hasSaved(lost) && strict.hasSaved(again)).isTrue();
        byte[] on = bob.type("on");
        strict.rest();
        assertThat(strict.hasSaved(on)).isTrue();
        strict.world.assertAllEqualTheLog();
        FakeClient carol = strict.by(CAROL);
        byte[] foreign = FakeClient.text(bob.id, 6, "foreign");
        carol.send(Message.update(foreign));
        carol.send(Message.update(first));
        strict.rest();
        assertThat(strict.hasSaved(foreign)).isFalse();
        assertThat(strict.waiting()).hasSize(1);
    }
}
