package io.keck.protocol;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Reminders that wait to be sent to sockets of this server. */
final class AwarenessReminders<O extends Awareness.Owner> {
    private final List<AwarenessReminder<O>> waiting = new ArrayList<>();

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

    List<AwarenessReminder<O>> take() {
        if (waiting.isEmpty()) {
            return List.of();
        }
        List<AwarenessReminder<O>> taken = List.copyOf(waiting);
        waiting.clear();
        return taken;
    }
}
