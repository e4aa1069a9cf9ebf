package io.keck.storage.octobase;

import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.storage.rows.ContradictionCount;
import org.jspecify.annotations.Nullable;

/**
 * Merges the rows of a workspace in order. A row of zero bytes is an empty update: the old server writes it when a workspace
 * is initialised with an empty body. A row that cannot be decoded is reported and skipped; the caller decides whether the
 * rest of the workspace is imported. Used by one thread.
 */
final class DocumentReader {
    /** Broken rows of one workspace that are reported one by one. */
    private static final int WORDY_ROWS = 20;

    private final SourceDatabase source;
    private final ImportReport report;
    private final ImportListener listener;

    DocumentReader(SourceDatabase source, ImportReport report, ImportListener listener) {
        this.source = source;
        this.report = report;
        this.listener = listener;
    }

    /** The state of reading one workspace. */
    private static final class Reading {
        final StructStore store = new StructStore();
        final ContradictionCount contradictions = new ContradictionCount();
        long broken;
        long brokenBytes;
        long emptyItems;
    }

    /** Reads all rows. Only the encoded document is returned, so that it and the store are not in memory together later. */
    SourceDocument read(SourceDatabase.Workspace workspace) {
        Reading reading = new Reading();
        source.rows(workspace, (id, bytes) -> {
            report.rows++;
            report.bytes += bytes == null ? 0 : bytes.length;
            try {
                row(reading, id, bytes);
            } catch (DecodeException e) {
                report.brokenRows++;
                reading.brokenBytes += bytes == null ? 0 : bytes.length;
                if (++reading.broken <= WORDY_ROWS) {
                    listener.problem(
                            "Workspace " + Names.quote(workspace.name()) + ", row " + id + " is not a valid update: "
                                    + e.getMessage() + " (" + (bytes == null ? 0 : bytes.length) + " bytes).");
                }
            }
            listener.progress(report);
        });
        if (reading.broken > WORDY_ROWS) {
            listener.problem("Workspace " + Names.quote(workspace.name()) + " has " + (reading.broken - WORDY_ROWS)
                    + " further rows that are not valid updates.");
        }
        report.emptyItems += reading.emptyItems;
        report.roomsWithEmptyItems += reading.emptyItems > 0 ? 1 : 0;
        return new SourceDocument(
                reading.store.encode(),
                reading.store.stateVector(),
                reading.store.deletes(),
                reading.broken,
                reading.brokenBytes,
                reading.contradictions);
    }

    private void row(Reading reading, long id, byte @Nullable [] bytes) {
        if (bytes == null) {
            throw new DecodeException("it is null");
        }
        if (bytes.length == 0) {
            report.emptyRows++;
            return;
        }
        Update update = Update.decode(bytes, DecodeLimits.DEFAULT);
        reading.emptyItems += update.emptyCount();
        reading.contradictions.add(reading.store, update, " in row " + id);
        reading.store.apply(update);
    }
}
