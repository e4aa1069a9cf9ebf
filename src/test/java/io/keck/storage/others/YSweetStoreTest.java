package io.keck.storage.others;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.crdt.Doc;
import io.keck.storage.others.OtherStore.DamagedException;
import io.keck.testing.FreshDatabase;
import io.keck.testing.Seeds;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Files of y-sweet's store, and what may be wrong with them. */
class YSweetStoreTest {
    private static final String NUMBER_KEY = "0000646f6300";
    private static final String STATE_KEY = "00010000000200";

    @RegisterExtension
    final FreshDatabase db = FreshDatabase.sqlite();

    @TempDir
    Path dir;

    private static byte[] text(long client, String text) {
        Doc doc = new Doc();
        doc.setClientId(client);
        doc.getText("t").insert(0, text);
        return doc.encodeStateAsUpdate();
    }

    /** A map in bincode, of keys in hexadecimal digits and their values. */
    private static byte[] file(Object... keysAndValues) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(number(keysAndValues.length / 2));
        for (int i = 0; i < keysAndValues.length; i += 2) {
            for (byte[] part :
                    List.of(HexFormat.of().parseHex((String) keysAndValues[i]), (byte[]) keysAndValues[i + 1])) {
                out.writeBytes(number(part.length));
                out.writeBytes(part);
            }
        }
        return out.toByteArray();
    }

    private static byte[] number(long n) {
        return ByteBuffer.allocate(Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(n)
                .array();
    }

    private static byte[] document() {
        return file(
                NUMBER_KEY,
                new byte[] {0, 0, 0, 2},
                STATE_KEY,
                text(1, "state "),
                "00010000000201",
                new byte[] {0}, // the state vector
                "0001000000020200000001" + "00",
                text(2, "update "),
                "0001000000030" + "0",
                text(3, "of another document"),
                "00010000000203" + "6d6574" + "00",
                new byte[] {1, 2, 3}); // metadata
    }

    private void put(String name, byte[] bytes) throws IOException {
        Files.createDirectories(dir.resolve(name));
        Files.write(dir.resolve(name).resolve("data.ysweet"), bytes);
    }

    @Test
    void stateAndUpdates_areImported_andOtherEntriesAreNot() throws IOException {
        put("a", document());
        put("new", file());
        Files.write(dir.resolve("data.ysweet"), new byte[] {1}); // not in a folder of a document
        ImportTarget target = new ImportTarget(db);
        try (YSweetStore store = new YSweetStore(dir)) {
            assertThat(target.run(store).imported).isEqualTo(2);
        }
        assertThat(target.problems).isEmpty();
        assertThat(target.text("a")).contains("state ", "update ").doesNotContain("another");
        assertThat(target.text("new")).isEmpty();
    }

    @Test
    void whatYSweetStored_isThereAsYjsShowsIt() throws IOException {
        Path stores = Path.of("src", "test", "resources", "stores");
        List<StoredDocument> expected = StoredDocument.read(Files.readAllBytes(stores.resolve("y-sweet.jsonl")));
        ImportTarget target = new ImportTarget(db);
        try (YSweetStore store = new YSweetStore(stores.resolve("y-sweet"))) {
            assertThat(target.run(store).imported).isEqualTo(expected.size());
        }
        assertThat(target.problems).isEmpty();
        expected.forEach(document -> document.requireEqualOnceLoaded(target.document(document.name())));
    }

    @Test
    void damagedFiles_areNamed_andTheRestIsImported() throws IOException {
        put("cut", Arrays.copyOf(document(), 60));
        put("long", Arrays.copyOf(document(), document().length + 3));
        put("empty", new byte[0]);
        put("huge", number(Long.MAX_VALUE));
        put("other", file("01", new byte[0]));
        put("whole", document());
        ImportTarget target = new ImportTarget(db);
        try (YSweetStore store = new YSweetStore(dir)) {
            StoreReport report = target.run(store);
            assertThat(report.imported).isEqualTo(1);
            assertThat(report.leftOut).isEqualTo(5);
        }
        assertThat(target.problems)
                .containsExactly(
                        "Document \"cut\" was left out. Its file ends early, after 60 bytes.",
                        "Document \"empty\" was left out. Its file ends early, after 0 bytes.",
                        "Document \"huge\" was left out. Its file ends early, after 8 bytes.",
                        "Document \"long\" was left out. Its file has 3 bytes too many.",
                        "Document \"other\" was left out. Its file has no document.");
    }

    @Test
    void anyBytes_areReadOrRefused() {
        Random random = new Random(Seeds.next("YSweetStoreTest.bytes"));
        byte[] whole = document();
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = Arrays.copyOf(whole, random.nextInt(whole.length + 9));
            for (int change = random.nextInt(4); change > 0 && bytes.length > 0; change--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
            }
            try {
                YSweetStore.updates(bytes);
            } catch (DamagedException e) {
                assertThat(e).hasMessageStartingWith("Its file ").hasMessageEndingWith(".");
            }
        }
    }

    @Test
    void aMissingDirectory_isSaid() {
        assertThatThrownBy(() -> new YSweetStore(dir.resolve("missing")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("There is no directory");
    }
}
