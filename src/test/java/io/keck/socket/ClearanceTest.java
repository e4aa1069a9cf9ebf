package io.keck.socket;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.access.Caller;
import io.keck.access.Decision;
import io.keck.access.Fault;
import io.keck.access.Grant;
import io.keck.access.Purpose;
import io.keck.access.Right;
import io.keck.access.Visit;
import io.keck.crdt.store.StateVector;
import io.keck.crdt.store.Update;
import io.keck.protocol.CloseReason;
import io.keck.protocol.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What a connection may send, by the rights of its grant. */
class ClearanceTest {
    private static final Message STEP1 = new Message.SyncStep1(StateVector.EMPTY);
    private static final Message STEP2 = new Message.SyncStep2(decoded());
    private static final Message UPDATE = new Message.SyncUpdate(decoded());
    private static final Message AWARENESS = new Message.AwarenessUpdate(List.of());
    private static final Message QUERY = new Message.QueryAwareness();
    private static final List<Message> ALL = List.of(STEP1, STEP2, UPDATE, AWARENESS, QUERY);

    private final List<byte[]> answers = new ArrayList<>();
    private final FakeVisit visit = new FakeVisit();

    private static Update decoded() {
        try {
            return Update.decode(new byte[] {0, 0});
        } catch (io.keck.crdt.lib0.DecodeException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Keeps whoever follows. */
    private static final class FakeVisit implements Visit {
        Visit.@Nullable Follower follower;
        boolean followed;

        @Override
        public Decision on(String document, @Nullable Purpose purpose) {
            return new Decision.Refused(Fault.FORBIDDEN);
        }

        @Override
        public Decision onServer(Right right) {
            return new Decision.Refused(Fault.FORBIDDEN);
        }

        @Override
        public @Nullable Ticket ticket(Grant grant, Purpose purpose, boolean once) {
            return null;
        }

        @Override
        public Runnable follow(Grant grant, Visit.Follower given, Right... needed) {
            follower = given;
            followed = true;
            return () -> followed = false;
        }
    }

    private static Grant grant(Right... rights) {
        return new Caller(
                        Caller.OPEN.principal(),
                        "",
                        io.keck.access.Rules.only("d", Set.of(rights)),
                        io.keck.access.Limits.NONE,
                        Map.of(),
                        0,
                        Caller.NEVER,
                        0)
                .on("d");
    }

    private List<Message> sent(Clearance clearance) {
        answers.clear();
        return clearance.allowed(ALL, answers::add);
    }

    @Test
    void openAccess_sendsEverythingAndCostsNothing() {
        Clearance open = Clearance.of(Visit.OPEN, Caller.OPEN.on("d"));
        assertThat(open.allowed(ALL, answers::add)).isSameAs(ALL);
        open.follow(reason -> {}, answers::add).run();
        assertThat(answers).isEmpty();
    }

    @Test
    void reader_isAnsweredAndRefusedItsUpdates() {
        assertThat(sent(Clearance.of(visit, grant(Right.READ, Right.PRESENT))))
                .containsExactly(STEP1, AWARENESS, QUERY);
        assertThat(answers).hasSize(1);
        assertThat(answers.get(0)).startsWith(2, 0);
    }

    /** A reader that counts what is saved counts its refused updates, too, so the room has to. */
    @Test
    void readerThatCounts_isRefusedItsUpdates_andTheRoomCountsThem() {
        Clearance clearance = Clearance.of(visit, grant(Right.READ, Right.PRESENT));
        List<Message> counted = clearance.allowed(clearance.counted(ALL, answers::add), answers::add);
        assertThat(counted)
                .containsExactly(
                        STEP1,
                        new Message.SyncRepeat(((Message.SyncStep2) STEP2).update(), true),
                        new Message.SyncRepeat(((Message.SyncUpdate) UPDATE).update(), false),
                        AWARENESS,
                        QUERY);
        assertThat(answers).hasSize(1);
        assertThat(clearance.counted(List.of(UPDATE)))
                .as("who does not count updates")
                .containsExactly(UPDATE);
    }

    @Test
    void withoutPresence_noCursorIsShown() {
        assertThat(sent(Clearance.of(visit, grant(Right.READ, Right.WRITE))))
                .containsExactly(STEP1, STEP2, UPDATE, QUERY);
        assertThat(answers).isEmpty();
    }

    @Test
    void grantThatWidens_asksForWhatWasTypedMeanwhile() {
        Clearance clearance = Clearance.of(visit, grant(Right.READ, Right.PRESENT));
        List<byte[]> frames = new ArrayList<>();
        clearance.follow(reason -> {}, frames::add);
        visit.follower.changed(grant(Right.READ, Right.PRESENT, Right.HISTORY));
        assertThat(frames).isEmpty();
        visit.follower.changed(grant(Right.READ, Right.PRESENT, Right.WRITE));
        assertThat(frames).containsExactly(new byte[][] {Message.step1(StateVector.EMPTY)});
        assertThat(sent(clearance)).isEqualTo(ALL);
        visit.follower.changed(grant(Right.READ, Right.PRESENT));
        assertThat(sent(clearance)).containsExactly(STEP1, AWARENESS, QUERY);
        assertThat(frames).hasSize(1);
    }

    @Test
    void grantThatEnds_sendsNothingMore() {
        Clearance clearance = Clearance.of(visit, grant(Right.READ, Right.PRESENT, Right.WRITE));
        List<CloseReason> closed = new ArrayList<>();
        Runnable unfollow = clearance.follow(closed::add, answers::add);
        visit.follower.ended(Fault.REVOKED);
        assertThat(closed).extracting(CloseReason::code).containsExactly(4401);
        assertThat(sent(clearance)).isEmpty();
        unfollow.run();
        assertThat(visit.followed).isFalse();
    }

    @Test
    void connectionThatShowsAnotherCredential_livesByThatOneAlone() {
        Clearance clearance = Clearance.of(visit, grant(Right.READ, Right.PRESENT));
        List<byte[]> frames = new ArrayList<>();
        List<CloseReason> closed = new ArrayList<>();
        Runnable unfollow = clearance.follow(closed::add, frames::add);
        Visit.Follower before = visit.follower;
        FakeVisit shown = new FakeVisit();
        clearance.renew(shown, grant(Right.READ, Right.PRESENT, Right.WRITE), () -> frames.add(new byte[] {113}));
        assertThat(frames).containsExactly(new byte[] {113}, Message.step1(StateVector.EMPTY));
        assertThat(visit.followed).as("the old one is watched no more").isFalse();
        assertThat(shown.followed).isTrue();
        assertThat(sent(clearance)).isEqualTo(ALL);
        before.ended(Fault.EXPIRED);
        before.changed(grant(Right.READ));
        assertThat(sent(clearance))
                .as("what is said of the old one does not count")
                .isEqualTo(ALL);
        assertThat(closed).isEmpty();
        shown.follower.ended(Fault.REVOKED);
        assertThat(closed).extracting(CloseReason::code).containsExactly(4401);
        unfollow.run();
        assertThat(shown.followed).isFalse();
    }

    @Test
    void connectionThatHasEnded_renewsNothing() {
        Clearance clearance = Clearance.of(visit, grant(Right.READ));
        clearance.follow(reason -> {}, answers::add).run();
        FakeVisit shown = new FakeVisit();
        clearance.renew(shown, grant(Right.READ, Right.WRITE), () -> {});
        assertThat(shown.followed).isFalse();
        assertThat(clearance.mayWrite()).isFalse();
    }

    @Test
    void everyFault_hasACode() {
        for (Fault fault : Fault.values()) {
            int code = Clearance.reason(fault).code();
            int expected = switch (fault.status()) {
                case 401 -> fault == Fault.STALE ? 1012 : 4401; // a client shows a newer one by itself
                case 403, 507 -> 4403;
                default -> 1013;
            };
            assertThat(code).as(fault.name()).isEqualTo(expected);
        }
    }

    @Test
    void connectionWithoutADecision_isRefused() {
        CloseReason refusal = Clearance.of((Object) null).refusal();
        assertThat(refusal).isNotNull();
        assertThat(refusal.code()).isEqualTo(4401);
    }
}
