package io.keck.storage.doctor;

import io.keck.crdt.store.Completeness;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.storage.rows.ContradictionCount;
import io.keck.storage.rows.DocumentDepth;
import io.keck.storage.rows.RoomScan;
import io.keck.storage.rows.RowPages;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Examines the document that the undamaged rows of a room form: whether structs wait for missing ones, and whether rows
 * have different content under one id. Rows that were folded into a snapshot cannot be compared. One document is in
 * memory at a time; one beyond a limit of bytes is not examined. Used once.
 */
final class DocumentScan implements RoomScan.Listener {
    /**
     * The divisor of the heap that limits the stored size of an examined document, which takes several times that in
     * memory.
     */
    private static final int HEAP_PARTS = 16;

    /**
     * A remark about a readable document for the operator.
     *
     * @param kind incomplete, contradictory or large
     * @param what a sentence
     */
    record Remark(String kind, String what) {}

    private final long maxBytes;
    private long bytes;
    private @Nullable StructStore store = new StructStore();
    private final ContradictionCount contradictions = new ContradictionCount();

    /** Creates a scan for documents of at most {@code maxBytes} bytes. */
    DocumentScan(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    /** The stored bytes of a document that fits into the heap of this process. */
    static long maxBytes() {
        return Runtime.getRuntime().maxMemory() / HEAP_PARTS;
    }

    @Override
    public void snapshot(byte[] state) {
        take(state, "");
    }

    @Override
    public void row(RowPages.Stored row) {
        byte[] payload = row.payload();
        if (payload != null) {
            take(payload, " in row " + row.seq());
        }
    }

    private void take(byte[] update, String where) {
        bytes += update.length;
        if (bytes > maxBytes) {
            store = null;
        }
        StructStore into = store;
        if (into == null) {
            return;
        }
        Update decoded = Update.decode(update, DecodeLimits.OWN);
        contradictions.add(into, decoded, where);
        into.apply(decoded);
    }

    /** The remarks, after all rows were given. */
    List<Remark> remarks() {
        List<Remark> all = new ArrayList<>();
        StructStore whole = store;
        if (whole == null) {
            all.add(new Remark(
                    "large", "it has more than " + maxBytes + " bytes, so it was not examined whether it is complete"));
            return all;
        }
        Completeness completeness = Completeness.of(Update.decode(whole.encode(), DecodeLimits.OWN));
        if (!completeness.isComplete()) {
            all.add(new Remark("incomplete", "it is incomplete: " + completeness));
        }
        DocumentDepth.problem(whole.encode())
                .ifPresent(problem -> all.add(new Remark(
                        "too deep", "stock clients cannot read it, since values nest too deep: " + problem)));
        if (!contradictions.isEmpty()) {
            all.add(new Remark("contradictory", "its rows contradict each other: " + contradictions));
        }
        return all;
    }
}
