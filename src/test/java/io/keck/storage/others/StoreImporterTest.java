package io.keck.storage.others;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.crdt.Doc;
import io.keck.crdt.store.StateVector;
import io.keck.room.UpdateLog.Contents;
import io.keck.storage.octobase.RoomCheck;
import io.keck.testing.FreshDatabase;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What an import from another server does with names and with rooms that exist. */
class StoreImporterTest {
    @RegisterExtension
    final FreshDatabase db = FreshDatabase.sqlite();

    private final Map<String, List<byte[]>> documents = new TreeMap<>();
    private ImportTarget target;

    /** A store in memory. */
    private final OtherStore store = new OtherStore() {
        @Override
        public List<Entry> entries() {
            return documents.keySet().stream().map(name -> new Entry(name, 1)).toList();
        }

        @Override
        public List<byte[]> updates(String name) {
            return documents.get(name);
        }

        @Override
        public void close() {}
    };

    @BeforeEach
    void open() {
        target = new ImportTarget(db);
    }

    private static byte[] text(long client, String text) {
        Doc doc = new Doc();
        doc.setClientId(client);
        doc.getText("t").insert(0, text);
        return doc.encodeStateAsUpdate();
    }

    private void put(String name, byte[]... updates) {
        documents.put(name, List.of(updates));
    }

    private long room(String name, byte[] update) {
        return target.log
                .init(name, UUID.randomUUID(), 5, update, false)
                .toCompletableFuture()
                .join()
                .orElseThrow()
                .roomId();
    }

    private static StoreImporter.Options options(boolean merge, boolean replace) {
        return new StoreImporter.Options(List.of(), new RenameRules(List.of(), List.of()), merge, replace);
    }

    @Test
    void documents_areImported_andASecondImportWritesNothing() {
        put("a", text(1, "one "), text(2, "two "));
        put("empty");
        StoreReport report = target.run(store);
        assertThat(target.problems).isEmpty();
        assertThat(report.imported).isEqualTo(2);
        assertThat(target.text("a")).contains("one ", "two ");
        assertThat(target.text("empty")).isEmpty();
        StoreReport again = target.run(store);
        assertThat(again.unchanged).isEqualTo(2);
        assertThat(again.isComplete()).isTrue();
        assertThat(target.room("a").head().seq()).isEqualTo(1);
    }

    @Test
    void anImportThatWasStopped_goesOnWithTheRest() {
        for (int i = 0; i < 6; i++) {
            put("d" + i, text(1, "t" + i));
        }
        target.stopAfter = 4;
        assertThatThrownBy(() -> target.run(store)).isInstanceOf(ImportTarget.StoppedException.class);
        target.stopAfter = Long.MAX_VALUE;
        StoreReport report = target.run(store);
        assertThat(report.unchanged).isEqualTo(4);
        assertThat(report.imported).isEqualTo(2);
        assertThat(target.text("d5")).isEqualTo("t5");
    }

    @Test
    void whatDiffers_isReported_andLeftAsItIs() {
        put("a", text(1, "there"));
        room("a", text(2, "here"));
        for (StoreReport report : List.of(target.dryRun(store, options(false, false)), target.run(store))) {
            assertThat(report.differing).isEqualTo(1);
            assertThat(report.isComplete()).isFalse();
        }
        assertThat(target.problems)
                .hasSize(2)
                .containsOnly("Document \"a\" differs. Its room here lacks 1 structs and 0 deleted ranges of it. It was"
                        + " left as it is.");
        assertThat(target.text("a")).isEqualTo("here");
        assertThat(target.room("a").head().seq()).isEqualTo(1);
    }

    @Test
    void whatWasEditedHereSince_isUpToDate() {
        put("a", text(1, "there"));
        target.run(store);
        target.log
                .append(target.room("a").roomId(), UUID.randomUUID(), 9, text(2, "here"), false)
                .toCompletableFuture()
                .join();
        for (StoreImporter.Options options :
                List.of(options(false, false), options(true, false), options(false, true))) {
            assertThat(target.run(store, options).unchanged).isEqualTo(1);
        }
        assertThat(target.text("a")).contains("here", "there");
    }

    @Test
    void merge_addsWhatIsMissing_butNeverToOtherContentUnderTheSameIds() {
        put("a", text(1, "there"));
        put("b", text(1, "there"));
        long a = room("a", text(2, "here"));
        room("b", text(1, "THERE"));
        StoreReport report = target.run(store, options(true, false));
        assertThat(report.completed).isEqualTo(1);
        assertThat(report.differing).isEqualTo(1);
        assertThat(target.room("a").roomId()).isEqualTo(a);
        assertThat(target.text("a")).contains("here", "there");
        assertThat(target.text("b")).isEqualTo("THERE");
        assertThat(target.problems).singleElement().asString().contains("other content under the same ids");
    }

    @Test
    void replace_beginsANewLife_withTheDocument() {
        put("a", text(1, "there"));
        long before = room("a", text(2, "here"));
        StoreReport dry = target.dryRun(store, options(false, true));
        assertThat(dry.replaced).isEqualTo(1);
        assertThat(target.text("a")).isEqualTo("here");
        assertThat(target.run(store, options(false, true)).replaced).isEqualTo(1);
        assertThat(target.text("a")).isEqualTo("there");
        assertThat(target.room("a").roomId()).isNotEqualTo(before);
    }

    @Test
    void aRoomWithoutContent_isFilled_alsoOneToWhichClientsHaveOnlyConnected() {
        put("connected", text(1, "t"));
        put("created", text(1, "t"));
        long connected =
                target.log.open("connected").toCompletableFuture().join().roomId();
        long created = target.log.create("created").toCompletableFuture().join().orElseThrow();
        StoreReport report = target.run(store);
        assertThat(target.problems).isEmpty();
        assertThat(report.imported).isEqualTo(1);
        assertThat(report.completed).isEqualTo(1);
        assertThat(target.room("connected").roomId()).isEqualTo(connected);
        assertThat(target.room("created").roomId()).isEqualTo(created);
        assertThat(target.text("connected") + target.text("created")).isEqualTo("tt");
    }

    @Test
    void aDocumentThatWasDeletedHere_staysDeleted() {
        put("a", text(1, "t"));
        target.run(store);
        target.log.delete("a").toCompletableFuture().join();
        assertThat(target.run(store).leftOut).isEqualTo(1);
        assertThat(target.problems)
                .containsExactly(
                        "Document \"a\" was left out. It was deleted here; --restore-deleted imports it nevertheless.");
    }

    @Test
    void whatIsDamaged_isNamed_andTheRestIsImported() {
        put("bad", text(1, "t"), new byte[] {1, 1, 5});
        put("zero", new byte[0]);
        put("good", text(1, "good"));
        StoreReport report = target.run(store);
        assertThat(report.leftOut).isEqualTo(2);
        assertThat(report.imported).isEqualTo(1);
        assertThat(target.problems.get(0))
                .startsWith("Document \"bad\" was left out. Update 2 of 2 is not a valid update: ")
                .endsWith(" (3 bytes).");
        assertThat(target.problems.get(1)).startsWith("Document \"zero\" was left out. Its content is not a valid");
        assertThat(target.hasRoom("bad")).isFalse();
        assertThat(target.text("good")).isEqualTo("good");
    }

    @Test
    void anIncompleteDocument_isImported_andReported() {
        Doc doc = new Doc();
        doc.setClientId(7);
        doc.getText("t").insert(0, "first ");
        StateVector state = doc.stateVector();
        doc.getText("t").insert(6, "second");
        put("waiting", doc.encodeStateAsUpdate(state));
        StoreReport report = target.run(store);
        assertThat(report.isComplete()).isTrue();
        assertThat(report.isWhole()).isFalse();
        assertThat(target.problems).singleElement().asString().contains("is incomplete in the source: 1 struct");
    }

    @Test
    void renames_followPatterns_andNothingIsWrittenIfTwoMeet() {
        put("notes/a", text(1, "a"));
        put("b", text(1, "b"));
        StoreReport report = target.run(store, ImportTarget.options("notes/*=team/*", "b=c", "x*=y*"));
        assertThat(report.imported).isEqualTo(2);
        assertThat(target.problems).containsExactly("No document matches \"x*\", which is to be renamed.");
        assertThat(target.text("team/a") + target.text("c")).isEqualTo("ab");
        assertThatThrownBy(() -> target.run(store, ImportTarget.options("notes/*=*", "b=a")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Documents \"b\" and \"notes/a\" would both be named \"a\". Nothing was changed.");
        assertThat(target.hasRoom("a")).isFalse();
    }

    @Test
    void aNameThatNoRoomMayHave_isLeftOut_withASuggestion() {
        put("a//b", text(1, "t"));
        put("a/b", text(1, "t"));
        StoreReport report = target.run(store);
        assertThat(report.imported).isEqualTo(1);
        assertThat(report.suggestedNames()).isEqualTo("{\n  \"a//b\": \"a/b-2\"\n}");
        assertThat(target.problems).singleElement().asString().endsWith("for example \"a/b-2\".");
    }

    @Test
    void onlyTheChosenDocuments_areImported() {
        put("a", text(1, "a"));
        put("b", text(1, "b"));
        StoreReport report = target.run(
                store,
                new StoreImporter.Options(
                        List.of("b", "nowhere"), new RenameRules(List.of(), List.of()), false, false));
        assertThat(report.imported).isEqualTo(1);
        assertThat(target.problems).containsExactly("Document \"nowhere\" is not in the source.");
        assertThat(target.hasRoom("a")).isFalse();
    }

    /** The twin of the check after the import: without it, damage on the way to the disk stays unnoticed. */
    @Test
    void aRoomThatReadsBackDifferently_isReported() {
        put("a", text(1, "t"));
        RoomCheck wrong = new RoomCheck() {
            @Override
            public String problem(byte[] document, Contents room) {
                return "the room lacks a part of the document";
            }
        };
        StoreReport report = StoreImporter.into(target.log, store, ImportTarget.options(), new Random(1), target, wrong)
                .run();
        assertThat(report.leftOut).isEqualTo(1);
        assertThat(report.imported).isZero();
        assertThat(target.problems)
                .containsExactly("Document \"a\" was left out. Its room, read back, differs from the source: the room"
                        + " lacks a part of the document.");
    }
}
