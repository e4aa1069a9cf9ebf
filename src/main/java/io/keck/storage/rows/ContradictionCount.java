package io.keck.storage.rows;

import io.keck.crdt.store.Contradictions;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;

/** Counts the ids of a document that its rows define in two ways, and keeps the first of them. Not thread-safe. */
public final class ContradictionCount {
    private long contents;
    private long places;
    private String first = "";

    /**
     * Compares an update with the content before it.
     *
     * @param before the content before the update; not changed
     * @param where the origin of the update, as the end of a sentence
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

    /** Whether there are no contradictions. */
    public boolean isEmpty() {
        return contents + places == 0;
    }

    /** The numbers and the first contradiction, as a part of a sentence. */
    @Override
    public String toString() {
        return contents + " ids have two contents and " + places + " have two places, the first of them is " + first;
    }
}
