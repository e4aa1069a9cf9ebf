package io.keck.protocol;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Reminders that are still to be sent. */
final class AwarenessReminders<O extends Awareness.Owner> {
    private final List<AwarenessReminder<O>> waiting = new ArrayList<>();

    /** Another server reminds its own clients. */
    void add(O owner, long client, long clock) {
        if (!owner.isElsewhere()) {
            waiting.add(new AwarenessReminder<>(owner, AwarenessState.removed(client, clock)));
        }
    }

    /**
     * A state is removed, which others have claimed in vain: each hears of the removal at a clock that is not below its own,
     * since its client would ignore another one, and nobody saw it before its next movement.
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
