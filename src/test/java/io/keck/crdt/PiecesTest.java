package io.keck.crdt;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.testing.Seeds;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What is read piece by piece is what is read as a whole, and no piece is large. */
class PiecesTest {
    private static final String FACE = "\ud83d\ude00";

    private static String joined(Iterator<String> pieces) {
        StringBuilder all = new StringBuilder();
        while (pieces.hasNext()) {
            String piece = pieces.next();
            assertThat(piece.length()).isBetween(1, 2 * TextRuns.PIECE);
            all.append(piece);
        }
        return all.toString();
    }

    private static List<Delta> runs(YText text) {
        List<Delta> all = new ArrayList<>();
        TextRuns runs = text.runs();
        while (runs.next()) {
            Object value = runs.value();
            if (runs.isText()) {
                StringBuilder run = new StringBuilder();
                for (String piece = runs.piece(); piece != null; piece = runs.piece()) {
                    run.append(piece);
                }
                value = run.toString();
            }
            all.add(Delta.insert(value, new LinkedHashMap<>(runs.attributes())));
        }
        return all;
    }

    @Test
    void aTextInPieces_isTheText() {
        long seed = Seeds.next("pieces");
        Random random = new Random(seed);
        for (int round = 0; round < 30; round++) {
            Doc doc = new Doc();
            YText text = doc.getText("t");
            for (int i = 0; i < 60; i++) {
                int at = random.nextInt(text.length() + 1);
                int rest = text.length() - at;
                switch (random.nextInt(6)) {
                    case 0 -> text.insert(at, ("a" + FACE).repeat(random.nextInt(9_000)));
                    case 1 -> text.insert(at, "plain", Map.of("bold", true, "n", random.nextInt(3)));
                    case 2 -> text.format(at, random.nextInt(rest + 1), Map.of("i", random.nextInt(2)));
                    case 3 -> text.insertEmbed(at, Map.of("image", i));
                    case 4 -> text.delete(at, random.nextInt(rest + 1) / 2);
                    default -> text.insert(at, "x");
                }
            }
            assertThat(joined(text.pieces())).as("seed %s", seed).isEqualTo(text.toString());
            assertThat(runs(text)).as("seed %s", seed).isEqualTo(text.toDelta());
        }
    }

    @Test
    void runsThatAreNotRead_arePassed() {
        YText text = new Doc().getText("t");
        text.insert(0, "a".repeat(3 * TextRuns.PIECE));
        text.insertEmbed(text.length(), "e");
        TextRuns runs = text.runs();
        assertThat(runs.next()).isTrue();
        assertThat(runs.piece()).hasSize(TextRuns.PIECE);
        assertThat(runs.next()).isTrue();
        assertThat(runs.isText()).isFalse();
        assertThat(runs.value()).isEqualTo("e");
        assertThat(runs.next()).isFalse();
    }

    @Test
    void anElementOfManyNodes_comesInPieces() {
        YXmlFragment fragment = new Doc().getXmlFragment("x");
        YXmlElement list = new YXmlElement("List");
        fragment.insert(0, List.of(list));
        StringBuilder expected = new StringBuilder("<list>");
        for (int i = 0; i < 2_000; i++) {
            YXmlElement item = new YXmlElement("item");
            item.setAttribute("n", String.valueOf(i));
            list.insert(i, List.of(item));
            expected.append("<item n=\"").append(i).append("\"></item>");
        }
        expected.append("</list>");
        assertThat(joined(fragment.pieces())).isEqualTo(expected.toString()).isEqualTo(fragment.toString());
    }

    /** In order of the indexes as strings, of which there may be millions. */
    @Test
    void theCharactersOfAFormat_areAttributes() {
        YXmlText text = new YXmlText();
        new Doc().getXmlFragment("x").insert(0, List.of(text));
        text.insert(0, "t", Map.of("f", "abcdefghijkl"));
        assertThat(text.toString())
                .isEqualTo(
                        "<f 0=\"a\" 1=\"b\" 10=\"k\" 11=\"l\" 2=\"c\" 3=\"d\" 4=\"e\" 5=\"f\" 6=\"g\" 7=\"h\" 8=\"i\""
                                + " 9=\"j\">t</f>");
    }

    @Test
    void mapsAndArrays_areReadOneByOne_andStepsAreCounted() {
        Doc doc = new Doc();
        YMap map = doc.getMap("m");
        YArray array = doc.getArray("a");
        for (int i = 0; i < 100; i++) {
            map.set("k" + i, i);
            array.push(List.of(i));
        }
        map.delete("k7");
        array.delete(3, 10);
        Map<String, Object> entries = new LinkedHashMap<>();
        long before = doc.walked();
        map.entries().forEachRemaining(entry -> entries.put(entry.getKey(), entry.getValue()));
        assertThat(doc.walked() - before).isEqualTo(100);
        assertThat(entries).isEqualTo(map.toMap());
        List<Object> elements = new ArrayList<>();
        before = doc.walked();
        array.elements().forEachRemaining(elements::add);
        assertThat(doc.walked() - before).isPositive();
        assertThat(elements).isEqualTo(array.toList());
    }
}
