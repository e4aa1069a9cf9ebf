package io.keck.storage.others;

import io.keck.crdt.store.Completeness;
import io.keck.crdt.store.StructStore;
import io.keck.protocol.RoomName;
import io.keck.room.UpdateLog;
import io.keck.storage.octobase.Names;
import io.keck.storage.octobase.RoomCheck;
import io.keck.storage.octobase.RoomLookup;
import io.keck.storage.others.OtherStore.DamagedException;
import io.keck.storage.others.OtherStore.Entry;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;

/**
 * Imports the documents of an {@link OtherStore}, one at a time, so that one document is in memory at a time, apart from the
 * list of names. Used by one thread.
 *
 * <p>A document whose name is free becomes a room with one row, in one transaction. A room that has all of the document is
 * left alone, so a repeated import goes on where the last one ended. A room that has other content is reported and, by
 * default, not changed. Every written room is read back from the log and compared with the source ({@link ImportedRooms}).
 * A document that cannot be read is reported, and the import goes on.
 */
public final class StoreImporter {
    /** The most names that are suggested. */
    private static final int SUGGESTIONS = 1_000;

    private final OtherStore store;
    private final ImportedRooms rooms;
    private final Options options;
    private final Listener listener;
    private final StoreReport report;
    private final Set<String> targets = new HashSet<>();

    /** Receives the progress, on the importing thread. */
    public interface Listener {
        /** Reports that a document was processed, imported or not. */
        void progress(long done, long total, StoreReport report);

        /** Reports something for the operator, as a sentence in which names are quoted. */
        void problem(String sentence);
    }

    /**
     * The options of an import.
     *
     * @param only the names of the documents to import, or empty for all
     * @param renames new names
     * @param merge whether a room that lacks a part of its document gets it
     * @param replace whether a room that differs from its document is replaced
     */
    public record Options(List<String> only, RenameRules renames, boolean merge, boolean replace) {
        /**
         * Copies the list.
         *
         * @throws IllegalArgumentException for both of merge and replace
         */
        public Options {
            if (merge && replace) {
                throw new IllegalArgumentException("--merge and --replace exclude each other.");
            }
            only = List.copyOf(only);
        }

        private ImportedRooms.Existing existing() {
            if (merge) {
                return ImportedRooms.Existing.MERGE;
            }
            return replace ? ImportedRooms.Existing.REPLACE : ImportedRooms.Existing.REPORT;
        }
    }

    private StoreImporter(
            OtherStore store, Options options, Listener listener, StoreReport report, ImportedRooms rooms) {
        this.store = store;
        this.options = options;
        this.listener = listener;
        this.report = report;
        this.rooms = rooms;
    }

    /**
     * Creates an import, which runs once.
     *
     * @param random a cryptographically strong source of batch ids
     */
    public static StoreImporter into(
            UpdateLog log, OtherStore store, Options options, Random random, Listener listener) {
        return into(log, store, options, random, listener, new RoomCheck());
    }

    static StoreImporter into(
            UpdateLog log, OtherStore store, Options options, Random random, Listener listener, RoomCheck check) {
        ImportedRooms rooms = new ImportedRooms(log, RoomLookup.NONE, random, options.existing(), check);
        return new StoreImporter(store, options, listener, new StoreReport(false), rooms);
    }

    /** Creates a dry run, which reads the source and the existing rooms and writes nothing. */
    public static StoreImporter dryRun(RoomLookup lookup, OtherStore store, Options options, Listener listener) {
        ImportedRooms rooms = new ImportedRooms(null, lookup, new Random(0), options.existing(), new RoomCheck());
        return new StoreImporter(store, options, listener, new StoreReport(true), rooms);
    }

    /**
     * Imports the documents.
     *
     * @throws OtherStore.UnreadableException if the source no longer answers
     * @throws IllegalStateException if the target no longer answers
     * @throws IllegalArgumentException if two documents would get the same name; nothing was changed then
     */
    public StoreReport run() {
        store.nameless().forEach(this::leftOut);
        List<Entry> entries = chosen();
        requireDistinctTargets(entries);
        for (String unused : options.renames().unused()) {
            leftOut("No document matches " + Names.quote(unused) + ", which is to be renamed.");
        }
        report.documents = entries.size();
        report.bytes = entries.stream().mapToLong(Entry::bytes).sum();
        long done = 0;
        for (Entry entry : entries) {
            take(entry);
            listener.progress(++done, entries.size(), report);
        }
        return report;
    }

    private List<Entry> chosen() {
        if (options.only().isEmpty()) {
            return store.entries();
        }
        Set<String> wanted = new HashSet<>(options.only());
        List<Entry> chosen = new ArrayList<>();
        for (Entry entry : store.entries()) {
            if (wanted.remove(entry.name())) {
                chosen.add(entry);
            }
        }
        wanted.stream().sorted().forEach(name -> leftOut("Document " + Names.quote(name) + " is not in the source."));
        return chosen;
    }

    private void requireDistinctTargets(List<Entry> entries) {
        Map<String, String> origins = new HashMap<>();
        for (Entry entry : entries) {
            String target = options.renames().target(entry.name());
            String other = origins.putIfAbsent(target, entry.name());
            if (other != null) {
                throw new IllegalArgumentException("Documents " + Names.quote(other) + " and "
                        + Names.quote(entry.name()) + " would both be named " + Names.quote(target)
                        + ". Nothing was changed.");
            }
        }
        targets.addAll(origins.keySet());
    }

    private void leftOut(String sentence) {
        report.leftOut++;
        listener.problem(sentence);
    }

    private void take(Entry entry) {
        String target = options.renames().target(entry.name());
        String subject = "Document " + Names.quote(entry.name())
                + (target.equals(entry.name()) ? "" : ", here " + Names.quote(target) + ",");
        Optional<String> problem = RoomName.problem(target);
        if (problem.isPresent()) {
            leftOut(subject + " was left out. " + problem.get() + suggestion(entry.name()));
            return;
        }
        try {
            OtherDocument document = OtherDocument.of(store.updates(entry.name()));
            if (!document.isAllOf(reread(document))) {
                throw new DamagedException("It could not be merged.");
            }
            count(rooms.write(target, document));
            Completeness completeness = document.completeness();
            if (!completeness.isComplete()) {
                report.incomplete++;
                listener.problem(subject + " is incomplete in the source: " + completeness
                        + ". It is imported as it is, and readers do not see the waiting content.");
            }
        } catch (ImportedRooms.DiffersException e) {
            report.differing++;
            listener.problem(subject + " differs. " + e.getMessage());
        } catch (DamagedException e) {
            leftOut(subject + " was left out. " + e.getMessage());
        } catch (OutOfMemoryError e) {
            leftOut(subject + " was left out. It does not fit into memory: give Java a larger -Xmx.");
        }
    }

    private static StructStore reread(OtherDocument document) {
        StructStore again = new StructStore();
        again.apply(document.update());
        return again;
    }

    private void count(ImportedRooms.Result result) {
        switch (result) {
            case IMPORTED -> report.imported++;
            case REPLACED -> report.replaced++;
            case COMPLETED -> report.completed++;
            case UNCHANGED -> report.unchanged++;
        }
    }

    private String suggestion(String name) {
        if (report.suggestions.size() >= SUGGESTIONS) {
            return " --rename gives it another one.";
        }
        String suggested = Names.suggest(
                name,
                taken -> targets.contains(taken) || report.suggestions.containsValue(taken) || rooms.isTaken(taken));
        report.suggestions.put(name, suggested);
        return " --rename gives it another one, for example " + Names.quote(suggested) + ".";
    }
}
