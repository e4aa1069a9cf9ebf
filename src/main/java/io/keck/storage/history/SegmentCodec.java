package io.keck.storage.history;

import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.lib0.Decoder;
import io.keck.crdt.lib0.Encoder;
import io.keck.storage.rows.FoldedAuthors.Stored;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Encodes segments, in lib0 varints: version, seq of the first row, number of rows and authors, then one column after
 * another, which compresses better than one row after another: times as differences, authors as runs, lengths of the
 * updates, updates. Batch ids, links and checksums of rows are left out, since only writers and readers of the log need
 * them. Stateless.
 */
final class SegmentCodec {
    private static final int VERSION = 1;

    /**
     * A row of a segment.
     *
     * @param at milliseconds since 1970
     * @param author null if unknown
     * @param payload a V1 update
     */
    record Row(long seq, long at, @Nullable Stored author, byte[] payload) {}

    private SegmentCodec() {}

    /** Encodes consecutive rows. */
    static byte[] encode(List<Row> rows) {
        Map<Stored, Integer> authors = new LinkedHashMap<>();
        long bytes = 0;
        for (Row row : rows) {
            bytes += row.payload().length;
            if (row.author() != null) {
                authors.putIfAbsent(row.author(), authors.size() + 1);
            }
        }
        Encoder out = new Encoder((int) Math.min(Integer.MAX_VALUE / 2, bytes + 4L * rows.size() + 64));
        out.writeUint8(VERSION);
        out.writeVarUint(rows.get(0).seq());
        out.writeVarUint(rows.size());
        out.writeVarUint(authors.size());
        authors.keySet().forEach(author -> {
            out.writeVarUint(author.id());
            out.writeVarString(author.origin());
        });
        long time = 0;
        for (Row row : rows) {
            out.writeVarInt((double) (row.at() - time));
            time = row.at();
        }
        for (int i = 0; i < rows.size(); ) {
            int number = number(authors, rows.get(i));
            int from = i;
            while (i < rows.size() && number(authors, rows.get(i)) == number) {
                i++;
            }
            out.writeVarUint(number);
            out.writeVarUint(i - from);
        }
        rows.forEach(row -> out.writeVarUint(row.payload().length));
        rows.forEach(row -> out.writeBytes(row.payload(), 0, row.payload().length));
        return out.toByteArray();
    }

    private static int number(Map<Stored, Integer> authors, Row row) {
        Integer number = row.author() == null ? null : authors.get(row.author());
        return number == null ? 0 : number;
    }

    /**
     * Decodes the rows after {@code after} up to {@code upTo}: at least one if there is one, and not much more than {@code
     * maxBytes} in all.
     *
     * @throws DecodeException if the content is damaged or was written by a later release
     */
    static List<Row> decode(byte[] content, long after, long upTo, long maxBytes) {
        Decoder in = new Decoder(content);
        int version = in.readUint8();
        if (version != VERSION) {
            throw new DecodeException("unknown version of a segment: " + version);
        }
        long first = in.readVarUint();
        int count = in.readCount(4);
        Stored[] authors = new Stored[in.readCount(2) + 1];
        for (int i = 1; i < authors.length; i++) {
            authors[i] = new Stored(in.readVarUint(), in.readVarString());
        }
        long[] times = new long[count];
        long time = 0;
        for (int i = 0; i < count; i++) {
            time += (long) in.readVarInt();
            times[i] = time;
        }
        int[] numbers = new int[count];
        for (int i = 0; i < count; ) {
            long number = in.readVarUint();
            long run = in.readVarUint();
            if (number >= authors.length || run == 0 || run > count - i) {
                throw new DecodeException("a run of an author is impossible");
            }
            for (long end = i + run; i < end; i++) {
                numbers[i] = (int) number;
            }
        }
        int[] lengths = new int[count];
        for (int i = 0; i < count; i++) {
            lengths[i] = in.readLength();
        }
        List<Row> rows = new ArrayList<>();
        long bytes = 0;
        for (int i = 0; i < count && first + i <= upTo && (rows.isEmpty() || bytes < maxBytes); i++) {
            if (first + i > after) {
                byte[] payload = bytes(in, lengths[i]);
                bytes += lengths[i];
                rows.add(new Row(first + i, times[i], authors[numbers[i]], payload));
            } else {
                in.skip(lengths[i]);
            }
        }
        return rows;
    }

    private static byte[] bytes(Decoder in, int length) {
        int at = in.position();
        in.skip(length);
        return java.util.Arrays.copyOfRange(in.array(), at, at + length);
    }
}
