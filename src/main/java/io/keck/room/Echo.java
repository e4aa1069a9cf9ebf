package io.keck.room;

import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one member has sent and is to get back once it is committed. Clients from {@code @y/websocket} 4.0.0-rc.1 on take an
 * edit for confirmed when its content comes back to them, whatever message brings it. So until then nothing of it may reach
 * them: in unsaved mode what others get is sent to this member without its own part. Touched only in the room's turns.
 *
 * <p>At most so many bytes wait. A member with more gets nothing back from then on, and nothing of others in unsaved mode.
 */
final class Echo {
    private record Own(long position, Update update) {}

    private final long maxBytes;
    private final boolean isOn;
    private final ArrayDeque<Own> waiting = new ArrayDeque<>();
    private long bytes;
    private boolean isLost;
    /** All that waits, where it was asked for. */
    private @Nullable StructStore merged;

    Echo(long maxBytes, Safeguards safeguards) {
        this.maxBytes = maxBytes;
        this.isOn = safeguards.withholdsUnsavedEchoes();
    }

    /** The member has sent an update. */
    void sent(long position, Update update) {
        if (isLost || update.isEmpty()) {
            return;
        }
        bytes += update.length();
        if (bytes > maxBytes) {
            isLost = true;
            waiting.clear();
            merged = null;
            return;
        }
        waiting.add(new Own(position, update));
        if (merged != null) {
            merged.apply(update);
        }
    }

    /** Everything up to that position is committed: what is to go back, as one update, or null. */
    byte @Nullable [] saved(long position) {
        List<Update> own = new ArrayList<>();
        for (Own next = waiting.peek(); next != null && next.position() <= position; next = waiting.peek()) {
            own.add(next.update());
            bytes -= next.update().length();
            waiting.remove();
            merged = null;
        }
        return own.isEmpty()
                ? null
                : own.size() == 1 ? own.get(0).encode() : Update.merge(own).encode();
    }

    /** An update that is not committed, without what this member has sent; null where nothing is left. */
    byte @Nullable [] without(byte[] unsaved) {
        if (isLost) {
            return null;
        }
        if (waiting.isEmpty() || !isOn) {
            return unsaved;
        }
        StructStore own = merged;
        if (own == null) {
            own = new StructStore();
            for (Own one : waiting) {
                own.apply(one.update());
            }
            merged = own;
        }
        Update rest = own.reduce(Update.decode(unsaved, DecodeLimits.OWN));
        return rest.isEmpty() ? null : rest.encode();
    }
}
