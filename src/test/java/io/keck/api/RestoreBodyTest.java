package io.keck.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.keck.crdt.Doc;
import io.keck.crdt.YMap;
import io.keck.crdt.YXmlElement;
import io.keck.crdt.lib0.JsonValue;
import io.keck.failure.HistoryGone;
import io.keck.feed.ChangeLog;
import io.keck.history.DocumentVersions;
import io.keck.history.HistoryReader;
import io.keck.history.RestoreRequest;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Finds the rows that a request for a restoration names, and refuses malformed requests before anything is read. */
class RestoreBodyTest {
    private static final long MILLIS = 1_796_000_000_000L;

    /** A log whose row n was committed at n seconds after {@link #MILLIS}, kept from row 3 on; one version has a label. */
    private static final class FakeHistory implements HistoryReader, DocumentVersions {
        @Override
        public Range range(long roomId) {
            return new Range(3, MILLIS, 90, MILLIS);
        }

        @Override
        public long seqAt(long roomId, long millis) {
            if (millis < MILLIS + 3_000) {
                throw new HistoryGone(roomId, 3, 90);
            }
            return (millis - MILLIS) / 1_000;
        }

        @Override
        public Checkpoint base(long roomId, long seq) {
            throw new UnsupportedOperationException();
        }

        @Override
        public ChangeLog.Page rows(long roomId, long after, long upTo, long maxBytes) {
            throw new UnsupportedOperationException();
        }

        @Override
        public List<Session> activity(long roomId, long before, int limit, @Nullable String by) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Created create(long roomId, Wanted wanted) {
            throw new UnsupportedOperationException();
        }

        @Override
        public List<Version> list(long roomId, @Nullable Version before, int limit) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Optional<Version> find(long roomId, long id) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Optional<Version> labelled(long roomId, String label) {
            return label.equals("draft 1")
                    ? Optional.of(new Version(1, 20, label, true, false, "ann", MILLIS))
                    : Optional.empty();
        }

        @Override
        public boolean pin(long roomId, long id, boolean isPinned) {
            throw new UnsupportedOperationException();
        }

        @Override
        public boolean delete(long roomId, long id) {
            throw new UnsupportedOperationException();
        }
    }

    private static RestoreBody body(String json) {
        return RestoreBody.of(JsonValue.parse(json));
    }

    private static RestoreRequest rows(String json) {
        FakeHistory history = new FakeHistory();
        return body(json).rows(new Moments(history, history), 7, 90);
    }

    @Test
    void moments_areRowsTimesAndLabels() {
        assertThat(rows("{\"at\":12}")).isEqualTo(new RestoreRequest(true, 12, 12, null, null, null, null));
        String time = Instant.ofEpochMilli(MILLIS + 45_000).toString();
        assertThat(rows("{\"at\":\"" + time + "\"}").from()).isEqualTo(45);
        assertThat(rows("{\"at\":\"draft 1\"}").from()).isEqualTo(20);
        assertThat(rows("{\"from\":\"draft 1\"}")).isEqualTo(new RestoreRequest(false, 20, 90, null, null, null, null));
        assertThat(rows("{\"from\":5,\"to\":8,\"root\":\"t\"}"))
                .isEqualTo(new RestoreRequest(false, 5, 8, "t", null, null, null));
        assertThat(rows("{\"at\":5,\"by\":\"ann\",\"agent\":\"x\",\"block\":\"b\"}"))
                .isEqualTo(new RestoreRequest(false, 5, 90, null, "b", "ann", "x"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[]",
                "{}",
                "{\"by\":\"ann\"}",
                "{\"at\":1,\"from\":1}",
                "{\"at\":1,\"to\":1}",
                "{\"at\":-1}",
                "{\"at\":1.5}",
                "{\"at\":true}",
                "{\"at\":\"\"}",
                "{\"at\":1,\"root\":\"a\",\"block\":\"b\"}",
                "{\"at\":1,\"root\":7}",
                "{\"at\":1,\"preview\":\"yes\"}",
                "{\"at\":1,\"who\":\"ann\"}"
            })
    void malformedBodies_areRefused(String json) {
        Refusal refusal = catchThrowableOfType(Refusal.class, () -> body(json));
        assertThat(refusal.reply().status()).isEqualTo(400);
    }

    @Test
    void momentsThatAreNot_areRefused() {
        for (String json : List.of("{\"at\":\"no such label\"}", "{\"at\":91}")) {
            Refusal refusal = catchThrowableOfType(Refusal.class, () -> rows(json));
            assertThat(refusal.reply().status()).as(json).isEqualTo(404);
        }
        Refusal turned = catchThrowableOfType(Refusal.class, () -> rows("{\"from\":9,\"to\":8}"));
        assertThat(turned.reply().status()).isEqualTo(400);
        assertThatThrownBy(() -> rows("{\"at\":\"2020-01-01T00:00:00+01:00\"}")).isInstanceOf(HistoryGone.class);
    }

    @Test
    void blocks_areFoundByIdAndByAttribute() {
        Doc doc = new Doc();
        doc.getMap("space:blocks").set("b1", YMap.of(Map.of("k", 1)));
        YXmlElement group = new YXmlElement("blockGroup");
        doc.getXmlFragment("page").insert(0, group);
        YXmlElement block = new YXmlElement("blockContainer");
        group.insert(0, block);
        block.setAttribute("id", "b2");
        assertThat(BlockFinder.find(doc, "b1")).isInstanceOf(YMap.class);
        assertThat(BlockFinder.find(doc, "b2")).isSameAs(block);
        assertThat(BlockFinder.find(doc, "b3")).isNull();
    }
}
