package io.keck.room;

import io.keck.protocol.Awareness;
import io.keck.protocol.AwarenessState;
import io.keck.protocol.CloseReason;
import io.keck.protocol.Message;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;

/**
 * Who is there, for the members of one room. Never touches the log. What changes in a turn is published once at its end,
 * of each client the newest state, to everyone and so to its sender too: stock clients live on that echo. Touched only
 * in the room's turns.
 */
final class RoomAwareness {
    private final RoomSettings settings;
    private final LongSupplier clock;
    /** The room's own list. */
    private final List<Member> members;

    private final Awareness<Member> awareness;
    private final Map<Long, AwarenessState> news = new LinkedHashMap<>();
    private final Set<Member> askers = new LinkedHashSet<>();

    RoomAwareness(RoomSettings settings, LongSupplier clock, List<Member> members) {
        this.settings = settings;
        this.clock = clock;
        this.members = members;
        this.awareness = new Awareness<>(settings.maxAwarenessStates());
    }

    /** Tells a new member who is there, in a frame of its own. */
    void greet(Member member) {
        List<AwarenessState> states = awareness.states();
        if (!states.isEmpty()) {
            member.connection.send(Message.awareness(states));
        }
    }

    /** Takes in what a member says; closes it for a state that is too large. */
    void hear(Member member, List<AwarenessState> states) {
        boolean claim = member.mayClaim && states.size() == 1;
        member.mayClaim = false;
        long now = clock.getAsLong();
        for (AwarenessState s : states) {
            if (s.json().length() > settings.maxAwarenessBytes()) {
                member.connection.close(CloseReason.tooLarge(
                        "an awareness state may have " + settings.maxAwarenessBytes() + " characters at most"));
                return;
            }
            AwarenessState change = awareness.apply(s, member, claim, now);
            if (change != null) {
                news.put(change.client(), change);
            }
        }
    }

    /** A member asks for all states; it is answered at the end of the turn, however often it asks. */
    void ask(Member member) {
        askers.add(member);
    }

    /** Removes what a member that has left owned. */
    void leave(Member member) {
        askers.remove(member);
        add(awareness.removeOwner(member, clock.getAsLong()));
    }

    /** Removes what nobody renewed. */
    void expire() {
        add(awareness.expire(clock.getAsLong()));
    }

    private void add(List<AwarenessState> changes) {
        changes.forEach(s -> news.put(s.client(), s));
    }

    /** The end of a turn. */
    void publish() {
        if (!news.isEmpty()) {
            byte[] frame = Message.awareness(List.copyOf(news.values()));
            news.clear();
            for (Member m : members) {
                if (m.greeted) {
                    send(m, frame);
                }
            }
        }
        if (!askers.isEmpty()) {
            byte[] frame = Message.awareness(awareness.states());
            askers.forEach(m -> send(m, frame));
            askers.clear();
        }
    }

    private void send(Member m, byte[] frame) {
        if (m.connection.backlog() > settings.maxBacklog()) {
            m.missedAwareness = true;
        } else {
            m.connection.send(frame);
        }
    }

    /** Sends a member that takes bytes again what it missed: all states, and who has left. */
    void catchUp(Member member) {
        if (member.missedAwareness) {
            member.missedAwareness = false;
            member.connection.send(Message.awareness(awareness.everything()));
        }
    }
}
