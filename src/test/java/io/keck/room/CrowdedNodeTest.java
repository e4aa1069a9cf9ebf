package io.keck.room;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.failure.Unavailable;
import io.keck.heap.HeapLedger;
import io.keck.metrics.RoomMetrics;
import io.keck.testing.OpenDocuments;
import org.junit.jupiter.api.Test;

/** A document of one room fills the memory of a node, and somebody asks for another room. */
class CrowdedNodeTest {
    private static final long TOTAL = 1_200_000;
    private static final int CHARACTERS = 200_000;

    private final HeapLedger ledger = new HeapLedger(TOTAL);

    private OpenDocuments documents(DocumentBudget budget) {
        return OpenDocuments.of(new Rooms(new RoomContext(
                new FakeLog(),
                Bus.NONE,
                Runnable::run,
                Runnable::run,
                budget,
                () -> 0,
                World.ids(1),
                World.SMALL,
                RoomMetrics.NONE,
                ledger)));
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
