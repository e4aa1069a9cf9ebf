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
 * edit for confirmed when its content comes back to them in any message. Before the commit none of it may reach them: in
 * unsaved mode the member gets the updates of others without its own part. Touched only in the room's turns.
 *
 * <p>The bytes that wait are bounded and count as waiting input of the connection ({@link Connection#waits}). A member that
 * exceeds the bound gets nothing back from then on, and no unsaved updates of others.
 */
final class Echo {
    private record Own(long position, Update update) {}

    private final Connection connection;
    private final long maxBytes;
    private final boolean isOn;
    private final ArrayDeque<Own> waiting = new ArrayDeque<>();
    private long bytes;
    /** Whether nothing comes back any more. */
    private boolean isLost;
    /** All waiting updates as one document; null until it is needed. */
    private @Nullable StructStore merged;

    /** @param maxBytes that may wait */
    Echo(Connection connection, long maxBytes, Safeguards safeguards) {
        this.connection = connection;
        this.maxBytes = maxBytes;
        this.isOn = safeguards.withholdsUnsavedEchoes();
    }

    /** The member has sent an update. */
    void sent(long position, Update update) {
        if (isLost || update.isEmpty()) {
            return;
        }
        if (bytes + update.length() > maxBytes) {
            end();
            return;
        }
        count(update.length());
        waiting.add(new Own(position, update));
        if (merged != null) {
            merged.apply(update);
        }
    }

    private void count(long more) {
        bytes += more;
        connection.waits(more);
    }

    /** From now on nothing comes back. */
    void end() {
        isLost = true;
        waiting.clear();
        merged = null;
        count(-bytes);
    }

    /** The updates up to that position as one, to be sent back since they are committed; null if there are none. */
    byte @Nullable [] saved(long position) {
        List<Update> own = new ArrayList<>();
        for (Own next = waiting.peek(); next != null && next.position() <= position; next = waiting.peek()) {
            own.add(next.update());
            count(-next.update().length());
            waiting.remove();
            merged = null;
        }
        return own.isEmpty()
                ? null
                : own.size() == 1 ? own.get(0).encode() : Update.merge(own).encode();
    }

    /** Removes what this member has sent from an update that is not committed; null if nothing is left. */
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
