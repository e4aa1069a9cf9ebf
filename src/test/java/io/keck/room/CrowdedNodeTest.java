package io.keck.room;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.failure.Unavailable;
import io.keck.heap.HeapLedger;
import io.keck.metrics.RoomMetrics;
import io.keck.testing.OpenDocuments;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A document of one room fills the memory of a node, and somebody asks for another room. */
class CrowdedNodeTest {
    private static final long TOTAL = 1_200_000;
    private static final int CHARACTERS = 350_000;

    private final HeapLedger ledger = new HeapLedger(TOTAL);

    private OpenDocuments documents(DocumentBudget budget) {
        return documents(budget, new FakeLog());
    }

    private OpenDocuments documents(DocumentBudget budget, UpdateLog log) {
        return OpenDocuments.of(new Rooms(new RoomContext(
                log,
                Bus.NONE,
                TurnThreads.shared(Runnable::run),
                new RoomMemory(ledger, budget),
                () -> 0,
                World.ids(1),
                World.SMALL,
                RoomMetrics.NONE)));
    }

    private void fill(OpenDocuments documents) {
        documents.create("a", doc -> true).toCompletableFuture().join();
        documents
                .write("a", null, doc -> doc.getText("t").insert(0, "x".repeat(CHARACTERS)), doc -> true)
                .toCompletableFuture()
                .join();
        assertThat(ledger.isTight())
                .as("%d bytes, %d of documents", ledger.used(), ledger.used(HeapLedger.Kind.DOCUMENT))
                .isTrue();
    }

    @Test
    void documentThatNobodyEdits_goesForAnotherRoom() {
        OpenDocuments documents = documents(new DocumentBudget(10 * TOTAL, ledger));
        fill(documents);
        documents.create("b", doc -> true).toCompletableFuture().join();
        assertThat(ledger.isTight()).isFalse();
    }

    /** Edits of a large document take no memory that another room needs; while one runs, its copies cannot be dropped. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void editsOfALargeDocument_keepNobodyOut(boolean isBounded) {
        DocumentBudget budget = new DocumentBudget(10 * TOTAL, ledger) {
            @Override
            boolean admits(RoomDocument document, long bytes, boolean edited) {
                return !isBounded || super.admits(document, bytes, edited);
            }
        };
        FlakyLog way = new FlakyLog(new FakeLog());
        OpenDocuments documents = documents(budget, way);
        documents.create("a", doc -> true).toCompletableFuture().join();
        documents
                .write("a", null, doc -> doc.getText("t").insert(0, "x".repeat(220_000)), doc -> true)
                .toCompletableFuture()
                .join();
        way.holding = true;
        List<CompletableFuture<?>> edits = new ArrayList<>();
        for (String key : new String[] {null, "1", "2"}) {
            edits.add(write(documents, key));
        }
        way.holding = false;
        CompletableFuture<?> other = documents.create("b", doc -> true).toCompletableFuture();
        assertThat(other.isCompletedExceptionally()).isEqualTo(!isBounded);
        way.releaseAll();
        if (isBounded) {
            assertThat(edits.get(0))
                    .as("two copies fit, with %d bytes in all", ledger.used())
                    .isCompleted();
            assertThat(edits.subList(1, 3))
                    .allSatisfy(edit -> assertThatThrownBy(edit::join)
                            .as("a third does not")
                            .hasCauseInstanceOf(Unavailable.class)
                            .hasMessageContaining("large a document"));
        }
    }

    private static CompletableFuture<?> write(OpenDocuments documents, @Nullable String key) {
        return documents
                .write(
                        "a",
                        key == null ? null : new RequestKey(key, "1 edit"),
                        doc -> doc.getText("t").insert(0, "y"),
                        doc -> true)
                .toCompletableFuture();
    }

    /** The twin: documents that stay keep other rooms out. */
    @Test
    void documentThatStays_keepsAnotherRoomOut() {
        OpenDocuments documents = documents(new DocumentBudget(10 * TOTAL, ledger) {
            @Override
            long reclaim(long bytes) {
                return 0;
            }
        });
        fill(documents);
        assertThatThrownBy(() ->
                        documents.create("b", doc -> true).toCompletableFuture().join())
                .hasCauseInstanceOf(Unavailable.class);
    }
}
