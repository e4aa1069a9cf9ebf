package io.keck.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.crdt.lib0.Decoder;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What a server has to know beyond y-protocols: whose a state is. */
class AwarenessTest {
    private static final long CLIENT = 7;
    private static final boolean CLAIM = true;
    private static final long REMEMBERED = Awareness.REMEMBER_MS;

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
        apply(state(2, "2"), b);

        assertThat(awareness.removeOwner(a, 0)).containsExactlyInAnyOrder(gone(1), AwarenessState.removed(8, 1));
        assertThat(awareness.removeOwner(b, 0)).containsExactly(AwarenessState.removed(9, 1));
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
    void stranger_neitherRemovesNorChangesTheStateOfAnOwnerThatIsThere_whateverItsClock() {
        apply(state(5, "1"), a);
        for (long clock : new long[] {4, 5, 6, 1L << 31, 1L << 52, Decoder.MAX_SAFE_INTEGER}) {
            assertThat(apply(gone(clock), b)).isNull();
            assertThat(apply(state(clock, "\"b\""), b)).isNull();
        }
        assertThat(awareness.states()).containsExactly(state(5, "1"));
        assertThat(awareness.isContested()).as("only a first word claims").isFalse();
        assertThat(apply(state(6, "2"), a)).as("its owner goes on").isEqualTo(state(6, "2"));
    }

    /** The twin of the test above. */
    @Test
    void withoutGuard_aStrangerRemovesTheStateAndLeavesAClockThatNobodyCanRaise() {
        Awareness<FakeOwner> bare = new Awareness<>(new AwarenessBounds(1 << 20, 100, false));
        bare.apply(state(5, "1"), a, false, 0);
        assertThat(bare.apply(gone(Decoder.MAX_SAFE_INTEGER), b, false, 0)).isNotNull();
        assertThat(bare.states()).isEmpty();
        assertThat(bare.apply(state(6, "2"), a, false, 0)).isNull();
    }

    @Test
    void clockOfAnAbsentClient_leapsNoFurtherThanTheClientItselfCanGoOn() {
        assertThat(apply(state(1L << 52, "b"), b)).isNull();
        assertThat(apply(state(Decoder.MAX_SAFE_INTEGER, "b"), node)).isNull();
        assertThat(apply(state(1L << 31, "b"), b)).isNotNull();
        assertThat(apply(state((1L << 31) + (1 << 21), "b"), b)).isNull();
        awareness.removeOwner(b, 0);
        assertThat(awareness.apply(state(3, "a"), a, CLAIM, 1)).isNull();
        assertThat(reminded(a)).isEqualTo(gone(1L << 31));
        assertThat(apply(state((1L << 31) + 1, "a"), a)).isNotNull();
    }

    // ---- claims of a state whose owner is there

    /** The removal that its owner is told, and nobody else. */
    private AwarenessState reminded(FakeOwner owner) {
        List<AwarenessReminder<FakeOwner>> reminders = awareness.takeReminders();
        assertThat(reminders).hasSize(1);
        assertThat(reminders.get(0).owner()).isSameAs(owner);
        return reminders.get(0).removal();
    }

    private List<AwarenessState> after(long millis) {
        return awareness.settle(millis);
    }

    @Test
    void claim_pingsTheOwnerAndOneThatAnswersKeepsTheState() {
        apply(state(5, "1"), a);
        assertThat(awareness.apply(state(9, "b"), b, CLAIM, 100)).isNull();
        assertThat(a.pings).isEqualTo(1);
        assertThat(after(2_099)).isEmpty();
        assertThat(after(2_100)).isEmpty();
        assertThat(awareness.isContested()).isFalse();
        assertThat(awareness.states()).containsExactly(state(5, "1"));
        assertThat(apply(state(10, "b"), b)).isNull();
        assertThat(apply(state(6, "2"), a)).isEqualTo(state(6, "2"));
    }

    @Test
    void claim_ofASilentOwnerSucceedsAfterTwoSeconds_withWhatWasSaidLast() {
        apply(state(5, "1"), a);
        a.alive = false;
        b.own = CLIENT;
        awareness.apply(state(5, "1"), b, CLAIM, 100);
        assertThat(apply(state(6, "moved"), b)).as("waits").isNull();
        assertThat(after(2_099)).isEmpty();
        assertThat(after(2_100)).containsExactly(state(6, "moved"));
        assertThat(awareness.removeOwner(a, 2_200)).isEmpty();
        assertThat(apply(state(7, "2"), b)).isNotNull();
    }

    @Test
    void silentOwner_thatSpeaksAgainGetsItsStateBack() {
        apply(state(5, "1"), a);
        a.alive = false;
        awareness.apply(state(6, "thief"), b, CLAIM, 0);
        assertThat(after(2_000)).containsExactly(state(6, "thief"));
        a.alive = true;
        assertThat(apply(state(6, "mine"), a)).as("both hear it").isEqualTo(gone(6));
        assertThat(apply(state(7, "mine"), a)).as("its answer").isEqualTo(state(7, "mine"));
        assertThat(apply(state(9, "thief"), b)).isNull();
    }

    @Test
    void claimant_thatLostMayClaimAgainWithEachWord() {
        apply(state(5, "1"), a);
        b.own = CLIENT;
        awareness.apply(state(5, "1"), b, CLAIM, 0);
        assertThat(after(2_000)).isEmpty();
        a.alive = false;
        assertThat(apply(state(6, "b"), b)).isNull();
        assertThat(after(3_000 + 2_000)).containsExactly(state(6, "b"));
    }

    /** A tab repeats the cursor of another, whose own socket comes a moment later; then the first tab is frozen. */
    @Test
    void claim_ofWhatATabRepeatsIsNotKeptByThePingAlone() {
        a.own = 1;
        apply(state(5, "1"), a);
        awareness.apply(state(5, "1"), b, CLAIM, 0);
        assertThat(apply(state(6, "2"), a)).as("it goes on repeating").isNotNull();
        assertThat(after(2_000)).isEmpty();
        assertThat(awareness.owner(CLIENT)).isSameAs(a);

        b.own = CLIENT;
        apply(state(7, "3"), b);
        assertThat(after(10_000)).containsExactly(state(7, "3"));
        assertThat(awareness.owner(CLIENT)).isSameAs(b);
    }

    /**
     * A client comes back and finds its id taken by somebody who is there. y-protocols answers a removal of the own state only
     * where its clock is not below the own one, so each way in which the other goes has to reach that clock.
     */
    @Test
    void whoWasKeptOut_hearsARemovalThatItAnswers_howeverTheOtherGoes() {
        long expired = Awareness.OUTDATED_MS;
        for (int way = 0; way < 4; way++) {
            Awareness<FakeOwner> room = new Awareness<>(new AwarenessBounds(1_500, 100, true));
            room.apply(state(5, "\"taken\""), b, CLAIM, 0);
            assertThat(room.takeReminders()).as("the first one of the room").hasSize(1);
            a.own = CLIENT;
            assertThat(room.apply(state(8, "1"), a, CLAIM, 0)).as("b answers").isNull();
            assertThat(room.apply(state(9, "2"), a, false, 0)).isNull();
            assertThat(room.settle(Awareness.ANSWER_MS)).isEmpty();
            AwarenessState removal = switch (way) {
                case 0 -> room.removeOwner(b, 3_000).get(0);
                case 1 -> room.apply(gone(6), b, false, 3_000);
                case 2 -> room.expire(expired).get(0);
                default -> {
                    room.apply(new AwarenessState(8, 1, "\"" + "x".repeat(2_000) + "\""), a, false, 0);
                    room.apply(state(6, "\"" + "x".repeat(3_000) + "\""), b, false, 0);
                    yield room.shrink(3_000).get(0);
                }
            };
            assertThat(removal).as("way %d", way).isEqualTo(gone(way % 2 == 0 ? 5 : 6));
            assertThat(room.takeReminders())
                    .as("way %d: one for who was kept out alone", way)
                    .containsExactly(new AwarenessReminder<>(a, gone(9)));
            assertThat(room.apply(state(10, "2"), a, false, expired))
                    .as("its answer")
                    .isEqualTo(state(10, "2"));
        }
    }

    @Test
    void claimant_thatLeavesClaimsNothing() {
        apply(state(5, "1"), a);
        a.alive = false;
        awareness.apply(state(6, "b"), b, CLAIM, 0);
        assertThat(awareness.removeOwner(b, 1)).isEmpty();
        assertThat(after(2_000)).isEmpty();
        assertThat(awareness.owner(CLIENT)).isSameAs(a);
    }

    @Test
    void stateOfAnotherNode_isNotTakenFromASocketHereThatAnswers() {
        apply(state(5, "1"), a);
        assertThat(apply(state(6, "x"), node)).isNull();
        assertThat(a.pings).isEqualTo(1);
        assertThat(after(2_000)).isEmpty();
        assertThat(reminded(a))
                .as("is to say it above what the other node says")
                .isEqualTo(gone(6));
        assertThat(apply(state(7, "1"), a)).isEqualTo(state(7, "1"));

        a.alive = false;
        apply(state(9, "y"), node);
        assertThat(after(4_000)).containsExactly(state(9, "y"));
        assertThat(awareness.owner(CLIENT)).isSameAs(node);
    }

    @Test
    void claimThatAnotherNodeAsksFor_isAnsweredOrYieldedTo() {
        apply(state(5, "1"), a);
        awareness.claimedElsewhere(CLIENT, node, 0);
        assertThat(after(2_000)).isEmpty();
        assertThat(reminded(a)).isEqualTo(gone(5));
        assertThat(apply(state(6, "1"), a)).isEqualTo(state(6, "1"));
        a.alive = false;
        awareness.claimedElsewhere(CLIENT, node, 3_000);
        assertThat(after(5_000)).isEmpty();
        assertThat(apply(state(8, "there"), node)).isEqualTo(state(8, "there"));
    }

    @Test
    void claimOfWhatAnotherNodeHas_endsWhenThatNodeSpeaks_andElseSucceedsAfterThreeSeconds() {
        apply(state(5, "1"), node);
        awareness.apply(state(5, "1"), a, CLAIM, 0);
        assertThat(node.pings).isEqualTo(1);
        assertThat(apply(state(6, "1"), node)).isNotNull();
        assertThat(awareness.isContested()).isFalse();

        awareness.apply(state(6, "1"), b, CLAIM, 0);
        assertThat(after(2_999)).isEmpty();
        assertThat(after(3_000)).as("the same for everybody").isEmpty();
        assertThat(awareness.owner(CLIENT)).isSameAs(b);
        assertThat(apply(state(8, "1"), node)).as("it had it all along").isNotNull();
        assertThat(awareness.owner(CLIENT)).isSameAs(node);
    }

    // ---- bounds

    @Test
    void bounds_takeFromTheOwnerThatHasMost() {
        Awareness<FakeOwner> small = new Awareness<>(new AwarenessBounds(20_000, 1_000, true));
        FakeOwner flooder = FakeOwner.socket(100);
        small.apply(state(1, "1"), a, false, 0);
        for (int i = 0; i < 100; i++) {
            small.apply(new AwarenessState(100 + i, 1, '"' + "x".repeat(500) + '"'), flooder, false, 0);
            small.shrink(0);
            assertThat(small.memory()).isLessThanOrEqualTo(20_000);
        }
        assertThat(small.isPresent(CLIENT)).isTrue();
        assertThat(small.states()).as("a character of Latin-1 takes one byte").hasSizeBetween(20, 30);
        small.removeOwner(flooder, 0);
        small.expire(REMEMBERED);
        small.removeOwner(a, 0);
        small.expire(2 * REMEMBERED);
        assertThat(small.isEmpty()).isTrue();
        assertThat(small.memory()).isZero();
    }

    @Test
    void bounds_countStatesToo_andRememberedOnesGoFirst() {
        Awareness<FakeOwner> small = new Awareness<>(new AwarenessBounds(1 << 20, 3, true));
        FakeOwner guest = FakeOwner.socket(9);
        small.apply(new AwarenessState(1, 1, "1"), guest, false, 0);
        small.removeOwner(guest, 0);
        for (int i = 2; i < 5; i++) {
            small.apply(new AwarenessState(i, 1, "1"), a, false, 0);
        }
        assertThat(small.shrink(0)).isEmpty();
        assertThat(small.states()).hasSize(3);
        small.apply(new AwarenessState(9, 1, "1"), b, false, 0);
        assertThat(small.shrink(0)).hasSize(1);
        assertThat(small.isPresent(9)).isTrue();
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
    void claim_withTheSameClockTakesTheStateOverWhenTheOldSocketEnds() {
        apply(state(5, "1"), a);
        a.alive = false;
        assertThat(awareness.apply(state(5, "1"), b, CLAIM, 1))
                .as("no news for anyone")
                .isNull();

        assertThat(awareness.removeOwner(a, 2)).as("the old socket ends later").isEmpty();
        assertThat(awareness.states()).containsExactly(state(5, "1"));
        assertThat(awareness.removeOwner(b, 3)).containsExactly(gone(5));
    }

    @Test
    void claim_withTheSameClockAndAnotherState_removesTheOldOne_andTheClientSaysItsOwnAboveThat() {
        apply(state(5, "1"), a);
        awareness.apply(state(5, "2"), b, CLAIM, 1);
        assertThat(awareness.removeOwner(a, 2)).containsExactly(gone(5));
        assertThat(apply(state(6, "2"), b)).isEqualTo(state(6, "2"));
    }

    @Test
    void claim_ofARemovedState_makesItsClientSayItAnew() {
        apply(state(5, "1"), a);
        awareness.removeOwner(a, 0);
        assertThat(awareness.apply(state(5, "1"), b, CLAIM, 1)).isNull();
        assertThat(reminded(b)).isEqualTo(gone(5));
        assertThat(apply(state(6, "1"), b)).isEqualTo(state(6, "1"));
        assertThat(awareness.takeReminders()).isEmpty();
    }

    /** Peers have removed the state with the server that ended, and refuse it at the same clock: this server knows of neither. */
    @Test
    void claimOnAServerThatHasJustOpenedTheRoom_makesItsClientSayItAnew() {
        assertThat(awareness.apply(state(5, "1"), a, CLAIM, 0)).isEqualTo(state(5, "1"));
        assertThat(reminded(a)).isEqualTo(gone(5));
        assertThat(apply(state(6, "1"), a)).isEqualTo(state(6, "1"));
        assertThat(awareness.apply(new AwarenessState(8, 5, "1"), b, CLAIM, REMEMBERED - 1))
                .isNotNull();
        assertThat(reminded(b)).isEqualTo(AwarenessState.removed(8, 5));
        assertThat(awareness.apply(new AwarenessState(9, 5, "1"), b, CLAIM, REMEMBERED))
                .isNotNull();
        assertThat(awareness.takeReminders()).as("later it knows who was here").isEmpty();
    }

    /** The twin of the test above: a peer that has seen the state removed, as y-protocols judges it. */
    @Test
    void stateThatItsClientDoesNotSayAnew_isRefusedByPeers() {
        long seen = 5;
        AwarenessState published = awareness.apply(state(5, "1"), a, CLAIM, 0);
        assertThat(published.clock()).as("refused").isLessThanOrEqualTo(seen);
        AwarenessState anew = apply(state(reminded(a).clock() + 1, "1"), a);
        assertThat(anew.clock()).as("accepted").isGreaterThan(seen);
    }

    @Test
    void stateThatIsNoClaim_orOfAnotherServer_remindsNobody() {
        apply(state(5, "1"), a);
        awareness.apply(new AwarenessState(8, 5, "1"), node, CLAIM, 0);
        awareness.apply(AwarenessState.removed(9, 5), b, CLAIM, 0);
        assertThat(awareness.takeReminders()).isEmpty();
    }

    /** A forged clock on another node hides nobody: nothing told the client that its clock is too low. */
    @Test
    void laterWordOfTheSocketThatClaimed_isAskedForAgainAfterARemovalThatNobodyHeardOf() {
        apply(state(9, "1"), node);
        apply(gone(9), node);
        assertThat(apply(gone(15), node)).as("it was gone already").isNull();
        a.own = CLIENT;
        assertThat(apply(state(10, "2"), b)).as("a stranger's word").isNull();
        assertThat(awareness.takeReminders()).isEmpty();
        assertThat(apply(state(10, "2"), a)).isNull();
        assertThat(reminded(a)).isEqualTo(gone(15));
        assertThat(apply(state(16, "2"), a)).isEqualTo(state(16, "2"));
        assertThat(awareness.states()).containsExactly(state(16, "2"));
    }

    @Test
    void whatIsUnderWayBeforeTheAnswer_isPassedOver() {
        b.own = CLIENT;
        apply(state(8, "1"), a);
        awareness.removeOwner(a, 0);
        assertThat(awareness.apply(state(5, "1"), b, CLAIM, 1)).isNull();
        assertThat(apply(state(6, "2"), b)).isNull();
        assertThat(apply(state(9, "2"), b)).as("its answer").isEqualTo(state(9, "2"));
        assertThat(apply(state(7, "late"), b)).isNull();
        assertThat(apply(gone(9), b)).isEqualTo(gone(9));
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
    void claim_ofWhatAnotherNodeHas_isNewerThanWhateverThatNodeSaysOfTheEnd() {
        apply(state(4, "1"), node);
        awareness.apply(state(4, "1"), a, CLAIM, 0);
        assertThat(apply(gone(4), node)).as("the other node's socket has ended").isNull();
        assertThat(awareness.owner(CLIENT)).isSameAs(a);
        assertThat(awareness.states()).containsExactly(state(4, "1"));

        assertThat(awareness.removeOwner(node, 0)).isEmpty();
        assertThat(awareness.states()).containsExactly(state(4, "1"));
        assertThat(apply(state(5, "2"), a)).isEqualTo(state(5, "2"));
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
    void removedElsewhere_remindsTheOwnerHere() {
        apply(state(4, "1"), a);
        awareness.removedElsewhere(CLIENT, 3);
        assertThat(awareness.takeReminders()).as("peers take its state").isEmpty();
        awareness.removedElsewhere(CLIENT, 9);
        assertThat(reminded(a)).isEqualTo(gone(9));
        assertThat(apply(state(5, "2"), a)).as("under way").isEqualTo(state(5, "2"));
        assertThat(apply(state(10, "2"), a)).isEqualTo(state(10, "2"));
        apply(new AwarenessState(8, 1, "1"), node);
        awareness.removedElsewhere(8, 20);
        awareness.removeOwner(a, 0);
        awareness.removedElsewhere(CLIENT, 20);
        assertThat(awareness.takeReminders()).as("nobody here has them").isEmpty();
    }

    @Test
    void claim_belowAClockThatTheClientNeverHeardOf_isToldOfIt() {
        apply(state(4, "1"), node);
        assertThat(apply(gone(9), node)).isEqualTo(gone(9));
        awareness.removeOwner(node, 0);
        assertThat(apply(state(4, "2"), a)).isNull();
        assertThat(awareness.apply(state(4, "2"), a, CLAIM, 0)).isNull();
        assertThat(reminded(a)).isEqualTo(gone(9));
    }
}
