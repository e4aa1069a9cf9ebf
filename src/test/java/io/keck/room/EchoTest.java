package io.keck.room;

import static io.keck.room.World.ROOM;
import static org.assertj.core.api.Assertions.assertThat;

import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.protocol.Message;
import io.keck.room.FlakyLog.Outcome;
import org.junit.jupiter.api.Test;

/** Clients that take an edit for saved when its content comes back to them. */
class EchoTest {
    private final World world = new World();
    /** What has come back to each writer, and what came from others. */
    private final StructStore heard = new StructStore();

    private FakeClient echoed(World in) {
        FakeClient client = in.client();
        client.isEchoed = true;
        client.onUpdate = heard::apply;
        client.connect(in.rooms, ROOM);
        in.settle();
        return client;
    }

    private boolean cameBack(byte[] update) {
        return heard.reduce(Update.decode(update)).isEmpty();
    }

    @Test
    void edits_comeBackAfterTheirCommit() {
        FakeClient writer = echoed(world);
        world.way.holding = true;
        byte[] first = writer.type("a");
        byte[] second = writer.delete(writer.id, 0, 1);
        world.settle();
        assertThat(cameBack(first)).isFalse();
        world.way.holding = false;
        world.way.releaseAll();
        world.settle();
        assertThat(cameBack(first)).isTrue();
        assertThat(cameBack(second)).isTrue();
    }

    /** The answer of the last connection was lost: the edits are committed, and the client does not know. */
    @Test
    void editsThatAreCommittedAlready_comeBackToo() {
        FakeClient other = world.quiet();
        FakeClient writer = world.client();
        byte[] typed = writer.type("a");
        other.send(Message.update(typed));
        world.settle();
        writer.isEchoed = true;
        writer.onUpdate = heard::apply;
        writer.connect(world.rooms, ROOM);
        world.settle();
        writer.send(Message.update(typed));
        world.settle();
        assertThat(world.rows()).isEqualTo(1);
        assertThat(cameBack(typed)).isTrue();
    }

    @Test
    void unsavedMode_bringsWhatOthersWrite_andNothingOfOnesOwn() {
        FakeClient writer = echoed(world);
        FakeClient other = world.quiet();
        world.way.holding = true;
        byte[] kept = other.type("in flight");
        world.settle();
        byte[] own = writer.type("own");
        byte[] others = other.type("others");
        world.settle();
        world.pass(3_000); // the commit is late: both go out, from one batch
        byte[] deleted = writer.delete(writer.id, 0, 1);
        world.settle();
        writer.hello(); // and what it asks for holds nothing of its own either
        world.pass(3_000);
        assertThat(writer.has(kept)).isTrue();
        assertThat(writer.has(others)).isTrue();
        assertThat(other.has(own)).isTrue();
        assertThat(cameBack(own)).isFalse();
        assertThat(cameBack(deleted)).isFalse();

        world.way.holding = false;
        world.way.releaseAll();
        world.pass(500);
        world.pass(500);
        assertThat(cameBack(own)).isTrue();
        assertThat(cameBack(deleted)).isTrue();
        world.assertAllEqualTheLog();
    }

    /** The twin: without the safeguard the client takes for saved what nobody has saved. */
    @Test
    void withoutTheSafeguard_onesOwnComesBackUnsaved() {
        World careless = new World(World.SMALL, Rooms.Maker.with(new Safeguards() {
            @Override
            public boolean withholdsUnsavedEchoes() {
                return false;
            }
        }));
        FakeClient writer = echoed(careless);
        FakeClient other = careless.quiet();
        careless.way.holding = true;
        other.type("in flight");
        careless.settle();
        byte[] own = writer.type("own");
        other.type("others");
        careless.settle();
        careless.pass(3_000);
        assertThat(careless.log.holds(ROOM, own)).isFalse();
        assertThat(cameBack(own)).isTrue();
    }

    @Test
    void whoSendsMoreThanMayWait_getsNothingBack_andIsNeverLiedTo() {
        FakeClient writer = echoed(world);
        world.way.always(Outcome.FAIL);
        byte[] large = writer.type("x".repeat((int) World.SMALL.maxUnsaved() + 1));
        world.settle();
        world.pass(3_000);
        assertThat(cameBack(large)).isFalse();
        world.way.always(Outcome.OK);
        world.pass(500);
        world.pass(500);
        assertThat(world.log.holds(ROOM, large)).isTrue();
        assertThat(cameBack(large)).isFalse();
        assertThat(writer.connection.waiting).isZero();
    }

    @Test
    void whatWaitsToComeBack_countsAsInputOfTheConnection() {
        FakeClient writer = echoed(world);
        world.way.holding = true;
        byte[] typed = writer.type("x".repeat(500));
        world.settle();
        assertThat(writer.connection.waiting).isEqualTo(typed.length);
        world.way.holding = false;
        world.way.releaseAll();
        world.settle();
        assertThat(cameBack(typed)).isTrue();
        assertThat(writer.connection.waiting).isZero();
    }

    /** Other content is known under the same ids: nothing after that update is ever called saved, so nothing is kept for it. */
    @Test
    void contradiction_endsTheEcho() {
        FakeClient other = world.quiet();
        FakeClient writer = echoed(world);
        other.type("one");
        world.settle();
        FakeClient forger = new FakeClient(other.id, () -> 0);
        writer.send(Message.update(forger.type("two")));
        world.settle();
        byte[] later = writer.type("later");
        world.settle();
        assertThat(world.log.holds(ROOM, later)).isTrue();
        assertThat(writer.connection.waiting).isZero();
        assertThat(cameBack(later)).isFalse();
    }
}
