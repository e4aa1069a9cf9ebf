package io.keck.storage.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class ArchiveTest {
    private static final List<Entry> WHOLE = List.of(
            new Entry.Room("a/\u00e9", 5, 7, 1_700_000_000_000L),
            new Entry.State(new byte[] {0, 0}),
            new Entry.Blob(new byte[32], 0),
            new Entry.Blob(new byte[32], 3),
            new Entry.Piece(new byte[] {1, 2}),
            new Entry.Piece(new byte[] {3}),
            new Entry.RoomEnd(2),
            new Entry.Room("b", 6, 0, 0),
            new Entry.State(new byte[] {0, 0}),
            new Entry.RoomEnd(0),
            new Entry.End(2, 2));

    private static byte[] write(List<Entry> entries) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ArchiveWriter writer = ArchiveWriter.begin(out);
        for (Entry entry : entries) {
            writer.write(entry);
        }
        assertThat(writer.position()).isEqualTo(out.size());
        return out.toByteArray();
    }

    private static List<Entry> read(byte[] bytes) throws IOException {
        ArchiveReader reader = new ArchiveReader(new ByteArrayInputStream(bytes), 0);
        List<Entry> entries = new ArrayList<>();
        for (Entry entry = reader.next(); entry != null; entry = reader.next()) {
            entries.add(entry);
        }
        assertThat(reader.position()).isEqualTo(bytes.length);
        return entries;
    }

    @Test
    void whatIsWritten_isRead() throws IOException {
        assertThat(read(write(WHOLE))).usingRecursiveComparison().isEqualTo(WHOLE);
    }

    @Test
    void anyChangedBit_andAnyCut_isNoticed() throws IOException {
        byte[] whole = write(WHOLE);
        for (int bit = 0; bit < 8 * whole.length; bit++) {
            byte[] damaged = whole.clone();
            damaged[bit / 8] ^= (byte) (1 << (bit % 8));
            assertThatThrownBy(() -> read(damaged)).isInstanceOf(ArchiveException.class);
        }
        for (int length = 0; length < whole.length; length++) {
            byte[] cut = Arrays.copyOf(whole, length);
            assertThatThrownBy(() -> read(cut)).isInstanceOf(ArchiveException.class);
        }
        assertThatThrownBy(() -> read(Arrays.copyOf(whole, whole.length + 1))).isInstanceOf(ArchiveException.class);
    }

    @Test
    void recordsInAnotherOrder_areRefused() throws IOException {
        for (int missing = 0; missing < WHOLE.size(); missing++) {
            List<Entry> entries = new ArrayList<>(WHOLE);
            Entry gone = entries.remove(missing);
            if (!(gone instanceof Entry.Blob)) {
                byte[] bytes = write(entries);
                assertThatThrownBy(() -> read(bytes)).as("without %s", gone).isInstanceOf(ArchiveException.class);
            }
        }
    }
}
