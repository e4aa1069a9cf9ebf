package io.keck.crdt.store;

import java.util.Arrays;

/**
 * Tells whether runs of a store stand in the list of their parent (text, elements, children) or under one of its keys. A
 * list may be squashed; values under a key must stay the items they were, since each deletes the one before it.
 *
 * <p>An item that names an origin need not say: Yjs takes parent and key from the origin, and drops the key's flag when it
 * merges or cuts updates without a document. So the answer is found along the origins, back to an item that has parent
 * info, and noted in the info bytes of all runs on the way. Each run is passed once, so the time is linear in the runs.
 * What leads to an item that has not come yet is unknown until {@link #forgetUnknown}. Not thread-safe.
 */
final class Parentage {
    static final int LIST = Runs.LIST;
    static final int KEY = Refs.PARENT_SUB;
    static final int UNKNOWN = LIST | KEY;

    private static final ClientStructs[] NO_CLIENTS = {};
    private static final int[] NO_RUNS = {};
    /** A longer path is not kept. */
    private static final int KEPT = 256;

    private StructStore store;
    private ClientStructs[] path = NO_CLIENTS;
    private int[] runs = NO_RUNS;
    private int length;
    /** Whether some run stands under a key for certain. */
    private boolean hasKeys;

    private boolean hasUnknown;

    Parentage(StructStore store) {
        this.store = store;
    }

    /** Belongs to another store from now on, which has all that this one had. */
    void movesTo(StructStore other) {
        store = other;
    }

    /** A run was added that says that it stands under a key. */
    void keyAdded() {
        hasKeys = true;
    }

    /** Whether any run is known to stand under a key; else none need be looked at. */
    boolean hasKeys() {
        return hasKeys;
    }

    /** {@link #LIST}, {@link #KEY} or {@link #UNKNOWN}. */
    int of(ClientStructs c, int run) {
        ClientStructs at = c;
        int i = run;
        int answer = at.parentage(i);
        length = 0;
        while (answer == 0) {
            at.parentage(i, UNKNOWN); // where origins lead in a circle it ends here
            add(at, i);
            ClientStructs next = store.find(at.originClient(i));
            i = next == null ? -1 : next.find(at.originClock(i));
            if (next == null || i < 0) {
                answer = UNKNOWN;
            } else {
                at = next;
                answer = at.parentage(i);
            }
        }
        for (int p = 0; p < length; p++) {
            path[p].parentage(runs[p], answer);
        }
        clear();
        hasKeys |= answer == KEY;
        hasUnknown |= answer == UNKNOWN;
        return answer;
    }

    private void clear() {
        if (length > KEPT) {
            path = NO_CLIENTS;
            runs = NO_RUNS;
        } else {
            Arrays.fill(path, 0, length, null);
        }
    }

    private void add(ClientStructs c, int run) {
        if (length == runs.length) {
            path = Arrays.copyOf(path, 2 * length + 2);
            runs = Arrays.copyOf(runs, 2 * length + 2);
        }
        path[length] = c;
        runs[length++] = run;
    }

    /** Bytes on the heap. */
    long memory() {
        return 32 + (runs.length == 0 ? 0 : Heap.array(4L * path.length) + Heap.array(4L * runs.length));
    }

    /** Looks again for what was unknown when it is next asked for. */
    void forgetUnknown(ClientStructs[] clients) {
        if (hasUnknown) {
            hasUnknown = false;
            for (ClientStructs c : clients) {
                c.forgetUnknown();
            }
        }
    }
}
