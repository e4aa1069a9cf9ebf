package io.keck.storage.octobase;

import io.keck.blob.BlobId;
import io.keck.blob.BlobStore;
import io.keck.blob.BlobsUnavailableException;
import io.keck.blob.WorkspaceGoneException;
import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.DeleteSet;
import io.keck.crdt.store.StateVector;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.protocol.RoomName;
import io.keck.room.Documents.RoomMissingException;
import io.keck.room.UpdateLog;
import io.keck.room.UpdateLog.Contents;
import io.keck.room.UpdateLog.RoomGoneException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Takes over the rooms and blobs of a {@link SourceDatabase}, one after the other, so that one room at a time is in memory.
 * Used by one thread.
 *
 * <p><b>A room.</b> Its rows are decoded strictly, in order, and merged in a {@link StructStore}. A row that cannot be
 * decoded keeps its room out, or is left out where the options say so. What comes of it is one update:
 * <ul>
 *   <li>there is no room of that name: it is made with that update as its first row, in one transaction;
 *   <li>there is one and it has all of it: nothing is written, so a second import costs no more than reading;
 *   <li>there is one that lacks something: just that becomes its next row, an ordinary commit that other nodes read and
 *       send to the clients of the room. Updates of one document may be merged in any order, so what was written here
 *       meanwhile stays;
 *   <li>there was one and it was deleted here: it is left alone, unless the log is told to hold no names.
 * </ul>
 * Each step is one transaction that can be seen by its result, so an import may be stopped anywhere and begun anew.
 *
 * <p>Then the room is read back and compared with what was read ({@link RoomCheck}); a blob likewise, by its hash.
 *
 * <p>A failure that concerns one room or blob is a problem that is reported, and the import goes on; when one of the two
 * databases does not answer any more, it ends.
 */
public final class Importer {
    /** Workspaces that are listed at a time. */
    private static final int PAGE = 1_000;

    private static final int ATTEMPTS = 5;
    /** Broken rows of one workspace that are named. */
    private static final int WORDY_ROWS = 20;

    private final SourceDatabase source;
    private final @Nullable UpdateLog log;
    private final @Nullable BlobStore blobs;
    private final Random random;
    private final Options options;
    private final ImportListener listener;
    private final RoomCheck check;
    private final int pageSize;
    private final ImportReport report;

    /**
     * What is wanted. Immutable.
     *
     * @param workspaces just these, or all where it is empty
     * @param skipBrokenRows whether a room is imported without its broken rows, instead of not at all
     * @param subdocumentsMatter whether sub-documents, which are not imported, count as something that is left out
     */
    public record Options(List<String> workspaces, boolean skipBrokenRows, boolean subdocumentsMatter) {
        /** Copies the list. */
        public Options {
            workspaces = List.copyOf(workspaces);
        }
    }

    /** What is not a room of ours any more. */
    private static final class DeletedHereException extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    /**
     * An import, to be run once.
     *
     * @param log where rooms go; null for a dry run, which reads and checks the source and writes nothing
     * @param blobs where blobs go; null for none, or in a dry run
     * @param random of cryptographic strength, for ids of batches
     */
    public Importer(
            SourceDatabase source,
            @Nullable UpdateLog log,
            @Nullable BlobStore blobs,
            Random random,
            Options options,
            ImportListener listener) {
        this(source, log, blobs, random, options, listener, new RoomCheck(), PAGE);
    }

    Importer(
            SourceDatabase source,
            @Nullable UpdateLog log,
            @Nullable BlobStore blobs,
            Random random,
            Options options,
            ImportListener listener,
            RoomCheck check,
            int page) {
        this.source = source;
        this.log = log;
        this.blobs = blobs;
        this.random = random;
        this.options = options;
        this.listener = listener;
        this.check = check;
        this.pageSize = page;
        this.report = new ImportReport(log == null);
    }

    /**
     * Imports the rooms, then the blobs.
     *
     * @param withBlobs whether blobs are copied, or in a dry run read
     * @return what came of it
     * @throws SourceException if the source does not answer any more
     * @throws IllegalStateException if the target does not
     */
    public ImportReport run(boolean withBlobs) {
        report.totals = options.workspaces().isEmpty() ? source.totals() : source.totals(options.workspaces());
        listener.progress(report);
        eachRoom();
        if (withBlobs) {
            eachBlob();
        }
        listener.progress(report);
        return report;
    }

    private void leftOut(String sentence) {
        report.problems++;
        listener.problem(sentence);
    }

    private void eachRoom() {
        if (!options.workspaces().isEmpty()) {
            for (String name : options.workspaces()) {
                Optional<SourceDatabase.Workspace> workspace = source.workspace(name);
                if (workspace.isPresent()) {
                    room(workspace.get());
                } else if (source.blobs(name).isEmpty()) {
                    leftOut("Workspace " + Names.quote(name) + " is not in the source.");
                }
            }
            return;
        }
        List<SourceDatabase.Workspace> page = source.workspaces(null, pageSize);
        while (!page.isEmpty()) {
            page.forEach(this::room);
            page = source.workspaces(page.get(page.size() - 1).name(), pageSize);
        }
    }

    private void room(SourceDatabase.Workspace workspace) {
        String quoted = Names.quote(workspace.name());
        if (workspace.otherRows() > 0) {
            report.otherRows += workspace.otherRows();
            String sentence = "Workspace " + quoted + " has sub-documents (" + workspace.otherRows()
                    + " rows): they are not imported.";
            if (options.subdocumentsMatter()) {
                leftOut(sentence);
            } else {
                listener.problem(sentence);
            }
        }
        if (workspace.rows() == 0) {
            return;
        }
        Optional<String> why = RoomName.problem(workspace.name());
        if (why.isEmpty()) {
            try {
                why = take(workspace);
            } catch (SourceException e) {
                if (!source.isAlive()) {
                    throw e;
                }
                why = Optional.of(String.valueOf(e.getMessage()));
            } catch (DeletedHereException e) {
                why = Optional.of("It was deleted here.");
            } catch (OutOfMemoryError e) {
                why = Optional.of("It does not fit into memory: give Java a larger -Xmx.");
            }
        }
        if (why.isPresent()) {
            report.failed++;
            leftOut("Workspace " + quoted + " was not imported. " + why.get());
        }
        listener.progress(report);
        listener.room(workspace.name());
    }

    /**
     * A document as it was read.
     *
     * @param bytes all of it, in V1
     * @param broken how many of its rows could not be decoded
     */
    private record Document(byte[] bytes, StateVector stateVector, DeleteSet deletes, long broken) {
        /** Whether the bytes say what was merged into them. */
        boolean isWhole() {
            StructStore again = new StructStore();
            again.apply(Update.decode(bytes, DecodeLimits.OWN));
            return again.stateVector().equals(stateVector) && again.deletes().equals(deletes);
        }
    }

    /** What kept the room out, if anything did. */
    private Optional<String> take(SourceDatabase.Workspace workspace) {
        Document document = read(workspace);
        if (document.broken() > 0 && !options.skipBrokenRows()) {
            return Optional.of("Broken rows: " + document.broken() + "; --skip-broken-rows imports it without them.");
        }
        if (!document.isWhole()) {
            return Optional.of("Its rows could not be merged.");
        }
        if (log == null) {
            report.readable++;
        } else {
            try {
                write(log, workspace.name(), document.bytes());
            } catch (CompletionException e) {
                Throwable cause = e.getCause() == null ? e : e.getCause();
                requireTarget(log, cause);
                return Optional.of("The database refused it: " + cause.getMessage());
            } catch (IllegalStateException e) {
                return Optional.of(String.valueOf(e.getMessage()));
            }
        }
        report.problems += document.broken();
        return Optional.empty();
    }

    /** Merges all rows that can be decoded. The store is not kept: the bytes are enough, and there is one of both. */
    private Document read(SourceDatabase.Workspace workspace) {
        StructStore store = new StructStore();
        long[] broken = new long[1];
        source.rows(workspace, (id, update) -> {
            report.rows++;
            report.bytes += update == null ? 0 : update.length;
            try {
                if (update == null) {
                    throw new DecodeException("it is null");
                }
                store.apply(Update.decode(update, DecodeLimits.DEFAULT));
            } catch (DecodeException e) {
                report.brokenRows++;
                if (++broken[0] <= WORDY_ROWS) {
                    listener.problem("Workspace " + Names.quote(workspace.name()) + ", row " + id + " is no update: "
                            + e.getMessage() + ".");
                }
            }
            listener.progress(report);
        });
        return new Document(store.encode(), store.stateVector(), store.deletes(), broken[0]);
    }

    /**
     * Brings the document into its room.
     *
     * @throws CompletionException if the database would not
     * @throws IllegalStateException if the room could be read back but is not what it should be
     */
    private void write(UpdateLog into, String name, byte[] document) {
        for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
            Contents there = find(into, name);
            if (there == null) {
                Optional<Long> made = wait(into.init(name, newBatch(), newLink(), document, false));
                if (made.isPresent()) {
                    verify(document, wait(into.read(made.get(), 0)));
                    report.imported++;
                    return;
                }
                continue; // somebody was faster
            }
            if (there.damage() != null) {
                throw new IllegalStateException(
                        "The room is damaged here: " + there.damage().what() + ". See java -jar keck.jar doctor.");
            }
            StructStore ours = RoomCheck.load(there);
            Update missing = ours.reduce(Update.decode(document, DecodeLimits.OWN));
            if (missing.isEmpty()) {
                require(check.problem(document, ours));
                report.unchanged++;
                return;
            }
            try {
                wait(into.append(there.roomId(), newBatch(), newLink(), missing.encode(), false));
            } catch (CompletionException e) {
                if (e.getCause() instanceof RoomGoneException) {
                    continue; // deleted a moment ago, perhaps to be made anew
                }
                throw e;
            }
            verify(document, wait(into.read(there.roomId(), 0)));
            report.merged++;
            return;
        }
        throw new IllegalStateException("Others make and delete it all the time.");
    }

    private void verify(byte[] document, Contents room) {
        require(check.problem(document, room));
    }

    private static void require(@Nullable String problem) {
        if (problem != null) {
            throw new IllegalStateException(
                    "What was read back is not what was read from the source: " + problem + ".");
        }
    }

    private static @Nullable Contents find(UpdateLog log, String name) {
        try {
            return wait(log.find(name));
        } catch (CompletionException e) {
            if (e.getCause() instanceof RoomMissingException) {
                return null;
            }
            if (e.getCause() instanceof RoomGoneException) {
                throw new DeletedHereException();
            }
            throw e;
        }
    }

    private static <T> T wait(CompletionStage<T> stage) {
        return stage.toCompletableFuture().join();
    }

    /** Ends the import when the target does not answer any more. */
    private static void requireTarget(UpdateLog log, Throwable cause) {
        try {
            wait(log.heads(List.of(0L)));
        } catch (CompletionException e) {
            throw new IllegalStateException(
                    "The database does not answer any more. What is imported stays: run the command again to go on.",
                    cause);
        }
    }

    private UUID newBatch() {
        return new UUID(random.nextLong(), random.nextLong());
    }

    private long newLink() {
        return Math.max(1, random.nextLong() >>> 1);
    }

    private void eachBlob() {
        if (report.totals.bucketBlobs() > 0) {
            leftOut("The source only lists " + report.totals.bucketBlobs()
                    + " blobs in the table bucket_blobs: their bytes are in an object store and are not copied.");
        }
        Function<@Nullable String, List<String>> pages = after -> source.workspacesWithBlobs(after, pageSize);
        if (!options.workspaces().isEmpty()) {
            options.workspaces().forEach(this::blobsOf);
            return;
        }
        List<String> page = pages.apply(null);
        while (!page.isEmpty()) {
            page.forEach(this::blobsOf);
            page = pages.apply(page.get(page.size() - 1));
        }
    }

    private void blobsOf(String workspace) {
        Optional<String> problem = RoomName.problem(workspace);
        for (SourceDatabase.BlobRow row : source.blobs(workspace)) {
            Optional<String> why = problem;
            if (why.isEmpty()) {
                try {
                    why = blob(workspace, row);
                } catch (SourceException e) {
                    if (!source.isAlive()) {
                        throw e;
                    }
                    why = Optional.of(String.valueOf(e.getMessage()));
                } catch (WorkspaceGoneException e) {
                    why = Optional.of("Its workspace was deleted here.");
                } catch (BlobsUnavailableException e) {
                    if (log != null) {
                        requireTarget(log, e);
                    }
                    why = Optional.of("The database refused it: " + e.getMessage());
                } catch (OutOfMemoryError e) {
                    why = Optional.of("It does not fit into memory: give Java a larger -Xmx.");
                }
            }
            if (why.isPresent()) {
                report.blobsFailed++;
                leftOut("Blob " + Names.quote(row.hash()) + " of workspace " + Names.quote(workspace)
                        + " was not copied. " + why.get());
            }
            listener.progress(report);
        }
    }

    private Optional<String> blob(String workspace, SourceDatabase.BlobRow row) {
        Optional<BlobId> id = BlobId.parse(row.hash());
        if (id.isEmpty()) {
            return Optional.of("Its hash is no SHA-256 in base64.");
        }
        if (blobs != null) {
            Optional<BlobStore.Blob> there = blobs.find(workspace, id.get());
            if (there.isPresent() && there.get().size() == row.length()) {
                report.blobsThere++;
                return Optional.empty();
            }
        }
        Optional<byte[]> bytes = source.blob(workspace, row.hash());
        if (bytes.isEmpty()) {
            return Optional.of("Its bytes are not there.");
        }
        if (bytes.get().length != row.length()) {
            return Optional.of("It has " + bytes.get().length + " bytes and should have " + row.length() + ".");
        }
        if (!BlobId.of(sha256().digest(bytes.get())).equals(id.get())) {
            return Optional.of("Its bytes have another hash.");
        }
        if (blobs != null) {
            copy(blobs, workspace, id.get(), bytes.get());
        }
        report.blobs++;
        report.blobBytes += row.length();
        return Optional.empty();
    }

    private static void copy(BlobStore into, String workspace, BlobId id, byte[] bytes) {
        try (BlobStore.Upload upload = into.begin(workspace)) {
            upload.write(bytes, 0, bytes.length);
            upload.publish();
        }
        BlobStore.Blob stored = into.find(workspace, id)
                .orElseThrow(() -> new BlobsUnavailableException("it is not there after all", false));
        MessageDigest digest = sha256();
        for (long piece = 0; piece * stored.pieceSize() < stored.size(); piece++) {
            digest.update(into.read(stored, piece));
        }
        if (stored.size() != bytes.length || !BlobId.of(digest.digest()).equals(id)) {
            throw new BlobsUnavailableException("what was read back is not what was written", false);
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
