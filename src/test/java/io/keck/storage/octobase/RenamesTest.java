package io.keck.storage.octobase;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.protocol.RoomName;
import io.keck.storage.octobase.Renames.Rename;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RenamesTest {
    @TempDir
    private Path dir;

    private List<Rename> read(String name, String text) throws IOException {
        return RenameFile.read(Files.writeString(dir.resolve(name), text));
    }

    @Test
    void oldAndNew_areDividedAtTheFirstEqualsSign() {
        assertThat(Rename.parse("a=b=c")).isEqualTo(new Rename("a", "b=c"));
        assertThat(Rename.parse("=b")).isEqualTo(new Rename("", "b"));
        assertThatThrownBy(() -> Rename.parse("ab")).hasMessageContaining("not of the form OLD=NEW");
    }

    @Test
    void jsonCsvAndTsv_mayNameAnything() throws IOException {
        List<Rename> expected = List.of(
                new Rename("new\nline", "new-line"),
                new Rename("a\"b,c\td", "quote"),
                new Rename("nul\u0000", "\u65e5\u672c"),
                new Rename("", "unnamed"));
        assertThat(read("a.json", """
                {"new\\nline": "new-line", "a\\"b,c\\td": "quote", "nul\\u0000": "\u65e5\u672c", "": "unnamed"}
                """)).isEqualTo(expected);
        assertThat(read("a.csv", "\"new\nline\",new-line\r\n\"a\"\"b,c\td\",quote\n\nnul\u0000,\u65e5\u672c\n,unnamed"))
                .isEqualTo(expected);
        assertThat(read(
                        "a.tsv",
                        "\"new\nline\"\tnew-line\n\"a\"\"b,c\td\"\tquote\nnul\u0000\t\"\u65e5\u672c\"\n\tunnamed\n"))
                .isEqualTo(expected);
        assertThat(read("empty.csv", "")).isEmpty();
        assertThat(read("empty.json", "{}")).isEmpty();
    }

    @Test
    void whatIsMalformed_isRefusedWithItsLine() {
        assertThatThrownBy(() -> read("a.txt", "a,b")).hasMessageContaining("must end with .json, .csv or .tsv");
        assertThatThrownBy(() -> read("a.csv", "a,b\nc\n")).hasMessageContaining("line 2: there are 1 fields");
        assertThatThrownBy(() -> read("a.csv", "a,b\n\"c,d\n")).hasMessageContaining("line 2: a quote is not closed");
        assertThatThrownBy(() -> read("a.csv", "a\"b,c")).hasMessageContaining("line 1: a quote stands inside");
        assertThatThrownBy(() -> read("a.csv", "\"a\"b,c"))
                .hasMessageContaining("line 1: a quoted field goes on after its closing quote");
        assertThatThrownBy(() -> read("a.json", "[]")).hasMessageContaining("not one JSON object");
        assertThatThrownBy(() -> read("a.json", "{\"a\":1}")).hasMessageContaining("is not a string");
        assertThatThrownBy(() -> read("a.json", "{\"a\":\"b\",\n\"a\":\"c\"}")).hasMessageContaining("line 2");
        assertThatThrownBy(() -> read("a.json", "{} {}")).hasMessageContaining("not one JSON object");
        assertThatThrownBy(() -> RenameFile.read(Files.write(dir.resolve("b.csv"), new byte[] {'a', ',', (byte) 0xff})))
                .hasMessageContaining("not in UTF-8");
    }

    @Test
    void namesThatCollide_areRefused() {
        assertThatThrownBy(() -> Renames.of(List.of(new Rename("a", "c"), new Rename("b", "c"))))
                .hasMessageContaining("\"a\" and \"b\" are both to be renamed to \"c\"");
        assertThatThrownBy(() -> Renames.of(List.of(new Rename("a", "b"), new Rename("a", "c"))))
                .hasMessageContaining("both to \"b\" and to \"c\"");
        assertThatThrownBy(() -> Renames.of(List.of(new Rename("a", "x\ny"))))
                .hasMessageContaining("control character")
                .hasMessageNotContaining("\n");
        assertThat(Renames.of(List.of(new Rename("a", "b"), new Rename("a", "b")))
                        .target("a"))
                .isEqualTo("b");
        assertThat(Renames.NONE.target("x")).isEqualTo("x");
    }

    @Test
    void whateverTheName_theSuggestionIsAGoodOne_andNew() {
        Random random = new Random(17);
        Set<String> taken = new HashSet<>();
        String letters = "/.\u0000\n\u007f\ud800\udc00ab ";
        for (int i = 0; i < 2_000; i++) {
            StringBuilder name = new StringBuilder();
            for (int n = random.nextInt(random.nextInt(20) == 0 ? 600 : 8); n > 0; n--) {
                name.append(letters.charAt(random.nextInt(letters.length())));
            }
            String suggestion = Names.suggest(name.toString(), taken::contains);
            assertThat(RoomName.problem(suggestion))
                    .as(Names.quote(name.toString()))
                    .isEmpty();
            assertThat(taken.add(suggestion)).isTrue();
        }
    }
}
