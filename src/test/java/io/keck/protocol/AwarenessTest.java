package io.keck.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.crdt.lib0.Decoder;
import io.keck.crdt.store.DecodeLimits;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What a server has to know beyond y-protocols: whose a state is. */
class AwarenessTest {
    private static final long CLIENT = 7;
    private static final boolean CLAIM = true;

    private final Awareness<FakeOwner> awareness = new Awareness<>();
    private final FakeOwner a = FakeOwner.socket(3);
    private final FakeOwner b = FakeOwner.socket(3);
    private final FakeOwner node = FakeOwner.node();

    private static AwarenessState state(long clock, String json) {
        return new AwarenessState(CLIENT, clock, json);
    }

    private static AwarenessState gone(long clock) {
        return AwarenessState.removed(CLIENT, clock);
    }

    private AwarenessState apply(AwarenessState s, FakeOwner owner) {
        return awareness.apply(s, owner, false, 0);
    }

    @Test
    void apply_higherClockIsNewsAndLowerOrSameIsNot() {
        assertThat(apply(state(0, "{}"), a)).as("as y-protocols").isNull();
        assertThat(apply(state(2, "1"), a)).isEqualTo(state(2, "1"));
        assertThat(apply(state(2, "2"), a)).isNull();
        assertThat(apply(state(1, "2"), a)).isNull();
        assertThat(apply(state(3, "3"), a)).isEqualTo(state(3, "3"));
        assertThat(awareness.states()).containsExactly(state(3, "3"));
    }

    @Test
    void removeOwner_removesWhatItSentLastAndNothingElse() {
        apply(state(1, "1"), a);
        apply(new AwarenessState(8, 1, "{}"), a);
        apply(new AwarenessState(9, 1, "{}"), b);
        apply(state(2, "2"), b); // now it is b's

        assertThat(awareness.removeOwner(a, 0)).containsExactly(AwarenessState.removed(8, 1));
        assertThat(awareness.removeOwner(b, 0)).containsExactlyInAnyOrder(AwarenessState.removed(9, 1), gone(2));
        assertThat(awareness.removeOwner(b, 0)).isEmpty();
        assertThat(awareness.states()).isEmpty();
    }

    @Test
    void echoOfAnothersState_changesNoOwner() {
        apply(state(1, "1"), a);
        assertThat(apply(state(1, "1"), b)).isNull();

        assertThat(awareness.removeOwner(b, 0)).isEmpty();
        assertThat(awareness.removeOwner(a, 0)).containsExactly(gone(1));
    }

    @Test
    void removalFromAnotherThanTheOwner_countsOnlyWithAHigherClock() {
        apply(state(5, "1"), a);
        assertThat(apply(gone(5), b)).isNull();
        assertThat(apply(gone(4), b)).isNull();
        assertThat(awareness.states()).hasSize(1);
        assertThat(apply(gone(6), b)).isEqualTo(gone(6));
    }

    @Test
    void removalFromTheOwner_countsAtTheSameClock() {
        apply(state(5, "1"), a);
        assertThat(apply(gone(5), a)).isEqualTo(gone(5));
        assertThat(apply(gone(5), a)).as("once").isNull();
        assertThat(apply(state(5, "1"), a)).as("y-protocols too").isNull();
        assertThat(apply(state(6, "1"), a)).isEqualTo(state(6, "1"));
    }

    @Test
    void removalOfAStranger_isRememberedAndNoNews() {
        assertThat(apply(gone(3), a)).isNull();
        assertThat(apply(state(3, "late"), a)).isNull();
        assertThat(apply(state(4, "new"), a)).isNotNull();
    }

    @Test
    void claim_withTheSameClockTakesTheStateOver() {
        apply(state(5, "1"), a);
        assertThat(awareness.apply(state(5, "1"), b, CLAIM, 1))
                .as("no news for anyone")
                .isNull();

        assertThat(awareness.removeOwner(a, 2)).as("the old socket ends later").isEmpty();
        assertThat(awareness.states()).containsExactly(state(5, "1"));
        assertThat(awareness.removeOwner(b, 3)).containsExactly(gone(5));
    }

    @Test
    void claim_withTheSameClockAndAnotherStateIsPublishedWithTheNextClock() {
        apply(state(5, "1"), a);
        assertThat(awareness.apply(state(5, "2"), b, CLAIM, 1)).isEqualTo(state(6, "2"));
    }

    @Test
    void claim_ofARemovedStateIsPublishedWithTheNextClock() {
        apply(state(5, "1"), a);
        awareness.removeOwner(a, 0);
        assertThat(awareness.apply(state(5, "1"), b, CLAIM, 1)).isEqualTo(state(6, "1"));
        assertThat(awareness.states()).containsExactly(state(6, "1"));
    }

    @Test
    void claim_withALowerClockIsNone() {
        apply(state(5, "1"), a);
        assertThat(awareness.apply(state(4, "old"), b, CLAIM, 1)).isNull();
        assertThat(awareness.removeOwner(b, 2)).isEmpty();
    }

    /** A stock client takes the raised clock over and repeats its state with it: if that were news, it would never end. */
    @Test
    void ownerThatRepeatsTheRaisedClock_isNoNews() {
        apply(state(5, "1"), a);
        awareness.removeOwner(a, 0);
        AwarenessState raised = awareness.apply(state(5, "1"), b, CLAIM, 1);
        assertThat(awareness.apply(raised, b, false, 2)).isNull();
        assertThat(awareness.apply(raised, b, false, 3)).isNull();
        assertThat(apply(state(7, "2"), b)).isEqualTo(state(7, "2"));
    }

    @Test
    void ownerThatHasNotHeardOfTheRaisedClock_isStillHeard() {
        apply(state(5, "1"), a);
        awareness.removeOwner(a, 0);
        awareness.apply(state(5, "1"), b, CLAIM, 1); // published with 6
        assertThat(apply(state(6, "2"), b)).isEqualTo(state(7, "2"));
        assertThat(apply(state(7, "2"), b)).as("its echo").isNull();
        assertThat(apply(gone(7), b)).isEqualTo(gone(7));
    }

    @Test
    void ownersRemovalWithItsOwnClock_isPublishedWithTheRaisedOne() {
        apply(state(5, "1"), a);
        awareness.removeOwner(a, 0);
        awareness.apply(state(5, "1"), b, CLAIM, 1); // published with 6
        assertThat(apply(gone(5), b)).isEqualTo(gone(6));
    }

    @Test
    void expire_removesAfter30SecondsAndForgetsAfter60More() {
        awareness.apply(state(1, "1"), a, false, 1_000);
        assertThat(awareness.expire(30_999)).isEmpty();
        assertThat(awareness.expire(31_000)).containsExactly(gone(1));
        assertThat(awareness.expire(90_999)).isEmpty();
        assertThat(awareness.everything()).containsExactly(gone(1));
        assertThat(awareness.apply(state(1, "1"), b, false, 90_999))
                .as("remembered")
                .isNull();
        assertThat(awareness.expire(91_000)).isEmpty();
        assertThat(awareness.isEmpty()).isTrue();
        assertThat(awareness.apply(state(1, "1"), b, false, 91_000))
                .as("forgotten")
                .isNotNull();
    }

    @Test
    void expire_sparesWhatIsRenewed() {
        for (int i = 1; i < 10; i++) {
            awareness.apply(state(i, "1"), a, false, i * 15_000);
            assertThat(awareness.expire(i * 15_000)).isEmpty();
        }
        assertThat(awareness.states()).hasSize(1);
    }

    @Test
    void owner_isNotHeardForMoreClientsThanTheLimit() {
        for (long client = 1; client <= 3; client++) {
            assertThat(apply(new AwarenessState(client, 1, "{}"), a)).isNotNull();
        }
        assertThat(apply(new AwarenessState(4, 1, "{}"), a)).isNull();
        assertThat(apply(new AwarenessState(3, 2, "{}"), a)).as("its own").isNotNull();
        assertThat(apply(new AwarenessState(4, 1, "{}"), b)).as("another").isNotNull();
        assertThat(apply(new AwarenessState(4, 2, "{}"), a))
                .as("nor may it take one over")
                .isNull();
        assertThat(awareness.clock(4)).isEqualTo(1);
    }

    @Test
    void limit_countsWhatIsRememberedUntilItIsForgotten() {
        for (long client = 1; client <= 3; client++) {
            apply(new AwarenessState(client, 1, "{}"), a);
            apply(AwarenessState.removed(client, 1), a);
        }
        assertThat(apply(new AwarenessState(4, 1, "{}"), a)).isNull();
        awareness.expire(60_000);
        assertThat(awareness.apply(new AwarenessState(4, 1, "{}"), a, false, 60_000))
                .isNotNull();
    }

    @Test
    void limit_isFreeAgainWhenAnotherTakesAStateOver() {
        for (long client = 1; client <= 3; client++) {
            apply(new AwarenessState(client, 1, "{}"), a);
        }
        apply(new AwarenessState(1, 2, "{}"), b);
        assertThat(apply(new AwarenessState(4, 1, "{}"), a)).isNotNull();
    }

    @Test
    void clock_endsAtTheLargestSafeInteger() {
        long max = Decoder.MAX_SAFE_INTEGER;
        assertThat(apply(state(max, "1"), a)).isEqualTo(state(max, "1"));
        awareness.removeOwner(a, 0);
        AwarenessState raised = awareness.apply(state(max, "1"), b, CLAIM, 1);
        assertThat(raised).isEqualTo(state(max, "1"));
        assertThat(awareness.apply(raised, b, false, 2)).isNull();
        byte[] wire = AwarenessState.encode(List.of(raised));
        assertThat(AwarenessState.decode(wire, DecodeLimits.DEFAULT)).containsExactly(raised);
    }

    @Test
    void claim_ofWhatAnotherNodeHas_isNewerThanWhateverThatNodeSaysOfTheEnd() {
        apply(state(4, "1"), node);
        assertThat(awareness.apply(state(4, "1"), a, CLAIM, 0)).isEqualTo(state(5, "1"));
        assertThat(awareness.owner(CLIENT)).isSameAs(a);

        assertThat(apply(gone(4), node)).isNull();
        assertThat(awareness.removeOwner(node, 0)).isEmpty();
        assertThat(awareness.states()).containsExactly(state(5, "1"));
        assertThat(apply(state(5, "2"), a)).as("took the clock over").isEqualTo(state(6, "2"));
    }

    @Test
    void anotherNode_speaksForAnyNumberAndByTheClockAlone() {
        for (int client = 0; client < 50; client++) {
            assertThat(apply(new AwarenessState(client, 1, "{}"), node)).isNotNull();
        }
        assertThat(awareness.removeOthers(node, Set.of(3L, 4L), 0)).hasSize(48);
        assertThat(awareness.states(owner -> owner == node)).hasSize(2);
        assertThat(awareness.states(owner -> owner == a)).isEmpty();
        assertThat(apply(new AwarenessState(3, 1, "{}"), node)).isNull();
    }

    @Test
    void raise_isAboveBoth() {
        apply(state(4, "1"), a);
        assertThat(awareness.raise(CLIENT, 2)).isEqualTo(state(5, "1"));
        assertThat(awareness.raise(CLIENT, 9)).isEqualTo(state(10, "1"));
        assertThat(apply(state(5, "2"), a)).as("its owner goes on").isEqualTo(state(11, "2"));
        awareness.removeOwner(a, 0);
        assertThat(awareness.raise(CLIENT, 20)).isNull();
        assertThat(awareness.raise(8, 20)).isNull();
    }

    @Test
    void claim_belowAClockThatTheClientNeverHeardOf_isAboveIt() {
        apply(state(4, "1"), node);
        assertThat(apply(gone(9), node)).isEqualTo(gone(9));
        awareness.removeOwner(node, 0);
        assertThat(apply(state(4, "2"), a)).isNull();
        assertThat(awareness.apply(state(4, "2"), a, CLAIM, 0)).isEqualTo(state(10, "2"));
        assertThat(awareness.apply(state(3, "3"), b, CLAIM, 0))
                .as("of a socket here")
                .isNull();
    }
}
