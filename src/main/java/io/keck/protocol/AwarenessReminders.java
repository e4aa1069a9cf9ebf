package io.keck.protocol;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Reminders that wait to be sent to sockets of this server. */
final class AwarenessReminders<O extends Awareness.Owner> {
    private final List<AwarenessReminder<O>> waiting = new ArrayList<>();
    /** Whether the first client has come, and when. */
    private boolean isOpen;

    private long openedAt;

    /** Adds a reminder, unless the owner is another server: that server reminds its own clients. */
    void add(O owner, long client, long clock) {
        if (!owner.isElsewhere()) {
            waiting.add(new AwarenessReminder<>(owner, AwarenessState.removed(client, clock)));
        }
    }

    /**
     * Reminds all owners that had claimed a removed state in vain. Without it, their clients would stay invisible until
     * their cursor moves. The removal carries the client's own clock or a higher one, because a client ignores an older
     * removal.
     */
    void addRefused(AwarenessEntry<O> e) {
        e.refused.forEach((owner, clock) -> add(owner, e.client, Math.max(clock, e.clock)));
        e.refused = Map.of();
    }

    /**
     * Reminds a client that this server does not know. When a server ends, its clients remove each other's states, and refuse
     * them at the same clock on the next server. Without the reminder, a cursor that stands still would be invisible until its
     * client renews it, for up to 15 s. A server that has had the room for longer than a minute knows the clients of others.
     */
    void addUnknown(O owner, long client, long clock, long now) {
        if (!isOpen) {
            isOpen = true;
            openedAt = now;
        }
        if (now - openedAt < Awareness.REMEMBER_MS) {
            add(owner, client, clock);
        }
    }

    List<AwarenessReminder<O>> take() {
        if (waiting.isEmpty()) {
            return List.of();
        }
        List<AwarenessReminder<O>> taken = List.copyOf(waiting);
        waiting.clear();
        return taken;
    }
}
