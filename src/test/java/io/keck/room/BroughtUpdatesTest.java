package io.keck.room;

import static io.keck.room.World.ROOM;
import static org.assertj.core.api.Assertions.assertThat;

import io.keck.access.Allowance;
import io.keck.access.Caller;
import io.keck.access.Grant;
import io.keck.access.Limits;
import io.keck.access.Principal;
import io.keck.access.Right;
import io.keck.access.Rule;
import io.keck.access.Rules;
import io.keck.crdt.Doc;
import io.keck.crdt.store.Update;
import io.keck.failure.OtherLife;
import io.keck.failure.Refused;
import io.keck.failure.RoomMissing;
import io.keck.failure.Unavailable;
import io.keck.protocol.AwarenessState;
import io.keck.room.Documents.Answer;
import io.keck.room.FlakyLog.Outcome;
import io.keck.testing.Grants;
import io.keck.testing.OpenDocuments;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/** Updates of back ends by life and by key, and the list of documents. */
class BroughtUpdatesTest extends SeveralNodes {
    private static final RequestKey KEY = new RequestKey("k", "1 this");
    private static final RequestKey OTHER = new RequestKey("k", "1 other");

    private final World a = node(Twin.NONE);
    private final World b = node(Twin.NONE);

    private static Update content(String text) {
        Doc doc = new Doc();
        doc.getText("t").insert(0, text);
        return Update.decode(doc.encodeStateAsUpdate());
    }

    private static CompletionStage<Answer<Boolean>> bring(World node, Update update, long epoch, RequestKey key) {
        return node.rooms.documents().update(Grants.on(ROOM), update, Allowance.ALL, epoch, key);
    }

    private String read(World node) {
        return now(OpenDocuments.of(node.rooms)
                        .read(ROOM, false, doc -> doc.getText("t").toString()))
                .value();
    }

    private long create(World node) {
        return now(OpenDocuments.of(node.rooms).create(ROOM, doc -> 1)).roomId();
    }

    @Test
    void updateOfAnotherLife_isRefusedOnEveryNode() {
        long first = create(a);
        assertThat(now(bring(b, content("x"), first, null)).value()).isTrue();
        now(OpenDocuments.of(a.rooms).delete(ROOM));
        long second = create(a);
        for (World node : List.of(a, b)) {
            assertThat(failure(bring(node, content("y"), first, null)))
                    .isInstanceOfSatisfying(
                            OtherLife.class, other -> assertThat(other.roomId()).isEqualTo(second));
            assertThat(read(node)).isEmpty();
        }
    }

    @Test
    void repeatUnderAKey_isNotCarriedOutInTheNextLife() {
        long first = create(a);
        Update update = content("x");
        assertThat(now(bring(a, update, Documents.ANY_LIFE, KEY)).value()).isTrue();
        assertThat(now(bring(b, update, Documents.ANY_LIFE, KEY)).value()).isTrue();
        assertThat(failure(bring(b, content("y"), Documents.ANY_LIFE, OTHER))).isInstanceOf(Refused.class);
        assertThat(read(b)).isEqualTo("x");
        now(OpenDocuments.of(b.rooms).delete(ROOM));
        create(b);
        for (World node : List.of(a, b)) {
            Answer<Boolean> again = now(bring(node, update, Documents.ANY_LIFE, KEY));
            assertThat(again.roomId()).isEqualTo(first);
            assertThat(read(node)).isEmpty();
        }
        assertThat(failure(bring(a, update, Documents.ANY_LIFE, null)))
                .as("without a key it is a copy of the ended life")
                .isInstanceOf(RoomMissing.class);
        assertThat(now(bring(a, content("new"), Documents.ANY_LIFE, null)).value())
                .isTrue();
        assertThat(read(b)).isEqualTo("new");
    }

    @Test
    void updateWhoseKeyIsStoredAndWhoseCommitFails_isCarriedOutByTheRepeat() {
        create(a);
        Update update = content("x");
        int[] calls = {0};
        a.way.outcome = () -> {
            boolean isCommit = a.way.calls.get(a.way.calls.size() - 1).startsWith("append");
            return isCommit && calls[0]++ == 0 ? Outcome.FAIL : Outcome.OK;
        };
        CompletionStage<Answer<Boolean>> brought = bring(a, update, Documents.ANY_LIFE, KEY);
        assertThat(now(bring(b, update, Documents.ANY_LIFE, KEY)).value()).isTrue();
        assertThat(now(brought).value()).isTrue();
        assertThat(calls[0]).isPositive();
        assertThat(read(a)).isEqualTo("x");
        assertThat(read(b)).isEqualTo("x");
    }

    @Test
    void updateWhoseKeyCannotBeStored_isNotCarriedOut() {
        create(a);
        a.way.outcome = () -> a.way.calls.get(a.way.calls.size() - 1).equals("keep") ? Outcome.FAIL : Outcome.OK;
        assertThat(failure(bring(a, content("x"), Documents.ANY_LIFE, KEY)))
                .isInstanceOfSatisfying(
                        Unavailable.class,
                        failed -> assertThat(failed.isOutcomeUnknown()).isFalse());
        assertThat(read(b)).isEmpty();
    }

    @Test
    void presence_isThatOfTheClientsOfAllNodes() {
        create(a);
        FakeClient here = a.joined();
        FakeClient there = b.joined();
        here.point("{\"x\":1}");
        there.point("{\"y\":2}");
        settle();
        for (World node : List.of(a, b)) {
            assertThat(now(node.rooms.documents().presence(Grants.on(ROOM))).value())
                    .containsExactlyInAnyOrder(
                            new AwarenessState(here.id, 1, "{\"x\":1}"), new AwarenessState(there.id, 1, "{\"y\":2}"));
        }
        here.disconnect();
        settle();
        assertThat(now(b.rooms.documents().presence(Grants.on(ROOM))).value())
                .extracting(AwarenessState::client)
                .containsExactly(there.id);
    }

    private static Grant caller(Rule... rules) {
        return new Caller(
                        new Principal("alice", ""),
                        "",
                        new Rules(List.of(rules)),
                        Limits.NONE,
                        Map.of(),
                        0,
                        Caller.NEVER,
                        0)
                .on("");
    }

    private List<String> names(Grant grant, String prefix, int limit) {
        Documents.Names page = now(a.rooms.documents().list(grant, prefix, "", limit));
        List<String> all = new java.util.ArrayList<>();
        while (true) {
            assertThat(page.documents()).hasSizeLessThanOrEqualTo(limit);
            page.documents().forEach(one -> all.add(one.name()));
            if (page.next() == null) {
                return all;
            }
            page = now(a.rooms.documents().list(grant, prefix, page.next(), limit));
        }
    }

    @Test
    void list_hasWhatTheCallerMayRead() {
        for (String name : List.of("a/1", "a/2", "a/secret", "b/1", "b/open/1", "c")) {
            now(b.rooms.documents().create(Grants.on(name), doc -> 1));
        }
        Set<Right> read = Set.of(Right.READ);
        Grant some = caller(
                new Rule("a/*", read),
                new Rule("a/secret", Set.of(Right.WRITE)),
                new Rule("b/*", Set.of()),
                new Rule("b/open/*", read),
                new Rule("c", read),
                new Rule("none", read));
        for (int limit : new int[] {1, 2, 100}) {
            assertThat(names(some, "", limit)).containsExactly("a/1", "a/2", "b/open/1", "c");
            assertThat(names(some, "b", limit)).containsExactly("b/open/1");
            assertThat(names(Grants.on(""), "", limit)).hasSize(6);
            assertThat(names(caller(), "", limit)).isEmpty();
        }
    }
}
