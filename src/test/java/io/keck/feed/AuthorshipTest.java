package io.keck.feed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.crdt.Doc;
import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.store.Update;
import io.keck.testing.Seeds;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Who wrote and who deleted what, compared with a list of all clocks. */
class AuthorshipTest {
    private static final long HOUR = Authorship.JOINED_MILLIS;

    private static byte[] edit(Doc doc, Runnable edit) {
        byte[][] row = new byte[1][];
        try (var listening = doc.onUpdate((update, transaction) -> row[0] = update)) {
            edit.run();
        }
        return row[0];
    }

    private static Authorship<String> copied(Authorship<String> authors) {
        byte[] bytes = authors.encode(author -> new Authorship.Code(author.length(), author));
        return Authorship.decode(bytes, Authorship.Code::word);
    }

    private static void type(Authorship<String> authors, Doc doc, String author, long at) {
        authors.add(Update.decode(edit(doc, () -> doc.getText("t").insert(0, "abc"))), author, at);
    }

    @Test
    void rangesOfOneAuthorThatTouch_areOneForAnHour() {
        Doc doc = new Doc();
        Authorship<String> authors = new Authorship<>();
        type(authors, doc, "a", 1_000);
        type(authors, doc, "a", 1_000 + HOUR - 1);
        assertThat(authors.size()).isEqualTo(1);
        type(authors, doc, "a", 1_000 + HOUR);
        assertThat(authors.size()).isEqualTo(2);
        type(authors, doc, "b", 1_000 + HOUR);
        type(authors, doc, null, 1_000 + HOUR);
        assertThat(authors.size()).isEqualTo(4);
        long client = doc.clientId();
        assertThat(authors.writer(client, 5)).isEqualTo(new Authorship.Known<>(new Authorship.Mark<>("a", 1_000), 6));
        assertThat(authors.writer(client, 14).mark()).isEqualTo(new Authorship.Mark<>(null, 1_000 + HOUR));
        assertThat(authors.writer(client, 15)).isEqualTo(new Authorship.Known<>(null, Long.MAX_VALUE));
        assertThat(authors.deleter(client, 0).mark()).isNull();
        assertThat(copied(authors).writer(client, 5)).isEqualTo(authors.writer(client, 5));
    }

    @Test
    void repetition_takesNothingFromItsAuthor_andNoClient() {
        Doc doc = new Doc();
        Authorship<String> authors = new Authorship<>();
        byte[] first = edit(doc, () -> doc.getText("t").insert(0, "abc"));
        authors.add(Update.decode(first), "a", 1_000);
        doc.getText("t").insert(3, "def");
        authors.add(Update.decode(doc.encodeStateAsUpdate()), "b", 2_000);

        assertThat(authors.writer(doc.clientId(), 0))
                .isEqualTo(new Authorship.Known<>(new Authorship.Mark<>("a", 1_000), 3));
        assertThat(authors.writer(doc.clientId(), 3).mark()).isEqualTo(new Authorship.Mark<>("b", 2_000));
        assertThat(authors.introduced()).isEqualTo(Map.of(doc.clientId(), new Authorship.Mark<>("a", 1_000)));
        assertThat(copied(authors).introduced()).isEqualTo(authors.introduced());
    }

    @Test
    void beyondTheBound_nothingIsNoted() {
        Doc doc = new Doc();
        Authorship<String> authors = new Authorship<>(3);
        for (int i = 0; i < 10; i++) {
            type(authors, doc, i % 2 == 0 ? "a" : "b", 1_000);
        }
        assertThat(authors.size()).isEqualTo(3);
        assertThat(authors.writer(doc.clientId(), 8).mark()).isNotNull();
        assertThat(authors.writer(doc.clientId(), 9).mark()).isNull();
    }

    @Test
    void damagedBytes_areRefused() {
        assertThatThrownBy(() -> Authorship.decode(new byte[] {2, 0}, Authorship.Code::word))
                .isInstanceOf(DecodeException.class);
        assertThatThrownBy(() -> Authorship.decode(new byte[] {1, 120, 0}, Authorship.Code::word))
                .isInstanceOf(DecodeException.class);
    }

    @Test
    void randomEdits_areWhoseTheyWere_alsoAfterABitOfThemWasStored() {
        long seed = Seeds.next("AuthorshipTest");
        Random random = new Random(seed);
        for (int round = 0; round < 50; round++) {
            Doc[] docs = {new Doc(), new Doc(), new Doc()};
            Authorship<String> authors = new Authorship<>();
            Map<List<Long>, String> written = new HashMap<>();
            Map<List<Long>, String> deleted = new HashMap<>();
            List<byte[]> rows = new ArrayList<>();
            for (int step = 0; step < 60; step++) {
                Doc doc = docs[random.nextInt(docs.length)];
                if (random.nextInt(4) == 0) {
                    rows.forEach(doc::applyUpdate);
                }
                int length = doc.getText("t").length();
                byte[] row = edit(doc, () -> {
                    if (length > 4 && random.nextInt(3) == 0) {
                        doc.getText("t").delete(random.nextInt(length - 3), 1 + random.nextInt(3));
                    } else {
                        doc.getText("t").insert(random.nextInt(length + 1), "x".repeat(1 + random.nextInt(4)));
                    }
                });
                rows.add(row);
                Update update = Update.decode(row);
                String author = random.nextInt(5) == 0 ? null : "p" + random.nextInt(3);
                for (int i = 0; i < update.rows().count(); i++) {
                    for (long c = update.rows().clock(i); c < update.rows().end(i); c++) {
                        written.putIfAbsent(List.of(update.rows().client(i), c), String.valueOf(author));
                    }
                }
                update.forEachDelete((client, from, to) -> {
                    for (long c = from; c < to; c++) {
                        deleted.putIfAbsent(List.of(client, c), String.valueOf(author));
                    }
                });
                authors.add(update, author, step * 1_000L);
                authors = random.nextInt(8) == 0 ? copied(authors) : authors;
            }
            Authorship<String> last = authors;
            written.forEach(
                    (id, author) -> assertThat(last.writer(id.get(0), id.get(1)).mark())
                            .as("seed %d", seed)
                            .extracting(mark -> String.valueOf(mark.author()))
                            .isEqualTo(author));
            deleted.forEach((id, author) -> assertThat(
                            last.deleter(id.get(0), id.get(1)).mark())
                    .as("seed %d", seed)
                    .extracting(mark -> String.valueOf(mark.author()))
                    .isEqualTo(author));
        }
    }
}
