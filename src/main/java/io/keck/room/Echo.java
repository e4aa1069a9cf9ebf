package io.keck.room;

import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Holds the updates that one member has sent and gets back once they are committed. Clients from {@code @y/websocket}
 * 4.0.0-rc.1 on treat an edit as confirmed when its content comes back in any message. Before the commit none of it may
 * reach them: in unsaved mode the member gets the updates of others without its own part. Used only in the room's
 * turns.
 *
 * <p>The waiting bytes are bounded and count as waiting input of the connection ({@link Connection#waits}). A member
 * that exceeds the bound gets nothing back from then on, and no unsaved updates of others.
 */
final class Echo {
    private record Own(long position, Update update) {}

    private final Connection connection;
    private final long maxBytes;
    private final boolean isOn;
    private final ArrayDeque<Own> waiting = new ArrayDeque<>();
    private long bytes;
    /** Whether the echo has ended because the bound was exceeded. */
    private boolean isLost;
    /** All waiting updates in one store; null until it is needed. */
    private @Nullable StructStore merged;

    /** @param maxBytes the bound of waiting bytes */
    Echo(Connection connection, long maxBytes, Safeguards safeguards) {
        this.connection = connection;
        this.maxBytes = maxBytes;
        this.isOn = safeguards.withholdsUnsavedEchoes();
    }

    /** Adds an update that the member has sent. */
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

    /** Ends the echo: nothing is sent back from now on. */
    void end() {
        isLost = true;
        waiting.clear();
        merged = null;
        count(-bytes);
    }

    /** Removes and returns the updates up to a committed position as one update; null if there are none. */
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

    /** Returns an uncommitted update without the content that this member has sent; null if nothing is left. */
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
