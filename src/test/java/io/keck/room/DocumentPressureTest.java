package io.keck.room;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.crdt.Doc;
import io.keck.metrics.RoomMetrics;
import io.keck.room.Documents.Answer;
import io.keck.testing.OpenDocuments;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Documents that push each other out of memory all the time, edited from several threads: each edit is answered with
 * success and made once. Its twin is in {@link DocumentsTest}.
 */
class DocumentPressureTest {
    private static final int ROOMS = 6;
    private static final int EDITS = 600;
    private static final int AT_ONCE = 24;
    private static final int CHARACTERS = 5_000;

    private final ExecutorService threads = Executors.newFixedThreadPool(4);
    private final FakeLog log = new FakeLog();
    /** Room for one and a half of the documents. */
    private final DocumentBudget budget = new DocumentBudget(200_000);

    private final OpenDocuments documents = OpenDocuments.of(new Rooms(new RoomContext(
            log,
            Bus.NONE,
            TurnThreads.shared(threads),
            RoomMemory.unlimited(budget),
            () -> System.nanoTime() / 1_000_000,
            World.ids(1),
            World.SMALL,
            RoomMetrics.NONE)));

    @AfterEach
    void stop() throws InterruptedException {
        threads.shutdown();
        assertThat(threads.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void everyEdit_isAnsweredAndMadeOnce() {
        for (int room = 0; room < ROOMS; room++) {
            documents.create("" + room, doc -> true).toCompletableFuture().join();
            documents
                    .write("" + room, null, doc -> doc.getText("t").insert(0, "x".repeat(CHARACTERS)), doc -> true)
                    .toCompletableFuture()
                    .join();
        }
        List<CompletableFuture<Answer<Boolean>>> answers = new ArrayList<>();
        for (int edit = 0; edit < EDITS; edit++) {
            if (edit >= AT_ONCE) {
                answers.get(edit - AT_ONCE).join();
            }
            answers.add(edit(edit).toCompletableFuture());
        }
        assertThat(answers)
                .allSatisfy(answer -> assertThat(answer.join().value()).isTrue());
        for (int room = 0; room < ROOMS; room++) {
            int number = room;
            assertThat(Doc.of(log.replay("" + room)).getArray("a").toList())
                    .as("room %d", room)
                    .hasSize(EDITS / ROOMS)
                    .doesNotHaveDuplicates()
                    .allSatisfy(edit ->
                            assertThat(((Number) edit).intValue() % ROOMS).isEqualTo(number));
        }
        assertThat(budget.bytes()).as("edits over, the budget holds").isLessThanOrEqualTo(200_000);
    }

    private CompletionStage<Answer<Boolean>> edit(int number) {
        @Nullable RequestKey key = number % 3 == 0 ? new RequestKey("key " + number, "1 edit") : null;
        return documents.write(
                "" + number % ROOMS,
                key,
                doc -> doc.getArray("a").push(number),
                doc -> doc.getArray("a").toList().stream().anyMatch(value -> ((Number) value).intValue() == number));
    }
}
