package io.keck.storage.octobase;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.keck.blob.BlobId;
import io.keck.check.Findings;
import io.keck.crdt.Doc;
import io.keck.crdt.YjsOracle;
import io.keck.crdt.lib0.Encoder;
import io.keck.storage.DatabaseFactory;
import io.keck.storage.doctor.DatabaseDoctor;
import io.keck.testing.FreshDatabase;
import io.keck.testing.Grants;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What an import makes of databases as the old server leaves them behind: rows of every odd kind, and odd names. */
abstract class DirtySourceContract {
    private static final int PAGE = 10;

    @RegisterExtension
    final FreshDatabase db;

    protected OldKeck old;
    protected Target target;

    /** What the operator was told. */
    protected final Told told = new Told();

    protected static final class Told implements ImportListener {
        final List<String> problems = new ArrayList<>();
        final List<String> rooms = new ArrayList<>();
        int stopAfter = Integer.MAX_VALUE;

        @Override
        public void progress(ImportReport report) {}

        @Override
        public void room(String workspace) {
            rooms.add(workspace);
            if (rooms.size() == stopAfter) {
                throw new StoppedException();
            }
        }

        @Override
        public void problem(String sentence) {
            problems.add(sentence);
        }
    }

    protected static final class StoppedException extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    DirtySourceContract(FreshDatabase db) {
        this.db = db;
    }

    /** An empty database of the old server. */
    protected abstract OldKeck source();

    /** Ours, opened (again). */
    protected final Target target(Duration deletedNameHold) {
        return Target.open(db::reopen, deletedNameHold);
    }

    @BeforeEach
    void open() {
        old = source();
        target = target(Target.FOREVER);
    }

    @AfterEach
    void close() {
        old.close();
    }

    protected final ImportReport run() {
        return run(false);
    }

    protected final ImportReport run(boolean skipBrokenRows, String... workspaces) {
        return run(options(skipBrokenRows, Renames.NONE, workspaces), new RoomCheck());
    }

    protected static Importer.Options options(boolean skipBrokenRows, Renames renames, String... workspaces) {
        return new Importer.Options(List.of(workspaces), Set.of(), renames, skipBrokenRows, true);
    }

    protected final ImportReport run(Importer.Options options, RoomCheck check) {
        told.problems.clear();
        told.rooms.clear();
        try (SourceDatabase source = SourceDatabase.open(old.url())) {
            return new Importer(
                            source,
                            Importer.Target.of(target.log, target.blobs),
                            new Random(1),
                            options,
                            told,
                            check,
                            PAGE)
                    .run(true);
        }
    }

    protected static byte[] text(long client, String text) {
        Doc doc = new Doc();
        doc.setClientId(client);
        doc.getText("t").insert(0, text);
        return doc.encodeStateAsUpdate();
    }

    protected final String textOf(String room) {
        return Doc.of(target.document(room)).getText("t").toString();
    }

    // ---- odd rows

    private static byte[] resource() {
        try (InputStream in = DirtySourceContract.class.getResourceAsStream("/octobase/empty-items.bin")) {
            return Objects.requireNonNull(in).readAllBytes();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** The updates of an editor that types some words, one each. */
    private static List<byte[]> typed(long client, String... words) {
        Doc doc = new Doc();
        doc.setClientId(client);
        List<byte[]> updates = new ArrayList<>();
        for (String word : words) {
            var before = doc.stateVector();
            doc.getText("t").insert(doc.getText("t").length(), word);
            updates.add(doc.encodeStateAsUpdate(before));
        }
        return updates;
    }

    /** A row that gives a map key of the root "m" a value, under the first id of a client. */
    private static byte[] value(long client, String key, Object value) {
        Doc doc = new Doc();
        doc.setClientId(client);
        doc.getMap("m").set(key, value);
        return doc.encodeStateAsUpdate();
    }

    /** The text of a client cut into one struct a letter, each with a struct of no length before it. */
    private static byte[] cut(long client, String text) {
        Encoder out = new Encoder();
        out.writeVarUint(1);
        out.writeVarUint(2L * text.length());
        out.writeVarUint(client);
        out.writeVarUint(0);
        for (int i = 0; i < 2 * text.length(); i++) {
            out.writeUint8(i < 2 ? 4 : 0x84);
            if (i < 2) {
                out.writeVarUint(1);
                out.writeVarString("t");
            } else {
                out.writeVarUint(client);
                out.writeVarUint(i / 2 - 1);
            }
            out.writeVarString(i % 2 == 0 ? "" : text.substring(i / 2, i / 2 + 1));
        }
        out.writeVarUint(1); // and a deleted range of no length
        out.writeVarUint(client);
        out.writeVarUint(1);
        out.writeVarUint(0);
        out.writeVarUint(0);
        return out.toByteArray();
    }

    /** The rows of each workspace, without those that nothing can read. */
    private Map<String, List<byte[]>> dirty() {
        Map<String, List<byte[]>> rows = new LinkedHashMap<>();
        rows.put("empty rows", List.of(new byte[0], text(1, "after"), new byte[0]));
        rows.put("only an empty row", List.of(new byte[0]));
        rows.put("empty items", List.of(resource()));
        rows.put("empty and cut", List.of(cut(5, "hello"), text(5, "hello world"), text(6, "other ")));
        List<byte[]> words = typed(3, "one ", "two ", "three ", "four ");
        rows.put("waiting", List.of(words.get(0), words.get(2), words.get(3), text(4, "whole ")));
        rows.put("contradictory", List.of(text(8, "same same"), text(8, "same SAME"), text(9, "other ")));
        rows.put("values", List.of(value(8, "k", 1), value(8, "k", 2), value(7, "o", true)));
        rows.put("elsewhere", List.of(value(8, "k", 1), value(8, "l", 1)));
        rows.put("plain", List.of(text(1, "plain"), text(1, "plain")));
        rows.forEach((name, updates) -> updates.forEach(update -> old.row(name, update)));
        return rows;
    }

    @Test
    void oddRows_areTakenOverAsYjsReadsThem_andNamed() throws Exception {
        Map<String, List<byte[]>> rows = dirty();
        byte[] broken = {1, 1, 5};
        List<byte[]> words = typed(11, "left ", "lost ", "right ");
        old.row("broken", words.get(0));
        long row = old.row("broken", broken);
        old.row("broken", words.get(2));
        rows.put("broken", List.of(words.get(0), words.get(2)));
        // Yjs fails on a struct of no length that begins a client; the second row says all that the first one does
        rows.computeIfPresent("empty and cut", (name, updates) -> updates.subList(1, updates.size()));

        ImportReport report = run(true);
        assertThat(report.imported).isEqualTo(rows.size());
        assertThat(report.emptyRows).isEqualTo(3);
        assertThat(report.brokenRows).isEqualTo(1);
        assertThat(report.incomplete).isEqualTo(2);
        assertThat(report.contradictory).isEqualTo(3);
        assertThat(report.roomsWithEmptyItems).isEqualTo(2);
        assertThat(report.emptyItems).isGreaterThan(6);
        assertThat(report.isComplete()).isFalse();
        assertThat(report.isWhole()).isFalse();
        assertThat(report.summary(0))
                .contains("3 empty, 1 broken", "2 documents are incomplete, 3 are contradictory", "NOT imported: 1")
                .doesNotContain("Everything");
        assertThat(told.problems)
                .containsExactlyInAnyOrder(
                        "Workspace \"broken\", row " + row
                                + " is not a valid update: count of 1 is more than the bytes at hand can hold (3"
                                + " bytes).",
                        "Workspace \"broken\" was imported without 1 broken row (3 bytes). Content that only these"
                                + " rows had is missing.",
                        "Workspace \"broken\" is incomplete: 1 struct of 1 client waits for clocks 5 to 9 of client"
                                + " 11. It"
                                + " is imported as it is, and readers do not see the waiting content.",
                        "Workspace \"waiting\" is incomplete in the source: 1 struct of 1 client waits for clocks 4"
                                + " to 7 of"
                                + " client 3. It is imported as it is, and readers do not see the waiting content.",
                        "Workspace \"contradictory\" is contradictory in the source: 4 ids have two contents and 0"
                                + " have two"
                                + " places, the first of them is clock 5 of client 8 in row " + (rowOf("contradictory"))
                                + ". It is imported as Yjs reads its rows: the first content counts.",
                        "Workspace \"values\" is contradictory in the source: 1 ids have two contents and 0 have"
                                + " two places,"
                                + " the first of them is clock 0 of client 8 in row " + rowOf("values")
                                + ". It is imported as Yjs reads its rows: the first content counts.",
                        "Workspace \"elsewhere\" is contradictory in the source: 0 ids have two contents and 1 have two"
                                + " places, the first of them is clock 0 of client 8 in row " + rowOf("elsewhere")
                                + ". It is imported as Yjs reads its rows: the first content counts.");
        assertThat(textOf("empty rows")).isEqualTo("after");
        assertThat(target.document("only an empty row").isEmpty()).isTrue();
        assertAsInYjs(rows);

        ImportReport again = run(true);
        assertThat(again.unchanged).isEqualTo(rows.size());
        assertThat(again.incomplete + again.contradictory).isEqualTo(5);
        rows.keySet().forEach(name -> assertThat(target.room(name).head().seq()).isEqualTo(1));

        // a node of another life may commit such a row: it is not reduced again
        append("plain", text(1, "PLAIN"));
        append("empty rows", text(30, "as well "));
        assertThat(remarks())
                .containsExactlyInAnyOrder(
                        "broken incomplete it is incomplete: 1 struct of 1 client waits for clocks 5 to 9 of client 11",
                        "waiting incomplete it is incomplete: 1 struct of 1 client waits for clocks 4 to 7 of client 3",
                        "plain contradictory its rows contradict each other: 5 ids have two contents and 0 have two"
                                + " places,"
                                + " the first of them is clock 0 of client 1 in row 2");
    }

    private void append(String room, byte[] update) {
        target.log
                .append(target.room(room).roomId(), UUID.randomUUID(), 7, update, false)
                .toCompletableFuture()
                .join();
    }

    /** What doctor says of the documents of the target. */
    private List<String> remarks() {
        DatabaseFactory factory = new DatabaseFactory();
        factory.setUrl(db.get().url());
        List<String> remarks = new ArrayList<>();
        Findings findings = finding -> {
            assertThat(finding.level()).as(finding.what()).isNotEqualTo(Findings.Level.PROBLEM);
            if (finding.area().equals("document")) {
                assertThat(finding.level()).isEqualTo(Findings.Level.HINT);
                assertThat(finding.todo()).isNotEmpty();
                remarks.add(finding.room() + " " + finding.kind() + " " + finding.what());
            }
        };
        DatabaseDoctor doctor = factory.doctor();
        doctor.look(problem -> {});
        doctor.scrub(null, true, findings, (rooms, blobs, rows, bytes) -> {});
        return remarks;
    }

    /** The second row of a workspace, which is the one that contradicts. */
    private long rowOf(String workspace) {
        List<Long> ids = new ArrayList<>();
        try (SourceDatabase source = SourceDatabase.open(old.url())) {
            source.rows(source.workspace(workspace).orElseThrow(), (id, update) -> ids.add(id));
        }
        return ids.get(1);
    }

    /** Real Yjs, fed with the rows and fed with what is here, is in the same state: JSON, clocks, deletes, what waits. */
    private void assertAsInYjs(Map<String, List<byte[]>> rows) throws Exception {
        JsonNode roots = new ObjectMapper().createObjectNode().put("t", "text").put("m", "map");
        try (YjsOracle yjs = YjsOracle.open()) {
            rows.values()
                    .forEach(updates -> yjs.apply(
                            true,
                            roots,
                            updates.stream().filter(update -> update.length > 0).toList()));
            rows.keySet()
                    .forEach(name ->
                            yjs.apply(true, roots, List.of(target.document(name).encode())));
            YjsOracle.Answers answers = yjs.ask();
            int i = 0;
            for (String name : rows.keySet()) {
                assertThat(answers.get(i).get("fail")).as(name).isNull();
                for (String part : List.of("svJson", "ds", "pending")) {
                    assertThat(answers.get(i + rows.size()).get(part))
                            .as(name)
                            .isEqualTo(answers.get(i).get(part));
                }
                // Yjs splits a surrogate pair for an item of no length in it; without the item the pair stays whole
                if (!name.equals("empty items")) {
                    assertThat(answers.get(i + rows.size())).as(name).isEqualTo(answers.get(i));
                }
                i++;
            }
        }
    }

    @Test
    void aBrokenRow_isSaidWithWhatWaitsForIt_beforeAnythingIsWritten() {
        List<byte[]> words = typed(11, "left ", "lost ", "right ");
        old.row("broken", words.get(0));
        old.row("broken", new byte[] {9, 9, 9, 9});
        old.row("broken", words.get(2));
        ImportReport report = run();
        assertThat(report.failed).isEqualTo(1);
        assertThat(report.incomplete).isZero();
        assertThat(target.hasRoom("broken")).isFalse();
        assertThat(told.problems)
                .hasSize(2)
                .last()
                .asString()
                .isEqualTo(
                        "Workspace \"broken\" was not imported. Broken rows: 1 (4 bytes); --skip-broken-rows imports it"
                                + " without them. Then 1 struct of 1 client waits for clocks 5 to 9 of client 11.");
    }

    @Test
    void aDocumentThatIsWholeHere_isNotMixedWithContradictoryRows() {
        old.row("live", text(8, "garbage"));
        old.row("live", text(9, "more"));
        byte[] right = text(8, "correct");
        target.log
                .init("live", UUID.randomUUID(), 5, right, false)
                .toCompletableFuture()
                .join();
        assertThat(run().failed).isEqualTo(1);
        assertThat(told.problems).hasSize(1).first().asString().contains("Nothing was written; --except leaves it");
        assertThat(target.document("live").encode()).isEqualTo(right);
        ImportReport report =
                run(new Importer.Options(List.of(), Set.of("live"), Renames.NONE, false, true), new RoomCheck());
        assertThat(told.problems).isEmpty();
        assertThat(report.excepted).isEqualTo(1);
        assertThat(report.summary(0)).contains("1 excepted", "Everything was imported.");
        assertThat(target.document("live").encode()).isEqualTo(right);
    }

    // ---- names

    private static Renames renames(String... names) {
        List<Renames.Rename> all = new ArrayList<>();
        for (int i = 0; i < names.length; i += 2) {
            all.add(new Renames.Rename(names[i], names[i + 1]));
        }
        return Renames.of(all);
    }

    private ImportReport dryRun(Renames renames) {
        told.problems.clear();
        try (SourceDatabase source = SourceDatabase.open(old.url())) {
            return new Importer(
                            source,
                            Importer.Target.dryRun(
                                    name -> target.hasRoom(name) ? Optional.of(target.room(name)) : Optional.empty()),
                            new Random(1),
                            options(false, renames),
                            told)
                    .run(true);
        }
    }

    @Test
    void renamedWorkspaces_areTakenWithTheirBlobs_andFoundAgain() {
        String longName = "x".repeat(300);
        old.row("new\nline", text(1, "control"));
        old.row(longName, text(2, "long"));
        old.row("", text(3, "empty"));
        old.row("fine", text(4, "fine"));
        BlobId blob = old.blob("new\nline", new byte[] {1, 2});
        Renames renames = renames("new\nline", "new-line", longName, "long", "", "unnamed");
        assertThat(dryRun(renames).readable).isEqualTo(4);
        assertThat(told.problems).contains("Workspace \"new\\u000aline\" would be named \"new-line\" here.");
        ImportReport report = run(options(false, renames), new RoomCheck());
        assertThat(report.isComplete()).isTrue();
        assertThat(report.renamed).isEqualTo(3);
        assertThat(told.problems).hasSize(3).contains("Workspace \"new\\u000aline\" is named \"new-line\" here.");
        assertThat(textOf("new-line")).isEqualTo("control");
        assertThat(textOf("long")).isEqualTo("long");
        assertThat(textOf("unnamed")).isEqualTo("empty");
        assertThat(textOf("fine")).isEqualTo("fine");
        assertThat(target.blobs.find(Grants.on("new-line"), blob)).isPresent();

        assertThat(dryRun(renames).readable).isEqualTo(4);
        old.row("new\nline", text(5, "more"));
        ImportReport again = run(options(false, renames), new RoomCheck());
        assertThat(again.isComplete()).isTrue();
        assertThat(again.unchanged).isEqualTo(3);
        assertThat(again.merged).isEqualTo(1);
        assertThat(again.blobsThere).isEqualTo(1);
    }

    @Test
    void aNameThatIsTakenHere_isNotMixedWithItsRoom() {
        old.row("new\nline", text(1, "from the source"));
        BlobId blob = old.blob("new\nline", new byte[] {1, 2});
        target.log
                .init("taken", UUID.randomUUID(), 5, text(7, "of this server"), false)
                .toCompletableFuture()
                .join();
        Renames renames = renames("new\nline", "taken");
        ImportReport dry = dryRun(renames);
        List<String> expected = List.copyOf(told.problems);
        ImportReport report = run(options(false, renames), new RoomCheck());
        assertThat(told.problems).isEqualTo(expected).hasSize(2);
        assertThat(told.problems).allMatch(problem -> problem.contains("belongs to another room here"));
        assertThat(dry.failed).isEqualTo(report.failed).isEqualTo(1);
        assertThat(dry.blobsFailed).isEqualTo(report.blobsFailed).isEqualTo(1);
        assertThat(textOf("taken")).isEqualTo("of this server");
        assertThat(target.blobs.find(Grants.on("taken"), blob)).isEmpty();
    }

    @Test
    void aNameThatAnotherWorkspaceHas_isRefused_beforeAnythingIsWritten() {
        old.row("a\tb", text(1, "one"));
        old.row("b", text(2, "two"));
        old.blob("only a blob", new byte[] {1});
        for (String taken : List.of("b", "only a blob")) {
            assertThatThrownBy(() -> run(options(false, renames("a\tb", taken)), new RoomCheck()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("another workspace of the source has that name. Nothing was changed.");
        }
        assertThat(target.hasRoom("b")).isFalse();
        // unless that one gives it up
        ImportReport report = run(options(false, renames("a\tb", "b", "b", "c")), new RoomCheck());
        assertThat(report.isComplete()).isTrue();
        assertThat(textOf("b")).isEqualTo("one");
        assertThat(textOf("c")).isEqualTo("two");
        ImportReport missing = run(options(false, renames("a\tb", "b", "b", "c", "nowhere", "x")), new RoomCheck());
        assertThat(missing.isComplete()).isFalse();
        assertThat(told.problems).contains("Workspace \"nowhere\", which is to be renamed, is not in the source.");
    }

    @Test
    void forEachNameThatIsRefused_anotherIsSuggested_thatNothingHas() throws Exception {
        List<String> names = List.of("a\tb", "a\u0001b", "..", "/", "x/../y", "z".repeat(300), "", "c\nd");
        names.forEach(name -> old.row(name, text(1, name)));
        old.row("a-b", text(2, "in the way"));
        old.blob("\u0085", new byte[] {1});
        target.log
                .init("c-d", UUID.randomUUID(), 5, text(7, "in the way here"), false)
                .toCompletableFuture()
                .join();
        ImportReport dry = dryRun(Renames.NONE);
        assertThat(dry.failed).isEqualTo(names.size());
        assertThat(dry.suggestions.keySet())
                .containsAll(names)
                .contains("\u0085")
                .hasSize(names.size() + 1);
        assertThat(dry.suggestions.values()).doesNotHaveDuplicates().doesNotContain("a-b", "c-d");
        assertThat(dry.suggestions).containsEntry("c\nd", "c-d-2").containsEntry("..", "dotdot");

        Path file = Files.createTempFile("names", ".json");
        Files.writeString(file, dry.suggestedNames());
        ImportReport report = run(options(false, Renames.of(RenameFile.read(file))), new RoomCheck());
        Files.delete(file);
        assertThat(report.isComplete()).isTrue();
        assertThat(report.imported).isEqualTo(names.size() + 1);
        for (String name : names) {
            assertThat(textOf(dry.suggestions.get(name))).isEqualTo(name);
        }
    }
}
