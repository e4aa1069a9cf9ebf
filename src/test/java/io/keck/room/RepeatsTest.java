package io.keck.room;

import static io.keck.room.World.ROOM;
import static org.assertj.core.api.Assertions.assertThat;

import io.keck.crdt.Doc;
import io.keck.crdt.store.Update;
import io.keck.failure.Refused;
import io.keck.failure.RoomMissing;
import io.keck.failure.Unavailable;
import io.keck.room.Documents.Answer;
import io.keck.room.FlakyLog.Outcome;
import io.keck.testing.OpenDocuments;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests that come again under their key on another node, after the document has got another life. */
class RepeatsTest extends SeveralNodes {
    private static final RequestKey KEY = new RequestKey("k", "1 this");
    private static final RequestKey OTHER = new RequestKey("k", "1 other");

    private final World a = node(Twin.NONE);
    private final World b = node(Twin.NONE);

    private static String text(Doc doc) {
        return doc.getText("t").toString();
    }

    private static Update content(String text) {
        Doc doc = new Doc();
        doc.getText("t").insert(0, text);
        return Update.decode(doc.encodeStateAsUpdate());
    }

    private static CompletionStage<Optional<Answer<byte[]>>> force(World node, String text, RequestKey key) {
        return OpenDocuments.of(node.rooms).init(ROOM, content(text), true, key);
    }

    private static CompletionStage<Answer<String>> write(World node, String text, RequestKey key) {
        return OpenDocuments.of(node.rooms)
                .write(ROOM, key, doc -> doc.getText("t").insert(0, text), RepeatsTest::text);
    }

    private String read(World node) {
        return now(OpenDocuments.of(node.rooms).read(ROOM, false, RepeatsTest::text))
                .value();
    }

    @Test
    void edit_isNotCarriedOutInTheNextLife() {
        now(force(a, "first", null));
        now(write(a, "x", KEY));
        now(force(b, "second", null));
        for (World node : List.of(a, b)) {
            assertThat(now(write(node, "x", KEY)).value()).isEqualTo("second");
            assertThat(failure(write(node, "x", OTHER))).isInstanceOf(Refused.class);
            assertThat(read(node)).isEqualTo("second");
        }
        now(OpenDocuments.of(b.rooms).delete(ROOM));
        assertThat(failure(write(a, "x", KEY))).isInstanceOf(RoomMissing.class);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void deletionOfUnknownOutcome_isNotCarriedOutAgain_unlessItsKeyIsForgotten(boolean isKept) {
        now(force(a, "first", null));
        assertThat(read(b)).isEqualTo("first");
        a.way.forgetsKeys = !isKept;
        b.way.forgetsKeys = !isKept;
        a.way.once(Outcome.UNKNOWN);
        assertThat(failure(OpenDocuments.of(a.rooms).delete(ROOM, KEY)))
                .isInstanceOfSatisfying(
                        Unavailable.class, e -> assertThat(e.isOutcomeUnknown()).isTrue());
        now(OpenDocuments.of(b.rooms).init(ROOM, content("second"), false, null));
        assertThat(now(OpenDocuments.of(a.rooms).delete(ROOM, KEY))).isEqualTo(!isKept);
        assertThat(log.knowsName(ROOM)).isEqualTo(isKept);
        if (isKept) {
            assertThat(read(a)).isEqualTo("second");
            assertThat(read(b)).isEqualTo("second");
            assertThat(failure(OpenDocuments.of(b.rooms).delete(ROOM, OTHER))).isInstanceOf(Refused.class);
        }
    }

    /** The node that deleted the document went away before it told the others; their sockets hear of it by the repeat. */
    @Test
    void repeatedDeletion_endsTheLifeThatIsLoadedHere() {
        now(force(a, "first", null));
        FakeClient client = b.client();
        client.connect(b.rooms, ROOM);
        settle();
        assertThat(client.isConnected()).isTrue();
        a.way.once(Outcome.UNKNOWN);
        failure(OpenDocuments.of(a.rooms).delete(ROOM, KEY));
        assertThat(now(OpenDocuments.of(b.rooms).delete(ROOM, KEY))).isFalse();
        assertThat(client.isConnected()).isFalse();
    }

    @Test
    void forcedInitOfUnknownOutcome_replacesNothingAgain() {
        now(force(a, "first", null));
        a.way.once(Outcome.UNKNOWN);
        failure(force(a, "second", KEY));
        now(write(b, "and ", null));
        for (World node : List.of(a, b)) {
            Answer<byte[]> again = now(force(node, "second", KEY)).orElseThrow();
            Doc told = new Doc();
            told.applyUpdate(again.value());
            assertThat(text(told)).isEqualTo("and second");
            assertThat(failure(force(node, "third", OTHER))).isInstanceOf(Refused.class);
        }
        assertThat(read(a)).isEqualTo("and second");
        now(OpenDocuments.of(a.rooms).delete(ROOM));
        assertThat(failure(force(b, "second", KEY))).isInstanceOf(RoomMissing.class);
        assertThat(log.knowsName(ROOM)).isFalse();
    }

    @Test
    void repeatWhoseAnswerCannotBeRead_isNoInitThatWasNotDone() {
        now(force(a, "first", KEY));
        a.way.outcome = () -> a.way.calls.get(a.way.calls.size() - 1).equals("init") ? Outcome.OK : Outcome.FAIL;
        CompletionStage<Optional<Answer<byte[]>>> again = force(a, "first", KEY);
        settle();
        for (int i = 0; i < 20 && !again.toCompletableFuture().isDone(); i++) {
            a.now += 10_000;
            a.rooms.tick();
            settle();
        }
        assertThat(failure(again))
                .isInstanceOfSatisfying(
                        Unavailable.class, e -> assertThat(e.isOutcomeUnknown()).isTrue());
    }

    @Test
    void creation_isNotRepeated() {
        OpenDocuments documents = OpenDocuments.of(a.rooms);
        assertThat(now(documents.create(ROOM, KEY, RepeatsTest::text)).value()).isEmpty();
        now(write(b, "x", null));
        assertThat(now(documents.create(ROOM, KEY, RepeatsTest::text)).value()).isEqualTo("x");
        assertThat(now(documents.create(ROOM, new RequestKey("new", "1 this"), RepeatsTest::text))
                        .value())
                .as("it is there")
                .isEqualTo("x");
        assertThat(failure(documents.create(ROOM, OTHER, RepeatsTest::text))).isInstanceOf(Refused.class);
        now(documents.delete(ROOM));
        for (String key : List.of("k", "new")) {
            assertThat(failure(documents.create(ROOM, new RequestKey(key, "1 this"), RepeatsTest::text)))
                    .isInstanceOf(RoomMissing.class);
        }
        assertThat(log.knowsName(ROOM)).isFalse();
    }

    /** Edits with keys share a fork: one that turns out to be a repeat, or another's request, takes no other with it. */
    @Test
    void editsAfterARepeat_onTheSameFork_areMade() {
        now(OpenDocuments.of(a.rooms).create(ROOM, doc -> 1));
        now(write(a, "x", KEY));
        CompletionStage<Answer<String>> repeat = write(a, "x", KEY);
        CompletionStage<Answer<String>> next = write(a, "y", new RequestKey("k2", "1 next"));
        CompletionStage<Answer<String>> taken = write(a, "q", OTHER);
        CompletionStage<Answer<String>> last = write(a, "z", new RequestKey("k3", "1 last"));

        assertThat(failure(taken)).isInstanceOf(Refused.class);
        now(repeat);
        assertThat(now(next).value()).contains("y");
        assertThat(now(last).value()).contains("z");
        assertThat(read(b)).hasSize(3).contains("x").contains("y").contains("z");
        assertThat(now(write(a, "z", new RequestKey("k3", "1 last"))).value())
                .as("made once")
                .hasSize(3);
    }
}
