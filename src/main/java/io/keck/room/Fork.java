package io.keck.room;

import io.keck.crdt.Doc;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.Update;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A copy of a room's document that has what is on its way to the log, too. Touched only in turns of the document. */
final class Fork {
    /**
     * What became of the edits of a fork: all that is kept of a fork while they are under way.
     *
     * @param <E> an edit
     */
    static final class Fate<E> {
        @Nullable
        E last;

        /** Something in the fork was not saved. Touched only in turns of the room. */
        boolean lost;
    }

    final Doc doc = new Doc();
    final Fate<RoomDocument.Pending> fate = new Fate<>();
    private final List<byte[]> updates = new ArrayList<>();
    private final DocumentTurns.Application making;
    private boolean isMade;

    /** A fork that is made by {@link #make}. */
    Fork(Doc of, DocumentTurns turns, DocumentTurns.Toll toll) {
        making = turns.application(doc, Update.decode(of.encodeStateAsUpdate(), DecodeLimits.OWN), toll);
    }

    /** Copies the document, perhaps not yet all of it; says whether the fork is made. */
    boolean make() {
        if (!isMade && making.run()) {
            isMade = true;
            doc.onUpdate((update, transaction) -> {
                if (transaction.isLocal()) {
                    updates.add(update);
                }
            });
        }
        return isMade;
    }

    /** The update that the edit makes, or null when it changes nothing. */
    byte @Nullable [] edit(Consumer<Doc> edit) {
        updates.clear();
        doc.transact("http", transaction -> edit.accept(doc));
        return updates.isEmpty() ? null : updates.get(0);
    }

    /** Whether the edit that failed had changed something. */
    boolean isTouched() {
        return !updates.isEmpty();
    }
}
