package io.keck.storage.others;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.testing.FreshDatabase;
import io.keck.testing.RealYjs;
import io.keck.testing.Seeds;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Stores that y-leveldb wrote, and what may be wrong with them. */
class YLevelStoreTest {
    private static final int DOCUMENTS = Boolean.getBoolean("keck.campaign") ? 500 : 60;

    @RegisterExtension
    final FreshDatabase db = FreshDatabase.sqlite();

    @TempDir
    Path dir;

    private List<StoredDocument> write(Path store, int documents) throws IOException {
        long seed = Seeds.next("YLevelStoreTest");
        Process script = RealYjs.start("stores.mjs", "y-leveldb", store.toString(), "" + documents, "" + (int) seed);
        List<StoredDocument> written =
                StoredDocument.read(script.getInputStream().readAllBytes());
        assertThat(written).hasSize(documents);
        return written;
    }

    /** The script compacts half of the documents, so that tables and logs both have some. */
    @Test
    void whatYLeveldbStored_isThereAsYjsShowsIt() throws IOException {
        Path store = dir.resolve("store");
        List<StoredDocument> expected = write(store, DOCUMENTS);
        assertThat(files(store, ".ldb")).isNotEmpty();
        ImportTarget target = new ImportTarget(db);
        try (YLevelStore level = new YLevelStore(store)) {
            assertThat(target.run(level).imported).isEqualTo(expected.size());
            assertThat(target.run(level).unchanged).isEqualTo(expected.size());
        }
        assertThat(target.problems).isEmpty();
        expected.forEach(document -> document.requireEqualOnceLoaded(target.document(document.name())));
    }

    private static List<Path> files(Path store, String ending) throws IOException {
        try (Stream<Path> files = Files.list(store)) {
            return files.filter(file -> file.toString().endsWith(ending))
                    .sorted()
                    .toList();
        }
    }

    @Test
    void aFlippedByte_isFoundByItsChecksum_andReported() throws IOException {
        Path store = dir.resolve("store");
        write(store, 20);
        Path table = files(store, ".ldb").get(0);
        byte[] bytes = Files.readAllBytes(table);
        bytes[bytes.length / 3] ^= 1;
        Files.write(table, bytes);
        try (YLevelStore level = new YLevelStore(store)) {
            assertThat(level.nameless()).singleElement().asString().contains("is damaged: the checksum at byte ");
        }
        Files.delete(table);
        try (YLevelStore level = new YLevelStore(store)) {
            assertThat(level.nameless()).containsExactly("The table " + table.getFileName() + " is missing.");
        }
        assertThatThrownBy(() -> new YLevelStore(dir))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("There is no LevelDB in the directory");
    }

    @Test
    void snappy_decompressesTextsAndCopies_andRefusesWhatEndsEarly() {
        // "abcd", then a copy of 8 bytes from 4 bytes before, which overlaps itself
        byte[] block = {12, 3 << 2, 'a', 'b', 'c', 'd', 1 | 4 << 2, 4};
        assertThat(new String(Snappy.decompress(block, 100), StandardCharsets.US_ASCII))
                .isEqualTo("abcdabcdabcd");
        for (int length = 1; length < block.length; length++) {
            byte[] cut = Arrays.copyOf(block, length);
            assertThatThrownBy(() -> Snappy.decompress(cut, 100)).isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> Snappy.decompress(block, 11))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("a block claims to have 12 bytes");
    }
}
