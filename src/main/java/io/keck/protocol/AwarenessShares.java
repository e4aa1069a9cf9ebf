package io.keck.protocol;

import java.util.IdentityHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Counts the states of each owner, present or remembered, and the heap they take. */
final class AwarenessShares<O> {
    /**
     * Heap of an entry and its string header on a 64-bit JVM, in bytes; the characters take one or two bytes each on top.
     */
    private static final int ENTRY = 192;

    private static final class Share {
        int states;
        long bytes;
    }

    private final IdentityHashMap<O, Share> owners = new IdentityHashMap<>();
    private long bytes;

    /**
     * Heap of a state's JSON in bytes: one byte per character if all of them are Latin-1, else two. Linear in the length.
     */
    static long heap(String json) {
        int at = 0;
        while (at < json.length() && json.charAt(at) <= 0xff) {
            at++;
        }
        return at == json.length() ? at : 2L * json.length();
    }

    void added() {
        bytes += ENTRY + heap("null");
    }

    void forgotten() {
        bytes -= ENTRY + heap("null");
    }

    int states(O owner) {
        Share share = owners.get(owner);
        return share == null ? 0 : share.states;
    }

    long bytes() {
        return bytes;
    }

    void changed(@Nullable O owner, long more) {
        bytes += more;
        Share share = owner == null ? null : owners.get(owner);
        if (share != null) {
            share.bytes += more;
        }
    }

    /** Notes that a state of {@code size} bytes passes from one owner to another. */
    void moved(@Nullable O from, @Nullable O to, long size) {
        Share before = from == null ? null : owners.get(from);
        if (before != null) {
            before.states--;
            before.bytes -= size + ENTRY;
            if (before.states == 0) {
                owners.remove(from);
            }
        }
        if (to != null) {
            Share share = owners.computeIfAbsent(to, o -> new Share());
            share.states++;
            share.bytes += size + ENTRY;
        }
    }

    /** The owner whose states take the most heap; null if no owner has a state. */
    @Nullable
    O largest() {
        O found = null;
        long most = -1;
        for (Map.Entry<O, Share> entry : owners.entrySet()) {
            if (entry.getValue().bytes > most) {
                most = entry.getValue().bytes;
                found = entry.getKey();
            }
        }
        return found;
    }
}
