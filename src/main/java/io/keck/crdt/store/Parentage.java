package io.keck.crdt.store;

import java.util.Arrays;

/**
 * Tells whether runs of a store are in the list of their parent (text, elements, children) or under one of its keys.
 * Items of a list may be squashed; values under a key must stay separate items, since each of them deletes the previous
 * one.
 *
 * <p>An item with an origin need not say where it is: Yjs takes parent and key from the origin, and drops the flag
 * of the key when it merges or cuts updates without a document. The answer is therefore found by following the origins
 * back to an item with parent info, and is recorded in the info bytes of all runs on the way. Each run is visited once,
 * so the time is linear in the number of runs. If the way leads to an item that has not arrived, the answer is unknown
 * until {@link #forgetUnknown}. Not thread-safe.
 */
final class Parentage {
    static final int LIST = Runs.LIST;
    static final int KEY = Refs.PARENT_SUB;
    static final int UNKNOWN = LIST | KEY;

    private static final ClientStructs[] NO_CLIENTS = {};
    private static final int[] NO_RUNS = {};
    /** The longest path whose arrays are kept for the next query. */
    private static final int KEPT = 256;

    private StructStore store;
    private ClientStructs[] path = NO_CLIENTS;
    private int[] runs = NO_RUNS;
    private int length;
    /** Whether at least one run is known to be under a key. */
    private boolean hasKeys;

    private boolean hasUnknown;

    Parentage(StructStore store) {
        this.store = store;
    }

    /** Moves this to another store, which has taken over the clients of the previous one. */
    void movesTo(StructStore other) {
        store = other;
    }

    /** Reports that a run with the flag of a key was added. */
    void keyAdded() {
        hasKeys = true;
    }

    /** Whether any run is known to be under a key; if not, there is no need to query a run. */
    boolean hasKeys() {
        return hasKeys;
    }

    /** Returns {@link #LIST}, {@link #KEY} or {@link #UNKNOWN} for a run. */
    int of(ClientStructs c, int run) {
        ClientStructs at = c;
        int i = run;
        int answer = at.parentage(i);
        length = 0;
        while (answer == 0) {
            at.parentage(i, UNKNOWN); // ends the walk if the origins form a circle
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

    /** Drops all unknown answers, so that the next query of such a run looks for its parent again. */
    void forgetUnknown(ClientStructs[] clients) {
        if (hasUnknown) {
            hasUnknown = false;
            for (ClientStructs c : clients) {
                c.forgetUnknown();
            }
        }
    }
}
