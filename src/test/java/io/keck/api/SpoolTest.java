package io.keck.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.crdt.Doc;
import io.keck.crdt.YText;
import io.keck.room.Reading;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Answers that are too large for memory. */
class SpoolTest {
    private static final int KIB = 1 << 10;
    private static final String US = "192.0.2.1";
    private static final String THEM = "192.0.2.2";

    @TempDir
    Path folder;

    private Spools spools() {
        return new Spools(folder, 1_000 * KIB, 600 * KIB);
    }

    private static Spool filled(Spools spools, String address, int kib) {
        Spool spool = spools.open(address);
        byte[] bytes = new byte[KIB];
        for (int i = 0; i < kib; i++) {
            bytes[0] = (byte) i;
            spool.write(bytes, KIB);
        }
        return spool;
    }

    private static byte[] sent(Spool spool) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        spool.write(out);
        return out.toByteArray();
    }

    @Test
    void fewBytes_stayInMemory() {
        Spools spools = spools();
        try (Spool spool = filled(spools, US, 256)) {
            assertThat(Objects.requireNonNull(spool.bytes())).hasSize(256 * KIB);
            assertThat(spools.bytes()).isZero();
        }
    }

    @Test
    void pieces_areSentInTheirOrder_fromMemoryAndFromAFile() throws IOException {
        for (int kib : new int[] {100, 400}) {
            Spools spools = spools();
            Spool spool = filled(spools, US, kib);
            byte[] written = sent(filled(spools, THEM, kib));
            int third = kib * KIB / 3;
            int rest = kib * KIB - 2 * third;
            spool.inOrder(new long[] {2 * third, rest, third, third, 0, third});
            ByteArrayOutputStream expected = new ByteArrayOutputStream();
            expected.write(written, 2 * third, rest);
            expected.write(written, third, third);
            expected.write(written, 0, third);
            byte[] few = spool.bytes();
            assertThat(few == null).isEqualTo(kib > 256);
            if (few != null) {
                assertThat(few).isEqualTo(expected.toByteArray());
            }
            assertThat(sent(spool)).isEqualTo(expected.toByteArray());
            assertThat(spools.bytes()).isZero();
        }
    }

    @Test
    void manyBytes_waitInAFile_thatIsGoneWhenTheyAreSent() throws IOException {
        Spools spools = spools();
        Spool spool = filled(spools, US, 500);
        assertThat(spool.bytes()).isNull();
        assertThat(spools.bytes()).isEqualTo(500 * KIB);
        byte[] all = sent(spool);
        assertThat(all).hasSize(500 * KIB);
        for (int i = 0; i < 500; i++) {
            assertThat(all[i * KIB]).isEqualTo((byte) i);
        }
        assertThat(spools.bytes()).isZero();
        try (var left = Files.list(folder)) {
            assertThat(left).isEmpty();
        }
        spool.close();
        assertThat(spools.bytes()).isZero();
    }

    @Test
    void aClientThatGoesAway_leavesNothing() {
        Spools spools = spools();
        Spool spool = filled(spools, US, 500);
        assertThatThrownBy(() -> spool.write(new OutputStream() {
                    @Override
                    public void write(int b) throws IOException {
                        throw new IOException("gone");
                    }
                }))
                .hasMessage("gone");
        assertThat(spools.bytes()).isZero();
    }

    @Test
    void oneAddress_getsItsPartOnly_andAllTogetherNoMoreThanTheLimit() {
        Spools spools = spools();
        Spool first = filled(spools, US, 500);
        assertRefused(() -> filled(spools, US, 300));
        Spool other = filled(spools, THEM, 400);
        assertRefused(() -> filled(spools, "192.0.2.3", 300));
        assertThat(spools.refused()).isEqualTo(2);
        first.close();
        other.close();
        filled(spools, US, 500).close();
    }

    /** The twin: without the limit of memory all is in memory. */
    @Test
    void withoutTheLimit_anAnswerIsInMemoryAsAWhole() {
        Spools spools = new Spools(folder, 1_000 * KIB, 600 * KIB, Integer.MAX_VALUE);
        try (Spool spool = filled(spools, US, 5_000)) {
            assertThat(Objects.requireNonNull(spool.bytes())).hasSize(5_000 * KIB);
        }
    }

    @Test
    void aFolderThatIsNotThere_refusesLargeAnswersAlone() {
        Spools spools = new Spools(folder.resolve("none"), 1_000 * KIB, 600 * KIB);
        filled(spools, US, 200).close();
        assertRefused(() -> filled(spools, US, 300));
        assertThat(spools.bytes()).isZero();
    }

    private static void assertRefused(Runnable task) {
        assertThatThrownBy(task::run)
                .isInstanceOfSatisfying(
                        Refusal.class, e -> assertThat(e.reply().status()).isEqualTo(503));
    }

    // ------------------------------------------------------------------ what is written into them

    /** A text whose long format is repeated for each of its runs: a small document with a large answer. */
    private static YText repeated(Doc doc, int runs) {
        YText text = doc.getText("t");
        for (int i = 0; i < runs; i++) {
            text.insert(text.length(), "x", Map.of("long", "y".repeat(KIB), "n", i));
        }
        return text;
    }

    @Test
    void aReading_stopsAfterItsSteps_andWritesTheSameInParts() throws IOException {
        Doc doc = new Doc();
        doc.getMap("m").set("t", "\ud83d\ude00\u0000\"x\\");
        for (int i = 0; i < 1_000; i++) {
            doc.getMap("m").set("k" + i, Map.of("n", i));
        }
        Object value = doc.getMap("m");
        JsonReading reading = new JsonReading(doc, 200, value, spools().open(US));
        int parts = 1;
        while (!reading.goOn(7)) {
            parts++;
            assertThat(reading.steps()).isLessThan(7L * parts + 100);
        }
        assertThat(parts).isGreaterThan(100);
        assertThat(((Reply.Bytes) reading.result().body()).bytes()).isEqualTo(JsonText.of(value));
    }

    @Test
    void theBytesOfAnAnswer_countAsSteps() throws IOException {
        Doc doc = new Doc();
        YText text = repeated(doc, 300);
        Spools spools = spools();
        JsonReading reading = new JsonReading(
                doc,
                200,
                Map.of(
                        "d",
                        text.toDelta().stream()
                                .map(step -> ((io.keck.crdt.Delta.Insert) step).attributes())
                                .toList()),
                spools.open(US));
        assertThat(reading.goOn(Long.MAX_VALUE)).isTrue();
        assertThat(reading.steps()).isGreaterThan(300 * KIB / 16);
        Reply reply = reading.result();
        assertThat(spools.bytes()).isGreaterThan(300 * KIB);
        assertThat(new String(sent(((Reply.Spooled) reply.body()).spool()), StandardCharsets.UTF_8))
                .contains("\"n\":299");
        assertThat(spools.bytes()).isZero();
    }

    @Test
    void aReadingThatIsGivenUp_leavesNothing() {
        Spools spools = spools();
        Doc doc = new Doc();
        doc.getText("t").insert(0, "x".repeat(500 * KIB));
        Reading<Reply> reading = Reply.json(doc.getText("t")).reading(doc, spools.open(US));
        while (spools.bytes() == 0) {
            assertThat(reading.goOn(1_000)).isFalse();
        }
        reading.giveUp();
        assertThat(spools.bytes()).isZero();
    }

    /** Half of a surrogate pair at the end of a piece belongs to the next one. */
    @Test
    void aPairThatIsCutBetweenPieces_isOneCharacter() {
        assertThat(new String(
                        JsonText.of(new JsonText.Pieces(java.util.List.of("a\ud83d", "\ude00b", "\ud83d")
                                .iterator())),
                        StandardCharsets.UTF_8))
                .isEqualTo("\"a\ud83d\ude00b\ufffd\"");
    }
}
