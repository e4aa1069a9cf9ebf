package io.keck.crdt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class YTextTest {
    private static final Map<String, Object> BOLD = Map.of("b", true);

    private final Doc doc = new Doc();
    private final YText text = doc.getText("t");

    private static Map<String, Object> none(String key) {
        Map<String, Object> map = new java.util.HashMap<>();
        map.put(key, null);
        return map;
    }

    @Test
    void insertAndDelete_anywhere() {
        text.insert(0, "world");
        text.insert(0, "hello ");
        text.insert(11, "!");
        text.delete(0, 1);
        text.insert(0, "H");
        assertThat(text).hasToString("Hello world!");
        assertThat(text.length()).isEqualTo(12);
    }

    @Test
    void randomEdits_areThoseOfAStringBuilder() {
        Random random = new Random(1);
        StringBuilder model = new StringBuilder();
        for (int i = 0; i < 20_000; i++) {
            if (model.length() == 0 || random.nextInt(5) > 1) {
                int at = random.nextInt(model.length() + 1);
                String word = Integer.toString(i, 36);
                text.insert(at, word);
                model.insert(at, word);
            } else {
                int at = random.nextInt(model.length());
                int length = Math.min(model.length() - at, 1 + random.nextInt(8));
                text.delete(at, length);
                model.delete(at, at + length);
            }
        }
        assertThat(text.toString()).isEqualTo(model.toString());
        assertThat(text.length()).isEqualTo(model.length());
    }

    @Test
    void indexOutOfRange_isRefusedAndChangesNothing() {
        text.insert(0, "abc");
        byte[] before = doc.encodeStateAsUpdate();
        for (Runnable bad : List.<Runnable>of(
                () -> text.insert(4, "x"),
                () -> text.insert(-1, "x"),
                () -> text.insertEmbed(4, Map.of()),
                () -> text.delete(0, 4),
                () -> text.delete(2, -1),
                () -> text.delete(-1, 1),
                () -> text.format(1, 3, BOLD),
                () -> text.applyDelta(List.of(Delta.retain(3), Delta.delete(1))),
                () -> text.applyDelta(List.of(Delta.retain(-1))))) {
            assertThatThrownBy(bad::run).isInstanceOf(IndexOutOfBoundsException.class);
        }
        assertThat(doc.encodeStateAsUpdate()).isEqualTo(before);
    }

    @Test
    void formatThatIsNoJson_isRefusedAndChangesNothing() {
        text.insert(0, "abc");
        byte[] before = doc.encodeStateAsUpdate();
        assertThatThrownBy(() -> text.format(0, 1, Map.of("b", new Object())))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> text.insert(0, "x", Map.of("b", BigInteger.ONE)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(doc.encodeStateAsUpdate()).isEqualTo(before);
    }

    @Test
    void formats_beginEndAndAreInherited() {
        text.insert(0, "abcd");
        text.format(1, 2, BOLD);
        assertThat(text.toDelta()).containsExactly(Delta.insert("a"), Delta.insert("bc", BOLD), Delta.insert("d"));
        text.insert(2, "X");
        assertThat(text.toDelta()).containsExactly(Delta.insert("a"), Delta.insert("bXc", BOLD), Delta.insert("d"));
        text.insert(2, "-", Map.of());
        assertThat(text.toDelta())
                .containsExactly(
                        Delta.insert("a"),
                        Delta.insert("b", BOLD),
                        Delta.insert("-"),
                        Delta.insert("Xc", BOLD),
                        Delta.insert("d"));
        text.format(0, text.length(), none("b"));
        assertThat(text.toDelta()).containsExactly(Delta.insert("ab-Xcd"));
    }

    @Test
    void deltaOfEmbedsAndTypes_isApplied() {
        YText inner = new YText("inner");
        text.applyDelta(List.of(
                Delta.insert("a", BOLD), Delta.insert(Map.of("image", 1.0)), Delta.insert(inner), Delta.insert("z")));
        assertThat(text.length()).isEqualTo(4);
        assertThat(text.toString()).isEqualTo("az");
        assertThat(inner.toString()).isEqualTo("inner");
        assertThat(inner.parent()).isSameAs(text);
        assertThat(text.toDelta().get(1)).isEqualTo(Delta.insert(Map.of("image", 1.0)));
        text.applyDelta(List.of(Delta.retain(1, none("b")), Delta.delete(2)));
        assertThat(text.toDelta()).containsExactly(Delta.insert("az"));
        assertThat(inner.isDeleted()).isTrue();
    }

    @Test
    void cutSurrogatePair_isReplaced() {
        text.insert(0, "a😀b");
        assertThat(text.length()).isEqualTo(4);
        text.insert(2, "x");
        assertThat(text).hasToString("a\ufffdx\ufffdb");
        Doc other = new Doc();
        other.applyUpdate(doc.encodeStateAsUpdate());
        assertThat(other.getText("t")).hasToString(text.toString());
    }

    @Test
    void editThatChangesNothing_cutsNoPair() {
        text.insert(0, "😀");
        text.format(1, 1, none("b"));
        assertThat(text).hasToString("😀");
        text.delete(1, 1);
        assertThat(text).hasToString("\ufffd");
    }

    @Test
    void loneSurrogate_isReplaced() {
        text.insert(0, "a\ud83d");
        assertThat(text).hasToString("a\ufffd");
    }

    @Test
    void attributesOfTheWhole_areBesideTheText() {
        text.setAttribute("lang", "de");
        text.insert(0, "x");
        assertThat(text.getAttributes()).isEqualTo(Map.of("lang", "de"));
        text.removeAttribute("lang");
        assertThat(text.getAttribute("lang")).isNull();
        assertThat(text.length()).isEqualTo(1);
    }

    @Test
    void preliminaryText_isEditedBeforeItIsInserted() {
        YText made = new YText("abc");
        made.format(0, 2, BOLD);
        made.delete(2, 1);
        assertThat(made.length()).isEqualTo(2);
        assertThatThrownBy(() -> made.insert(3, "x")).isInstanceOf(IndexOutOfBoundsException.class);
        doc.getMap("m").set("text", made);
        assertThat(made.toDelta()).containsExactly(Delta.insert("ab", BOLD));
    }

    @Test
    void copy_hasTheSameContentAndIsFree() {
        text.insert(0, "ab");
        text.format(0, 1, BOLD);
        YText copy = text.copy();
        doc.getMap("m").set("copy", copy);
        text.insert(0, "x");
        assertThat(copy.toDelta()).containsExactly(Delta.insert("a", BOLD), Delta.insert("b"));
    }

    @Test
    void deletingAcrossFormats_leavesNoMarksBehind() {
        text.insert(0, "abc");
        text.format(1, 1, BOLD);
        text.delete(1, 1);
        assertThat(text.toDelta()).containsExactly(Delta.insert("ac"));
        text.insert(1, "x");
        assertThat(text.toDelta()).containsExactly(Delta.insert("axc"));
    }

    /** Two editors make the same text bold: one pair of marks does nothing, but deleting it is an editor's business. */
    @Test
    void updatesOfOthers_areNeverCleanedUp() {
        text.insert(0, "abc");
        Doc other = new Doc();
        other.applyUpdate(doc.encodeStateAsUpdate());
        other.getText("t").format(0, 3, BOLD);
        text.format(0, 3, BOLD);
        doc.onUpdate((update, transaction) -> {
            assertThat(transaction.isLocal()).isFalse();
            assertThat(transaction.deletes().isEmpty()).isTrue();
        });
        doc.applyUpdate(other.encodeStateAsUpdate());
        assertThat(doc.deletes().isEmpty()).isTrue();
        assertThat(text.toDelta()).containsExactly(Delta.insert("abc", BOLD));
    }
}
