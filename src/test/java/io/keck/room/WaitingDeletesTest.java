package io.keck.room;

import static io.keck.room.World.ROOM;
import static org.assertj.core.api.Assertions.assertThat;

import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.metrics.RoomMetrics;
import io.keck.protocol.Message;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Deletes of what the room does not have: honest ones are not lost, and none acts on what somebody has yet to write. */
class WaitingDeletesTest {
    private static final long EVER = (1L << 53) - 2;
    private static final Safeguards OLD_RELEASE = new Safeguards() {
        @Override
        public boolean holdsUnheldDeletes() {
            return false;
        }

        @Override
        public boolean forgetsStoredUnheldDeletes() {
            return false;
        }
    };

    private final World world = new World();

    private static byte[] deletion(long client, long from, long length) {
        return FakeClient.deletion(client, from, length);
    }

    private static boolean isDeleted(StructStore store, long client, long clock) {
        return store.deletes().contains(client, clock);
    }

    private void send(FakeClient from, byte[] update) {
        from.send(Message.update(update));
        world.settle();
    }

    @Test
    void deleteOfWhatAnotherWillWrite_deletesNothing() {
        assertThat(isDeletedInAdvance(world)).isFalse();
        assertThat(world.saved().deletes().isEmpty()).isTrue();
        world.assertAllEqualTheLog();
    }

    /** The twin of the test above. */
    @Test
    void withoutHolding_aDeleteOfWhatAnotherWillWriteDeletesIt() {
        assertThat(isDeletedInAdvance(new World(World.SMALL, Rooms.Maker.with(OLD_RELEASE))))
                .isTrue();
    }

    private static boolean isDeletedInAdvance(World world) {
        FakeClient victim = world.joined();
        FakeClient bad = world.quiet();
        bad.onUpdate = update -> {};
        bad.send(Message.update(deletion(victim.id, 0, EVER)));
        bad.send(Message.update(deletion(victim.id, 3, 100)));
        world.settle();
        assertThat(bad.connection.closed).isNull();
        victim.type("a paragraph");
        world.settle();
        victim.type(" and more");
        world.settle();
        world.pass(60_000);
        return isDeleted(world.saved(), victim.id, 0) || isDeleted(victim.replica, victim.id, 4);
    }

    /** Two tabs repeat each other, and the socket of the one that wrote is down. */
    @Test
    void deleteByOneWhoHasTheStructs_comesWithThemWhenItIsAsked() {
        FakeClient tab = world.joined();
        FakeClient reader = world.joined();
        byte[] offline = FakeClient.text(77, 0, "abc");
        tab.replica.apply(Update.decode(offline));
        tab.connection.forget();
        tab.delete(77, 1, 1);
        world.settle();

        assertThat(tab.connection.kinds()).contains("SyncStep1");
        assertThat(isDeleted(world.saved(), 77, 1)).isTrue();
        assertThat(reader.has(offline)).isTrue();
        assertThat(isDeleted(reader.replica, 77, 1)).isTrue();
    }

    /** It never had the structs: its own delete set is pending. */
    @Test
    void deleteByOneWithoutTheStructs_isTakenWhenAllOfThemHaveCome() {
        FakeClient writer = world.joined();
        FakeClient deleter = world.joined();
        send(deleter, deletion(writer.id, 1, 3));
        assertThat(world.rows()).isZero();
        writer.type("abc");
        world.settle();
        assertThat(world.saved().deletes().isEmpty()).isTrue();
        writer.type("def");
        world.settle();

        assertThat(isDeleted(world.saved(), writer.id, 3)).isTrue();
        assertThat(isDeleted(world.saved(), writer.id, 4)).isFalse();
        assertThat(isDeleted(writer.replica, writer.id, 1)).isTrue();
    }

    @Test
    void partOfAnUpdateThatIsHere_isTakenAtOnce() {
        FakeClient writer = world.joined();
        FakeClient deleter = world.joined();
        writer.type("abc");
        world.settle();
        deleter.onUpdate = update -> {};
        send(deleter, deletion(writer.id, 1, 100));
        assertThat(isDeleted(world.saved(), writer.id, 0)).isFalse();
        assertThat(isDeleted(world.saved(), writer.id, 2)).isTrue();
        assertThat(isDeleted(world.saved(), writer.id, 3)).isFalse();
    }

    @Test
    void deleteOfAnUpdateThatIsNotSavedYet_waitsForNothing() {
        FakeClient writer = world.joined();
        FakeClient deleter = world.joined();
        world.way.holding = true;
        writer.type("abc");
        world.settle();
        send(deleter, deletion(writer.id, 0, 2));
        world.way.holding = false;
        world.way.releaseAll();
        world.settle();
        world.way.releaseAll();
        world.settle();
        assertThat(isDeleted(world.saved(), writer.id, 1)).isTrue();
    }

    @Test
    void whatWaits_isForgottenWithItsConnectionAndBeyondTheBound() {
        FakeClient writer = world.joined();
        FakeClient leaver = world.joined();
        FakeClient flooder = world.joined();
        send(leaver, deletion(writer.id, 0, 2));
        leaver.disconnect();
        for (int i = 0; i <= WaitingDeletes.MAX_RANGES; i++) {
            flooder.send(Message.update(deletion(writer.id, 3 + 2L * i, 1)));
        }
        world.settle();
        assertThat(flooder.connection.closed).isNull();
        writer.type("abcdefgh");
        world.settle();
        assertThat(world.saved().deletes().isEmpty()).isTrue();
    }

    @Test
    void asking_isSeldom() {
        FakeClient bad = world.joined();
        bad.connection.forget();
        for (int i = 0; i < 100; i++) {
            send(bad, deletion(500, 2L * i, 1));
        }
        assertThat(bad.connection.count(Message.SyncStep1.class)).isEqualTo(1);
        world.pass(4_000);
        assertThat(bad.connection.count(Message.SyncStep1.class)).isEqualTo(2);
        world.pass(60_000);
        assertThat(bad.connection.count(Message.SyncStep1.class)).isEqualTo(2);
    }

    // ------------------------------------------------------------------ what an earlier release stored

    private static final class Cluster {
        final FakeLog log = new FakeLog();
        final FakeBus bus = new FakeBus(7);

        World node(long seed, Safeguards safeguards) {
            World node = new World(World.SMALL, Rooms.Maker.with(safeguards), log, bus.end(), RoomMetrics.NONE, seed);
            node.way.shared = true;
            return node;
        }

        void settle(World... nodes) {
            for (int i = 0; i < 4; i++) {
                List.of(nodes).forEach(World::settle);
                bus.deliver(1_000);
            }
        }
    }

    private static boolean actsAfterTheUpgrade(Safeguards safeguards) {
        Cluster cluster = new Cluster();
        World old = cluster.node(1, OLD_RELEASE);
        FakeClient bad = old.joined();
        bad.send(Message.update(deletion(200, 0, EVER)));
        bad.send(Message.update(FakeClient.text(7, 0, "honest")));
        bad.send(Message.update(deletion(7, 1, 2)));
        cluster.settle(old);
        bad.disconnect();
        old.executor.die();

        World one = cluster.node(2, safeguards);
        World two = cluster.node(3, safeguards);
        FakeClient victim = one.joined();
        assertThat(victim.id).isEqualTo(200);
        FakeClient reader = two.joined();
        cluster.settle(one, two);
        cluster.log.compact(ROOM, 1, false);
        victim.type("new");
        cluster.settle(one, two);
        FakeClient late = two.joined();
        cluster.settle(one, two);
        assertThat(isDeleted(one.saved(), 7, 2)).as("honest deletes stay").isTrue();
        one.assertAllEqualTheLog();
        two.assertAllEqualTheLog();
        World fresh = cluster.node(4, safeguards);
        FakeClient loaded = fresh.joined();
        cluster.settle(one, two, fresh);
        World.assertSame(loaded.replica, late.replica, "a node that loads it now");
        return isDeleted(one.saved(), 200, 1)
                || isDeleted(reader.replica, 200, 1)
                || isDeleted(late.replica, 200, 1)
                || isDeleted(loaded.replica, 200, 1);
    }

    @Test
    void storedDeletesOfWhatNobodyHasWritten_actNoMore_onNoNode() {
        assertThat(actsAfterTheUpgrade(Safeguards.ON)).isFalse();
    }

    /** The twin of the test above. */
    @Test
    void withoutTheMark_storedDeletesOfThatKindAct() {
        assertThat(actsAfterTheUpgrade(new Safeguards() {
                    @Override
                    public boolean forgetsStoredUnheldDeletes() {
                        return false;
                    }
                }))
                .isTrue();
    }

    /** While releases run beside each other, a node of the earlier one may store such deletes in a room that is open. */
    @Test
    void deletesThatANodeOfAnEarlierReleaseStores_areForgottenWithoutARestart() {
        Cluster cluster = new Cluster();
        World old = cluster.node(1, OLD_RELEASE);
        World one = cluster.node(2, Safeguards.ON);
        FakeClient bad = old.joined();
        FakeClient victim = one.joined();
        cluster.settle(old, one);
        bad.send(Message.update(deletion(victim.id, 0, EVER)));
        cluster.settle(old, one);
        for (int i = 0; i < 3; i++) {
            one.pass(60_000);
            cluster.settle(old, one);
        }
        FakeClient late = one.joined();
        cluster.settle(old, one);
        late.type("x");
        late.send(Message.update(FakeClient.text(victim.id, 0, "later")));
        cluster.settle(old, one);
        assertThat(isDeleted(one.saved(), victim.id, 0)).isFalse();
        assertThat(isDeleted(late.replica, victim.id, 0)).isFalse();
    }

    /**
     * The log went back behind the struct, took the delete of it without the struct, and forgot it; then the struct comes again.
     * The log names the row of the delete each time that the batch is handed over.
     *
     * @param fromElsewhere whether another node brings the struct; else this node saves it again
     */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void deleteWhoseRowWasForgottenBeforeItsStructCame_isSavedInAnotherRow(boolean fromElsewhere) {
        world.joined().type("a");
        world.settle();
        FakeLog.Backup backup = world.log.backup();
        FakeClient victim = world.joined();
        byte[] text = victim.type("x");
        world.settle();
        world.log.restore(backup);
        world.way.once(FlakyLog.Outcome.UNKNOWN);
        victim.delete(victim.id, 0, 1);
        world.settle();
        world.log.appendForeign(ROOM, Update.FORGET_UNHELD.encode());
        if (fromElsewhere) {
            world.log.appendForeign(ROOM, text);
        }
        for (int i = 0; i < 3; i++) {
            world.pass(World.SMALL.retryAfter());
        }
        assertThat(isDeleted(world.saved(), victim.id, 0)).isTrue();
        assertThat(world.rows()).isEqualTo(5);
        world.assertAllEqualTheLog();
    }

    @Test
    void mark_isNothingThatAPeerCanBring_andNothingThatAPeerGets() {
        FakeClient member = world.joined();
        FakeClient other = world.quiet();
        other.replica.apply(Update.decode(deletion(5, 0, 1)));
        send(member, Update.FORGET_UNHELD.encode());
        assertThat(world.rows()).isZero();
        assertThat(other.connection.frames).isEmpty();
    }

    /**
     * A room is loaded whose log has such a delete, and a member brings the same delete, with or without the struct, before the
     * mark is in the log.
     */
    private static World loadedWithStoredDelete(Safeguards safeguards, boolean withStruct, List<Update> untrue) {
        Cluster cluster = new Cluster();
        World old = cluster.node(1, OLD_RELEASE);
        FakeClient bad = old.joined();
        bad.send(Message.update(deletion(77, 0, 3)));
        bad.send(Message.update(FakeClient.text(7, 0, "honest")));
        cluster.settle(old);
        bad.disconnect();
        old.executor.die();

        World one = cluster.node(2, safeguards);
        FakeClient member = one.client();
        member.onSaved = update -> {
            if (!isDeleted(one.saved(), 77, 0)) {
                untrue.add(update);
            }
        };
        if (withStruct) {
            member.replica.apply(Update.decode(FakeClient.text(77, 0, "abc")));
        }
        member.replica.apply(Update.decode(deletion(77, 0, 3)));
        member.connect(one.rooms, ROOM);
        member.send(Message.step2(member.replica.encode()));
        cluster.settle(one);
        return one;
    }

    @Test
    void deleteThatTheLogIsAboutToForget_isNotSaidToBeSaved() {
        List<Update> untrue = new ArrayList<>();
        World world = loadedWithStoredDelete(Safeguards.ON, false, untrue);
        assertThat(untrue).isEmpty();
        assertThat(isDeleted(world.saved(), 77, 0)).isFalse();
        assertThat(world.clients.get(0).isSaved()).isFalse();
    }

    @Test
    void deleteThatTheLogIsAboutToForget_isSavedWithTheStructThatComesWithIt() {
        List<Update> untrue = new ArrayList<>();
        World world = loadedWithStoredDelete(Safeguards.ON, true, untrue);
        assertThat(untrue).isEmpty();
        assertThat(isDeleted(world.saved(), 77, 0)).isTrue();
        assertThat(world.clients.get(0).isSaved()).isTrue();
        world.assertAllEqualTheLog();
    }

    /** The twin of the first of the two tests above. */
    @Test
    void withoutCountingDeletesWithStructsOnly_whatIsSaidToBeSavedIsForgotten() {
        List<Update> untrue = new ArrayList<>();
        loadedWithStoredDelete(
                new Safeguards() {
                    @Override
                    public boolean countsDeletesWithStructsOnly() {
                        return false;
                    }
                },
                false,
                untrue);
        assertThat(untrue).isNotEmpty();
    }

    /** Nodes without a database share what they cannot save, and the message with the structs may be lost on its way. */
    @Test
    void deleteThatAnotherNodeShares_isNotSavedBeforeItsStruct() {
        Cluster cluster = new Cluster();
        World one = cluster.node(1, Safeguards.ON);
        World two = cluster.node(2, Safeguards.ON);
        FakeClient writer = one.joined();
        FakeClient reader = two.joined();
        cluster.settle(one, two);
        one.way.always(FlakyLog.Outcome.FAIL);
        writer.type("abc");
        one.pass(World.SMALL.saveTimeout() + 1);
        one.settle();
        cluster.bus.loseAll(); // the message with the text
        writer.delete(writer.id, 0, 2);
        cluster.settle(one, two);
        assertThat(isDeleted(two.saved(), writer.id, 0)).isFalse();
        assertThat(two.saved().hasUnheldDeletes()).isFalse();

        one.way.always(FlakyLog.Outcome.OK);
        one.pass(World.SMALL.retryAfter());
        cluster.settle(one, two);
        assertThat(isDeleted(two.saved(), writer.id, 0)).isTrue();
        assertThat(reader.replica.deletes().contains(writer.id, 0)).isTrue();
    }

    /** The log is replaced by a backup that has the structs, so they come with no update. */
    @Test
    void deleteWhoseStructComesWithARestoredLog_isTaken() {
        Cluster cluster = new Cluster();
        World old = cluster.node(1, Safeguards.ON);
        FakeClient writer = old.joined();
        FakeClient first = old.joined();
        first.type("first");
        cluster.settle(old);
        FakeLog.Backup before = cluster.log.backup();
        writer.type("abc");
        cluster.settle(old);
        FakeLog.Backup after = cluster.log.backup();
        writer.disconnect();
        first.disconnect();
        old.executor.die();
        cluster.log.restore(before);

        World world = cluster.node(2, Safeguards.ON);
        FakeClient member = world.joined();
        cluster.settle(world);
        member.send(Message.update(deletion(writer.id, 0, 2)));
        cluster.settle(world);
        assertThat(member.isSaved()).isFalse();
        member.type("own"); // the log loses it, so the room is read as a whole
        cluster.settle(world);
        cluster.log.restore(after);
        member.type("more");
        for (int i = 0; i < 10; i++) {
            world.pass(60_000);
            cluster.settle(world);
        }
        assertThat(isDeleted(world.saved(), writer.id, 0)).isTrue();
        assertThat(member.isSaved()).isTrue();
    }
}
