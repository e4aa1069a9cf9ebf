package io.keck.room;

import io.keck.crdt.Doc;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.Update;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A copy of a room's document that also contains the uncommitted edits. Used only in turns of the document. */
final class Fork {
    /**
     * The outcome of the edits of a fork: the only part of a fork that is kept while its edits are in progress.
     *
     * @param <E> the type of an edit
     */
    static final class Fate<E> {
        @Nullable
        E last;

        /** Whether an edit of the fork was not saved. Used only in turns of the room. */
        boolean lost;
    }

    private static final String EDIT = "http";

    final Doc doc = new Doc();
    final Fate<RoomDocument.Pending> fate = new Fate<>();
    private final List<byte[]> updates = new ArrayList<>();
    private final DocumentTurns.Application making;
    private boolean isMade;

    /** Creates an empty fork, to be filled by {@link #make}. */
    Fork(Doc of, DocumentTurns turns, DocumentTurns.Toll toll) {
        making = turns.application(doc, Update.decode(of.encodeStateAsUpdate(), DecodeLimits.OWN), toll);
    }

    /** Copies the next part of the document; returns whether the fork is complete. */
    boolean make() {
        if (!isMade && making.run()) {
            isMade = true;
            doc.onUpdate((update, transaction) -> {
                if (transaction.isLocal() || EDIT.equals(transaction.origin())) { // an edit may merge an update
                    updates.add(update);
                }
            });
        }
        return isMade;
    }

    /** Runs an edit and returns its update, or null if it changed nothing. */
    byte @Nullable [] edit(Consumer<Doc> edit) {
        updates.clear();
        doc.transact(EDIT, transaction -> edit.accept(doc));
        return updates.isEmpty() ? null : updates.get(0);
    }

    /** Whether an edit that threw had changed the fork. */
    boolean isTouched() {
        return !updates.isEmpty();
    }
}
