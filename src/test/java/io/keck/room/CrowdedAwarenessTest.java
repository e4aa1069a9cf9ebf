package io.keck.room;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.crdt.store.DecodeLimits;
import io.keck.protocol.AwarenessState;
import io.keck.protocol.Message;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** In a room with many members, changes of awareness states are gathered for a while. */
class CrowdedAwarenessTest {
    private static final int MEMBERS = 40;
    /** The pause of a room with so many members, in milliseconds. */
    private static final long PAUSE = 10;

    private final World world = World.withBeats();
    private final List<FakeClient> all = new ArrayList<>();

    private void crowd(int members) {
        for (int i = 0; i < members; i++) {
            all.add(world.quiet());
        }
        world.now += 1_000;
        forget();
    }

    private void forget() {
        all.forEach(client -> client.connection.forget());
    }

    private static List<AwarenessState> heard(FakeClient client) {
        List<AwarenessState> states = new ArrayList<>();
        for (byte[] frame : client.connection.frames) {
            for (Message message : Message.readAll(frame, DecodeLimits.DEFAULT)) {
                states.addAll(((Message.AwarenessUpdate) message).states());
            }
        }
        return states;
    }

    private void beat() {
        world.beats.beat();
        world.settle();
    }

    @Test
    void firstChangeAfterASilence_isPublishedAtOnce() {
        crowd(MEMBERS);
        all.get(0).point("{}");
        world.settle();
        assertThat(all).allSatisfy(client -> assertThat(heard(client)).hasSize(1));
    }

    @Test
    void changesOfAWhile_areOneFrameWithTheNewestStates() {
        crowd(MEMBERS);
        all.get(0).point("{}");
        world.settle();
        forget();

        for (int i = 0; i < 20; i++) {
            all.get(1).point("{\"x\":" + i + "}");
            all.get(2).point("{\"y\":" + i + "}");
            world.settle();
        }
        world.now += PAUSE - 1;
        beat();
        assertThat(all)
                .allSatisfy(client -> assertThat(client.connection.frames).isEmpty());

        world.now += 1;
        beat();
        assertThat(all).allSatisfy(client -> {
            assertThat(client.connection.frames).hasSize(1);
            assertThat(heard(client))
                    .containsExactlyInAnyOrder(
                            new AwarenessState(all.get(1).id, 20, "{\"x\":19}"),
                            new AwarenessState(all.get(2).id, 20, "{\"y\":19}"));
        });

        forget();
        world.now += PAUSE;
        beat();
        assertThat(all)
                .as("nothing has changed")
                .allSatisfy(client -> assertThat(client.connection.frames).isEmpty());
    }

    @Test
    void memberThatJoinsMeanwhile_isGreetedWithTheCurrentStates() {
        crowd(MEMBERS);
        all.get(0).point("{}");
        world.settle();
        all.get(1).point("{\"new\":1}");
        world.settle();

        FakeClient late = world.joined();
        assertThat(late.states).containsKeys(all.get(0).id, all.get(1).id);
    }

    @Test
    void memberThatLeaves_goesWithTheNextPublication() {
        crowd(MEMBERS);
        all.get(0).point("{}");
        world.settle();
        all.get(0).disconnect();
        world.settle();
        world.now += PAUSE;
        beat();
        assertThat(all.get(1).present()).doesNotContain(all.get(0).id);
    }

    @Test
    void fewMembers_areToldEveryChangeAtOnce() {
        crowd(3);
        for (int i = 0; i < 5; i++) {
            all.get(0).point("{\"x\":" + i + "}");
            world.settle();
        }
        assertThat(heard(all.get(1))).hasSize(5);
    }

    @Test
    void beatsGoOn_whileSomethingWaits() {
        List<String> woken = new ArrayList<>();
        Postponed beats = Postponed.untilBeat(() -> woken.add("woken"));
        List<String> done = new ArrayList<>();
        beats.add(() -> done.add("a"));
        beats.add(() -> done.add("b"));
        assertThat(woken).hasSize(1);
        assertThat(beats.beat()).isTrue();
        assertThat(done).containsExactlyInAnyOrder("a", "b");

        beats.add(() -> done.add("c"));
        assertThat(woken).as("the next beat comes anyway").hasSize(1);
        assertThat(beats.beat()).isTrue();
        assertThat(beats.beat()).isFalse();

        beats.add(() -> done.add("d"));
        assertThat(woken).hasSize(2);
    }
}
