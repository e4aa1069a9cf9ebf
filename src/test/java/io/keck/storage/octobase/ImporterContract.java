package io.keck.storage.octobase;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.blob.BlobId;
import io.keck.blob.BlobStore;
import io.keck.crdt.Doc;
import io.keck.crdt.Session;
import io.keck.crdt.TaggedJson;
import io.keck.crdt.YText;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.storage.DatabaseFactory;
import io.keck.testing.FreshDatabase;
import io.keck.testing.Grants;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** What an import does, from and to real databases. */
abstract class ImporterContract extends DirtySourceContract {
    private static final int SESSIONS = 60;

    ImporterContract(FreshDatabase db) {
        super(db);
    }

    @Test
    void whatRealYjsWrote_isThereAsYjsShowsIt_andASecondImportWritesNothing() {
        List<Session> sessions = Session.read("small").stream().limit(SESSIONS).toList();
        long rows = 0;
        for (Session session : sessions) {
            session.updates().forEach(update -> old.row(session.id(), update));
            rows += session.updates().size();
        }
        ImportReport report = run();
        assertThat(told.problems).isEmpty();
        assertThat(report.isComplete()).isTrue();
        assertThat(report.imported).isEqualTo(sessions.size());
        assertThat(report.rows).isEqualTo(rows).isEqualTo(report.totals.rows());
        assertThat(report.totals.workspaces()).isEqualTo(sessions.size());
        for (Session session : sessions) {
            Doc doc = Doc.of(target.document(session.id()));
            assertThat(TaggedJson.json(doc, session.json().get("roots")))
                    .as(session.id())
                    .isEqualTo(TaggedJson.print(session.expect().get("json")));
            assertThat(target.room(session.id()).head().seq()).isEqualTo(1);
        }

        ImportReport again = run();
        assertThat(again.unchanged).isEqualTo(sessions.size());
        assertThat(again.imported + again.merged + again.failed).isZero();
        for (Session session : sessions) {
            assertThat(target.room(session.id()).head().seq()).isEqualTo(1);
        }
    }

    @Test
    void stoppedInTheMiddle_goesOnWithTheRest() {
        for (int i = 0; i < 10; i++) {
            old.row("room" + i, text(i + 1, "hello " + i));
        }
        told.stopAfter = 4;
        assertThatThrownBy(this::run).isInstanceOf(StoppedException.class);
        told.stopAfter = Integer.MAX_VALUE;
        target = target(Target.FOREVER);

        ImportReport report = run();
        assertThat(report.unchanged).isEqualTo(4);
        assertThat(report.imported).isEqualTo(6);
        for (int i = 0; i < 10; i++) {
            assertThat(textOf("room" + i)).isEqualTo("hello " + i);
        }
    }

    @Test
    void severalPagesOfWorkspaces_areAllTaken() {
        old.inOneTransaction(() -> {
            for (int i = 0; i < 25; i++) {
                old.row("w" + i, text(7, "x"));
            }
        });
        assertThat(run().imported).isEqualTo(25);
        assertThat(told.rooms).doesNotHaveDuplicates().hasSize(25);
    }

    @Test
    void aBrokenRow_keepsItsRoomOut_andIsNamed() {
        old.row("bad", text(1, "first"));
        long row = old.row("bad", new byte[] {1, 1, 5});
        old.row("bad", new byte[0]);
        old.row("good", text(2, "good"));

        ImportReport report = run();
        assertThat(report.isComplete()).isFalse();
        assertThat(report.failed).isEqualTo(1);
        assertThat(report.brokenRows).isEqualTo(1);
        assertThat(report.emptyRows).isEqualTo(1);
        assertThat(report.imported).isEqualTo(1);
        assertThat(told.problems).hasSize(2);
        assertThat(told.problems.get(0))
                .startsWith("Workspace \"bad\", row " + row + " is not a valid update: ")
                .endsWith(" (3 bytes).");
        assertThat(told.problems.get(1))
                .startsWith("Workspace \"bad\" was not imported. Broken rows: 1 (3 bytes);")
                .endsWith("Nothing in its other rows depends on them.");
        assertThat(target.hasRoom("bad")).isFalse();
        assertThat(textOf("good")).isEqualTo("good");
    }

    @Test
    void aBrokenRow_isLeftOut_whereThatIsWanted() {
        old.row("bad", text(1, "first"));
        old.row("bad", new byte[] {9, 9, 9, 9});
        old.row("bad", text(2, "last"));
        ImportReport report = run(true);
        assertThat(report.isComplete()).isFalse();
        assertThat(report.failed).isZero();
        assertThat(report.imported).isEqualTo(1);
        assertThat(textOf("bad")).contains("first").contains("last");
    }

    @Test
    void namesThatNoRoomMayHave_areReported_fitForATerminal() {
        List<String> names = List.of("a//b", "..", "new\nline", "x".repeat(256), "");
        names.forEach(name -> old.row(name, text(1, "t")));
        old.row("日本", text(1, "fine"));
        ImportReport report = run();
        assertThat(report.failed).isEqualTo(names.size());
        assertThat(report.imported).isEqualTo(1);
        assertThat(told.problems).hasSize(names.size()).allMatch(problem -> !problem.contains("\n"));
        assertThat(told.problems)
                .anyMatch(problem -> problem.contains("\"new\\u000aline\"") && problem.contains("control character"));
        assertThat(textOf("日本")).isEqualTo("fine");
    }

    @Test
    void aRoomThatIsThere_getsWhatItLacks_andKeepsItsOwn() {
        byte[] shared = text(1, "shared ");
        byte[] here = text(3, "here ");
        for (byte[] row : List.of(shared, text(2, "old "))) {
            old.row("both", row);
        }
        long id = target.log
                .init(
                        "both",
                        UUID.randomUUID(),
                        5,
                        Update.merge(List.of(Update.decode(shared), Update.decode(here)))
                                .encode(),
                        false)
                .toCompletableFuture()
                .join()
                .orElseThrow()
                .roomId();

        ImportReport report = run();
        assertThat(told.problems).isEmpty();
        assertThat(report.merged).isEqualTo(1);
        assertThat(textOf("both")).contains("shared ").contains("old ").contains("here ");
        assertThat(target.room("both").roomId()).isEqualTo(id);
        assertThat(target.room("both").head().seq()).isEqualTo(2);
        Update added = Update.decode(target.room("both").rows().get(1).payload());
        assertThat(added.clients()).containsExactly(2L); // just what was missing

        assertThat(run().unchanged).isEqualTo(1);
        old.row("both", text(4, "later "));
        assertThat(run().merged).isEqualTo(1);
        assertThat(textOf("both")).contains("later ").contains("here ");
    }

    @Test
    void aRoomThatWasDeletedHere_staysDeleted_unlessItIsAskedFor() {
        old.row("gone", text(1, "old"));
        assertThat(run().imported).isEqualTo(1);
        assertThat(target.log.delete("gone").toCompletableFuture().join()).isPresent();

        ImportReport report = run();
        assertThat(report.failed).isEqualTo(1);
        assertThat(told.problems).containsExactly("Workspace \"gone\" was not imported. It was deleted here.");
        target = target(Duration.ZERO);
        assertThat(target.hasRoom("gone")).isFalse();
        assertThat(run().imported).isEqualTo(1);
        assertThat(textOf("gone")).isEqualTo("old");
    }

    @Test
    void subdocuments_areReported_andNotMixedIntoTheirWorkspace() {
        old.row("ws", text(1, "own"));
        old.row("ws", "child", false, text(2, "child"));
        ImportReport report = run();
        assertThat(report.isComplete()).isFalse();
        assertThat(report.otherRows).isEqualTo(1);
        assertThat(told.problems).hasSize(1);
        assertThat(textOf("ws")).isEqualTo("own");
        assertThat(run(new Importer.Options(List.of(), Set.of(), Renames.NONE, false, false), new RoomCheck())
                        .isComplete())
                .isTrue();
    }

    @Test
    void singleWorkspaces_mayBeTaken() {
        old.row("a", text(1, "a"));
        old.row("b", text(1, "b"));
        old.blob("a", new byte[] {1});
        old.blob("b", new byte[] {2});
        ImportReport report = run(false, "a", "nowhere");
        assertThat(report.imported).isEqualTo(1);
        assertThat(report.blobs).isEqualTo(1);
        assertThat(target.hasRoom("b")).isFalse();
        assertThat(told.problems).containsExactly("Workspace \"nowhere\" is not in the source.");
    }

    @Test
    void blobs_areCopiedUnderTheirIds_andBrokenOnesAreNot() {
        old.row("ws", text(1, "t"));
        byte[] large = new byte[700_000];
        new Random(3).nextBytes(large);
        BlobId whole = old.blob("ws", large);
        BlobId empty = old.blob("ws", new byte[0]);
        BlobId alone = old.blob("without a document", new byte[] {5});
        byte[] bytes = {1, 2, 3};
        BlobId deleted = OldKeck.id(bytes);
        old.blob("ws", deleted.text(), bytes, 3, true);
        BlobId wrong = OldKeck.id(new byte[] {8});
        old.blob("ws", wrong.text(), new byte[] {9}, 1, false);
        BlobId cut = OldKeck.id(new byte[] {7, 7});
        old.blob("ws", cut.text(), new byte[] {7}, 2, false);
        old.blob("ws", "no hash", new byte[] {6}, 1, false);
        old.blob("a//b", new byte[] {4});

        ImportReport report = run();
        assertThat(report.blobs).isEqualTo(3);
        assertThat(report.blobsFailed).isEqualTo(4);
        assertThat(told.problems)
                .hasSize(4)
                .anyMatch(p -> p.contains(wrong.text()) && p.contains("do not match its hash"));
        assertThat(read("ws", whole)).isEqualTo(large);
        assertThat(read("ws", empty)).isEmpty();
        assertThat(read("without a document", alone)).containsExactly(5);
        for (BlobId missing : List.of(deleted, wrong, cut)) {
            assertThat(target.blobs.find(Grants.on("ws"), missing)).isEmpty();
        }
        ImportReport again = run();
        assertThat(again.blobs).isZero();
        assertThat(again.blobsThere).isEqualTo(3);
    }

    private byte[] read(String workspace, BlobId id) {
        BlobStore.Blob blob = target.blobs.find(Grants.on(workspace), id).orElseThrow();
        byte[] all = new byte[Math.toIntExact(blob.size())];
        for (int number = 0; number * (long) blob.pieceSize() < blob.size(); number++) {
            byte[] piece = target.blobs.read(blob, number);
            System.arraycopy(piece, 0, all, number * blob.pieceSize(), piece.length);
        }
        return all;
    }

    @Test
    void blobsInABucket_areReported() {
        old.run("INSERT INTO bucket_blobs VALUES ('ws', 'h', 3, '2023-11-24 08:24:01+00')");
        assertThat(run().isComplete()).isFalse();
        assertThat(told.problems).hasSize(1).first().asString().contains("1 blobs in the table bucket_blobs");
    }

    @Test
    void databasesOfEarlierVersions_areRead() {
        old.row("ws", text(1, "t"));
        BlobId blob = old.blob("ws", new byte[] {1});
        old.run("ALTER TABLE docs DROP COLUMN is_workspace");
        old.run("ALTER TABLE blobs DROP COLUMN deleted_at");
        old.run("DROP TABLE bucket_blobs");
        ImportReport report = run();
        assertThat(report.isComplete()).isTrue();
        assertThat(textOf("ws")).isEqualTo("t");
        assertThat(read("ws", blob)).containsExactly(1);
    }

    @Test
    void aDryRun_findsWhatIsWrong() {
        old.row("good", text(1, "t"));
        old.row("bad", new byte[] {1});
        old.blob("good", OldKeck.id(new byte[0]).text(), new byte[] {1}, 1, false);
        try (SourceDatabase source = SourceDatabase.open(old.url())) {
            ImportReport report = new Importer(
                            source, Importer.Target.dryRun(RoomLookup.NONE), new Random(1), Importer.Options.ALL, told)
                    .run(true);
            assertThat(report.readable).isEqualTo(1);
            assertThat(report.failed).isEqualTo(1);
            assertThat(report.blobsFailed).isEqualTo(1);
            assertThat(report.summary(0)).contains("1 can be imported, 1 not imported");
        }
        assertThat(target.hasRoom("good")).isFalse();
    }

    @Test
    void otherContentUnderTheSameIds_isNotCalledImported() {
        old.row("forked", text(1, "aaaa"));
        target.log
                .init("forked", UUID.randomUUID(), 5, text(1, "bbbb"), false)
                .toCompletableFuture()
                .join();
        ImportReport report = run();
        assertThat(report.isComplete()).isFalse();
        assertThat(told.problems).hasSize(1).first().asString().contains("other content under the same ids");
        assertThat(textOf("forked")).isEqualTo("bbbb");
        // twin: without the check nobody notices
        RoomCheck off = new RoomCheck() {
            @Override
            String problem(byte[] document, StructStore room) {
                return null;
            }

            @Override
            String contradiction(Update document, StructStore room) {
                return null;
            }
        };
        assertThat(run(Importer.Options.ALL, off).isComplete()).isTrue();
    }

    @Test
    void deletedContentThatIsKeptInAnotherForm_isNoDifference() {
        Doc keeping = new Doc();
        keeping.setClientId(1);
        keeping.getMap("m").set("k", new YText("nested ".repeat(20)));
        byte[] before = keeping.encodeStateAsUpdate();
        keeping.getMap("m").set("k", "plain");
        byte[] collected = keeping.encodeStateAsUpdate();
        assertThat(collected.length).isLessThan(before.length);
        StructStore rows = new StructStore();
        rows.apply(Update.decode(before));
        rows.apply(Update.decode(collected));
        assertThat(Arrays.equals(rows.encode(), collected)).isFalse(); // else this test shows nothing
        old.row("ws", before);
        old.row("ws", collected);
        target.log
                .init("ws", UUID.randomUUID(), 5, collected, false)
                .toCompletableFuture()
                .join();
        ImportReport report = run();
        assertThat(told.problems).isEmpty();
        assertThat(report.unchanged).isEqualTo(1);
    }

    @Test
    void anOldDatabase_isKnown_andOursIsNotTakenForOne() {
        DatabaseFactory there = new DatabaseFactory();
        there.setUrl(old.url().replace("sqlite://", "jdbc:sqlite:").replace("?mode=rwc", ""));
        assertThat(SourceDatabase.isAt(there.getUrl(), there.getUser(), there.getPassword()))
                .isTrue();
        DatabaseFactory ours = new DatabaseFactory();
        ours.setUrl(db.get().url());
        assertThat(SourceDatabase.isAt(ours.getUrl(), ours.getUser(), ours.getPassword()))
                .isFalse();
    }
}
