package io.keck.storage.octobase;

import io.keck.blob.BlobStore;
import io.keck.crdt.store.Completeness;
import io.keck.protocol.RoomName;
import io.keck.room.UpdateLog;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * Imports the rooms and blobs of a {@link SourceDatabase}, one at a time, so that one room is in memory at a time. Used
 * by one thread.
 *
 * <p><b>Rooms.</b> The rows of a workspace are decoded strictly, in order, and merged in a store
 * ({@link DocumentReader}). A row that cannot be decoded keeps its room out, or is left out if the options say so. The
 * result is one update:
 * <ul> <li>if no room of that name exists, it is created with that update as its first row, in one transaction; <li>if
 * the room holds all of the update, nothing is written, so repeating an import costs no more than reading; <li>if the
 * room lacks a part, that part becomes its next row: an ordinary commit, which other nodes read and send to the room's
 * clients. Updates of one document may be merged in any order, so changes made here meanwhile stay; <li>if the room
 * holds other content under the same ids, nothing is written and the contradiction is reported; <li>if the room was
 * deleted here, it is left alone, unless the log is configured not to hold names.
 * </ul>
 * Each step is one transaction whose result can be seen ({@link RoomWriter}), so an import may be interrupted anywhere
 * and started again. Each room is then read back and compared with the source ({@link RoomCheck}), and each blob is
 * verified by its hash ({@link BlobCopier}).
 *
 * <p><b>Incomplete and contradictory documents</b> are imported as Yjs reads their rows, and reported: documents whose
 * structs wait for others that the source lacks, and documents whose rows differ under one id.
 *
 * <p>A failure of one room or blob is reported and the import goes on. If one of the two databases stops answering, the
 * import ends.
 */
public final class Importer {
    /** Workspaces listed at a time. */
    private static final int PAGE = 1_000;

    private static final String WAITS_NOT = "Nothing in its other rows depends on them.";

    /** The most names that are suggested. */
    private static final int SUGGESTIONS = 1_000;

    private final SourceDatabase source;
    private final @Nullable RoomWriter writer;
    private final RoomLookup lookup;
    private final Options options;
    private final ImportListener listener;
    private final int pageSize;
    private final ImportReport report;
    private final DocumentReader reader;
    private final BlobCopier copier;
    /** Why nothing may be written under the new name of a workspace, by its name in the source. */
    private final Map<String, String> collisions = new HashMap<>();

    /**
     * The options of an import. Immutable.
     *
     * @param workspaces the workspaces to import, or empty for all
     * @param except workspaces whose documents are skipped; their blobs are copied
     * @param renames new names of workspaces
     * @param skipBrokenRows whether rooms are imported without their broken rows instead of not at all
     * @param subdocumentsMatter whether sub-documents, which are never imported, count as left out
     */
    public record Options(
            List<String> workspaces,
            Set<String> except,
            Renames renames,
            boolean skipBrokenRows,
            boolean subdocumentsMatter) {
        /** Everything, under its own name, without rooms that have broken rows. */
        public static final Options ALL = new Options(List.of(), Set.of(), Renames.NONE, false, true);

        /** Copies the collections. */
        public Options {
            workspaces = List.copyOf(workspaces);
            except = Set.copyOf(except);
        }
    }

    /**
     * The target of an import.
     *
     * @param log null for a dry run, which reads and checks the source and writes nothing
     * @param blobs null to skip blobs, or in a dry run
     * @param lookup the existing rooms, for a dry run
     */
    public record Target(@Nullable UpdateLog log, @Nullable BlobStore blobs, RoomLookup lookup) {
        /** A dry run that knows the existing rooms. */
        public static Target dryRun(RoomLookup lookup) {
            return new Target(null, null, lookup);
        }

        /** A target that is written to. */
        public static Target of(UpdateLog log, BlobStore blobs) {
            return new Target(log, blobs, RoomLookup.NONE);
        }
    }

    /**
     * Creates an import, which runs once.
     *
     * @param random a cryptographically strong source of batch ids
     */
    public Importer(SourceDatabase source, Target target, Random random, Options options, ImportListener listener) {
        this(source, target, random, options, listener, new RoomCheck(), PAGE);
    }

    Importer(
            SourceDatabase source,
            Target target,
            Random random,
            Options options,
            ImportListener listener,
            RoomCheck check,
            int page) {
        this.source = source;
        this.writer = target.log() == null ? null : new RoomWriter(target.log(), random, check);
        this.lookup = writer == null ? target.lookup() : writer;
        this.options = options;
        this.listener = listener;
        this.pageSize = page;
        this.report = new ImportReport(target.log() == null);
        this.reader = new DocumentReader(source, report, listener);
        this.copier = new BlobCopier(source, target.blobs(), report, this::requireTarget);
    }

    private void requireTarget(Throwable cause) {
        if (writer != null) {
            writer.requireAlive(cause);
        }
    }

    /**
     * Imports the rooms, then the blobs.
     *
     * @param withBlobs whether blobs are copied, or read in a dry run
     * @return the report
     * @throws SourceException if the source no longer answers
     * @throws IllegalStateException if the target no longer answers
     * @throws IllegalArgumentException if a workspace would get the name of another one; nothing was changed then
     */
    public ImportReport run(boolean withBlobs) {
        for (String missing : options.renames().check(source)) {
            leftOut("Workspace " + Names.quote(missing) + ", which is to be renamed, is not in the source.");
        }
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
        if (options.except().contains(workspace.name())) {
            report.excepted++;
            return;
        }
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
        Optional<String> why = nameProblem(workspace.name());
        if (why.isEmpty()) {
            try {
                why = take(workspace);
            } catch (SourceException e) {
                if (!source.isAlive()) {
                    throw e;
                }
                why = Optional.of(String.valueOf(e.getMessage()));
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

    /** Why the workspace's name is invalid for a room, with a suggested name; empty if it is valid. */
    private Optional<String> nameProblem(String workspace) {
        Optional<String> problem = RoomName.problem(options.renames().target(workspace));
        if (problem.isEmpty()) {
            return problem;
        }
        String suggestion = report.suggestions.get(workspace);
        if (suggestion == null && report.suggestions.size() < SUGGESTIONS) {
            suggestion = Names.suggest(workspace, this::isTaken);
            report.suggestions.put(workspace, suggestion);
        }
        return Optional.of(problem.get() + " --rename gives it another one"
                + (suggestion == null ? "." : ", for example " + Names.quote(suggestion) + "."));
    }

    private boolean isTaken(String name) {
        return report.suggestions.containsValue(name)
                || options.renames().isTarget(name)
                || source.has(name)
                || isRoom(name);
    }

    private boolean isRoom(String name) {
        try {
            return lookup.find(name).isPresent();
        } catch (CompletionException e) {
            return true; // deleted here, or the database does not answer
        }
    }

    /** Imports the room; returns why it was not imported, or empty if it was or could be. */
    private Optional<String> take(SourceDatabase.Workspace workspace) {
        SourceDocument document = reader.read(workspace);
        Completeness completeness = document.completeness();
        if (document.broken() > 0 && !options.skipBrokenRows()) {
            return Optional.of("Broken rows: " + document.broken() + " (" + document.brokenBytes()
                    + " bytes); --skip-broken-rows imports it without them. "
                    + (completeness.isComplete() ? WAITS_NOT : "Then " + completeness + "."));
        }
        if (!document.isMerged()) {
            return Optional.of("Its rows could not be merged.");
        }
        String name = options.renames().target(workspace.name());
        Optional<String> why = write(workspace.name(), name, document);
        if (why.isEmpty()) {
            tell(workspace.name(), name, document, completeness);
        }
        return why;
    }

    private Optional<String> write(String workspace, String name, SourceDocument document) {
        boolean isRenamed = options.renames().isRenamed(workspace);
        if (writer == null) {
            boolean isTaken = isRenamed
                    && lookup.find(name)
                            .filter(room -> RoomWriter.isOfAnother(RoomCheck.load(room), document.update()))
                            .isPresent();
            if (isTaken) {
                collisions.put(workspace, RoomWriter.TAKEN);
                return Optional.of(RoomWriter.TAKEN);
            }
            report.readable++;
            return Optional.empty();
        }
        try {
            switch (writer.write(name, document, isRenamed)) {
                case IMPORTED -> report.imported++;
                case MERGED -> report.merged++;
                case UNCHANGED -> report.unchanged++;
            }
            return Optional.empty();
        } catch (CompletionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            return Optional.of("The database refused the room: " + cause.getMessage());
        } catch (RoomWriter.RefusedException e) {
            if (RoomWriter.TAKEN.equals(e.getMessage())) {
                collisions.put(workspace, RoomWriter.TAKEN);
            }
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    /** Reports what the operator should know of an imported workspace. */
    private void tell(String workspace, String name, SourceDocument document, Completeness completeness) {
        String subject = "Workspace " + Names.quote(workspace);
        if (options.renames().isRenamed(workspace)) {
            report.renamed++;
            listener.problem(
                    subject + (writer == null ? " would be named " : " is named ") + Names.quote(name) + " here.");
        }
        if (document.broken() > 0) {
            report.problems += document.broken();
            listener.problem(subject + (writer == null ? " can be" : " was") + " imported without " + document.broken()
                    + (document.broken() == 1 ? " broken row (" : " broken rows (") + document.brokenBytes()
                    + " bytes). Content that only these rows had is missing."
                    + (completeness.isComplete() ? " " + WAITS_NOT : ""));
        }
        if (!completeness.isComplete()) {
            report.incomplete++;
            listener.problem(subject + (document.broken() == 0 ? " is incomplete in the source: " : " is incomplete: ")
                    + completeness + ". It is imported as it is, and readers do not see the waiting content.");
        }
        if (!document.contradictions().isEmpty()) {
            report.contradictory++;
            listener.problem(subject + " is contradictory in the source: " + document.contradictions()
                    + ". It is imported as Yjs reads its rows: the first content counts.");
        }
    }

    private void eachBlob() {
        if (report.totals.bucketBlobs() > 0) {
            leftOut("The source only lists " + report.totals.bucketBlobs()
                    + " blobs in the table bucket_blobs: their bytes are in an object store and are not copied.");
        }
        if (!options.workspaces().isEmpty()) {
            options.workspaces().forEach(this::blobsOf);
            return;
        }
        List<String> page = source.workspacesWithBlobs(null, pageSize);
        while (!page.isEmpty()) {
            page.forEach(this::blobsOf);
            page = source.workspacesWithBlobs(page.get(page.size() - 1), pageSize);
        }
    }

    private void blobsOf(String workspace) {
        List<SourceDatabase.BlobRow> rows = source.blobs(workspace);
        if (rows.isEmpty()) {
            return;
        }
        Optional<String> problem = nameProblem(workspace).or(() -> Optional.ofNullable(collisions.get(workspace)));
        String target = options.renames().target(workspace);
        for (SourceDatabase.BlobRow row : rows) {
            Optional<String> why = problem.isPresent() ? problem : copier.copy(workspace, target, row);
            if (why.isPresent()) {
                report.blobsFailed++;
                leftOut("Blob " + Names.quote(row.hash()) + " of workspace " + Names.quote(workspace)
                        + " was not copied. " + why.get());
            }
            listener.progress(report);
        }
    }
}
