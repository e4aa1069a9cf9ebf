package io.keck.storage.rows;

import io.keck.crdt.store.Contradictions;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;

/** How many ids of a document are said in two ways by its rows, and the first of them. Not thread-safe. */
public final class ContradictionCount {
    private long contents;
    private long places;
    private String first = "";

    /**
     * Compares an update with what came before it.
     *
     * @param before is not changed
     * @param where says where the update is from, as the end of a sentence
     */
    public void add(StructStore before, Update update, String where) {
        Contradictions.find(before, update, (client, from, to, kind) -> {
            if (kind == Contradictions.Kind.CONTENT) {
                contents += to - from;
            } else {
                places += to - from;
            }
            if (first.isEmpty()) {
                first = "clock " + from + " of client " + client + where;
            }
        });
    }

    /** Whether there is none. */
    public boolean isEmpty() {
        return contents + places == 0;
    }

    /** The numbers and the first one, as a part of a sentence. */
    @Override
    public String toString() {
        return contents + " ids have two contents and " + places + " have two places, the first of them is " + first;
    }
}
