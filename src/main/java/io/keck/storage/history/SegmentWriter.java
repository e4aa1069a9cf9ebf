package io.keck.storage.history;

import io.keck.storage.database.RandomIds;
import io.keck.storage.history.SegmentCodec.Row;
import io.keck.storage.history.Segments.Segment;
import java.util.List;

/** Stores rows as objects of segments. Thread-safe. */
final class SegmentWriter {
    private final Stores stores;

    SegmentWriter(Stores stores) {
        this.stores = stores;
    }

    /** The total bytes of the updates of these rows. */
    static long payload(List<Row> rows) {
        return rows.stream().mapToLong(row -> row.payload().length).sum();
    }

    /** Stores rows as an object and returns their segment, which is not in the table yet. */
    Segment write(long roomId, List<Row> rows) {
        Row first = rows.get(0);
        Row last = rows.get(rows.size() - 1);
        byte[] packed = Packed.pack(SegmentCodec.encode(rows));
        StoredObject object = new StoredObject(
                stores.written().name(),
                RandomIds.next(),
                packed.length,
                Packed.checksum(roomId, first.seq(), last.seq(), packed));
        stores.written().put(roomId, object.id(), packed);
        long firstAt = rows.stream().mapToLong(Row::at).min().orElse(0);
        long lastAt = rows.stream().mapToLong(Row::at).max().orElse(0);
        return new Segment(first.seq(), last.seq(), firstAt, lastAt, rows.size(), payload(rows), object);
    }
}
