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
 * Takes over the rooms and blobs of a {@link SourceDatabase}, one after the other, so that one room at a time is in memory.
 * Used by one thread.
 *
 * <p><b>A room.</b> Its rows are decoded strictly, in order, and merged in a store ({@link DocumentReader}). A row that
 * cannot be decoded keeps its room out, or is left out where the options say so. What comes of it is one update:
 * <ul>
 *   <li>there is no room of that name: it is made with that update as its first row, in one transaction;
 *   <li>there is one and it has all of it: nothing is written, so a second import costs no more than reading;
 *   <li>there is one that lacks something: just that becomes its next row, an ordinary commit that other nodes read and
 *       send to the clients of the room. Updates of one document may be merged in any order, so what was written here
 *       meanwhile stays;
 *   <li>there is one that says something else under the same ids: nothing is written, and it is reported;
 *   <li>there was one and it was deleted here: it is left alone, unless the log is told to hold no names.
 * </ul>
 * Each step is one transaction whose result can be seen ({@link RoomWriter}), so an import may be stopped anywhere and
 * started again. Then the room is read back and compared with what was read ({@link RoomCheck}); a blob likewise, by its
 * hash ({@link BlobCopier}).
 *
 * <p><b>What is not whole.</b> Documents whose structs wait for others that the source does not have, and documents whose
 * rows say different things of one id, are taken over as they are, as Yjs reads the rows, and named.
 *
 * <p>A failure that concerns one room or blob is a problem that is reported, and the import goes on; when one of the two
 * databases does not answer any more, it ends.
 */
public final class Importer {
    /** Workspaces that are listed at a time. */
    private static final int PAGE = 1_000;

    private static final String WAITS_NOT = "Nothing in its other rows waits for what stood in them.";

    /** Names that are suggested. */
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
    /** Why nothing of a workspace may be written under the name that it gets, by its name in the source. */
    private final Map<String, String> collisions = new HashMap<>();

    /**
     * What is wanted. Immutable.
     *
     * @param workspaces just these, or all where it is empty
     * @param except workspaces whose documents are left alone; their blobs are not
     * @param renames which of them get another name
     * @param skipBrokenRows whether a room is imported without its broken rows, instead of not at all
     * @param subdocumentsMatter whether sub-documents, which are not imported, count as something that is left out
     */
    public record Options(
            List<String> workspaces,
            Set<String> except,
            Renames renames,
            boolean skipBrokenRows,
            boolean subdocumentsMatter) {
        /** Everything, under its own name, without broken rooms. */
        public static final Options ALL = new Options(List.of(), Set.of(), Renames.NONE, false, true);

        /** Copies the lists. */
        public Options {
            workspaces = List.copyOf(workspaces);
            except = Set.copyOf(except);
        }
    }

    /**
     * Where rooms and blobs go.
     *
     * @param log null for a dry run, which reads and checks the source and writes nothing
     * @param blobs null for none, or in a dry run
     * @param lookup the rooms that are there, for a dry run
     */
    public record Target(@Nullable UpdateLog log, @Nullable BlobStore blobs, RoomLookup lookup) {
        /** A dry run that knows the rooms that are there. */
        public static Target dryRun(RoomLookup lookup) {
            return new Target(null, null, lookup);
        }

        /** The real thing. */
        public static Target of(UpdateLog log, BlobStore blobs) {
            return new Target(log, blobs, RoomLookup.NONE);
        }
    }

    /**
     * An import, to be run once.
     *
     * @param random of cryptographic strength, for ids of batches
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
     * @param withBlobs whether blobs are copied, or in a dry run read
     * @return what came of it
     * @throws SourceException if the source does not answer any more
     * @throws IllegalStateException if the target does not
     * @throws IllegalArgumentException if a workspace is to get the name of another one; nothing was changed then
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

    /** Why no room may have the name that the workspace gets, and what it could be named. */
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
            return true; // deleted here a while ago, or not to be known now
        }
    }

    /** Why the room was not imported; empty when it was, or can be. */
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
            return Optional.of("The database refused it: " + cause.getMessage());
        } catch (RoomWriter.RefusedException e) {
            if (RoomWriter.TAKEN.equals(e.getMessage())) {
                collisions.put(workspace, RoomWriter.TAKEN);
            }
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    /** Says of a workspace that was taken over what the operator should know of it. */
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
                    + " bytes). What only such rows held is missing."
                    + (completeness.isComplete() ? " " + WAITS_NOT : ""));
        }
        if (!completeness.isComplete()) {
            report.incomplete++;
            listener.problem(subject + (document.broken() == 0 ? " is incomplete in the source: " : " is incomplete: ")
                    + completeness + ". It is taken over as it is, and readers do not see what waits.");
        }
        if (!document.contradictions().isEmpty()) {
            report.contradictory++;
            listener.problem(subject + " is contradictory in the source: " + document.contradictions()
                    + ". It is taken over as Yjs reads its rows: what came first counts.");
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
