package io.keck.room;

import io.keck.protocol.Awareness;
import io.keck.protocol.AwarenessState;
import io.keck.protocol.Message;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Who is there, for the members of one room. Never touches the log. What changes in a turn is published once at its end,
 * of each client the newest state, to everyone and so to its sender too: stock clients live on that echo. Touched only
 * in the room's turns.
 *
 * <p><b>Other nodes</b> are told what changes of our own members' states, and speak for theirs. The node of the socket
 * that sent a state last decides on its clock; the others take it as it comes, so all show the same. Where two of them
 * hold a state for theirs because the client has moved, the higher clock wins, and who hears that its own state is gone
 * raises it. Who hears of somebody that it has seen leave later says so for the same reason. What the bus loses is told
 * again when the client renews its state, after 15 s at most.
 */
final class RoomAwareness {
    private final RoomSettings settings;
    private final LongSupplier clock;
    /** The room's own list. */
    private final List<Member> members;

    private final Consumer<Bus.Event> others;

    private final Awareness<Awareness.Owner> awareness;
    private final Map<Long, AwarenessState> news = new LinkedHashMap<>();
    /** What of {@link #news} the other nodes are to be told. */
    private final Map<Long, AwarenessState> ownNews = new LinkedHashMap<>();

    private final Set<Member> askers = new LinkedHashSet<>();
    private final Map<Long, Node> nodes = new HashMap<>();
    /** How often others were told something. */
    private long told;

    /** Another node, as the owner of the states of its sockets. */
    private static final class Node implements Awareness.Owner {
        /** What it said last. */
        long number;

        @Override
        public int maxStates() {
            return Integer.MAX_VALUE;
        }

        @Override
        public boolean isElsewhere() {
            return true;
        }
    }

    /** @param others tells the other nodes */
    RoomAwareness(RoomSettings settings, LongSupplier clock, List<Member> members, Consumer<Bus.Event> others) {
        this.settings = settings;
        this.clock = clock;
        this.members = members;
        this.others = others;
        this.awareness = new Awareness<>();
    }

    /** Tells a new member who is there, in a frame of its own. */
    void greet(Member member) {
        List<AwarenessState> states = awareness.states();
        if (!states.isEmpty()) {
            member.connection.send(Message.awareness(states));
        }
    }

    /**
     * Takes in what a member says. Where a state was dropped, the last good one of that client stays, at the new clock: so it
     * does not run out on other clients, which renew nothing, while this client goes on sending what is dropped.
     */
    void hear(Member member, Message.AwarenessUpdate said) {
        boolean claim = member.mayClaim && said.states().size() == 1;
        member.mayClaim = false;
        long now = clock.getAsLong();
        said.states().forEach(s -> apply(member, s, claim, now));
        for (AwarenessState.Dropped dropped : said.dropped()) {
            String last = awareness.json(dropped.client(), member);
            if (last != null) {
                apply(member, new AwarenessState(dropped.client(), dropped.clock(), last), false, now);
            }
        }
    }

    private void apply(Member member, AwarenessState state, boolean claim, long now) {
        AwarenessState change = awareness.apply(state, member, claim, now);
        if (change != null) {
            changed(change);
        }
    }

    /** Something of our own members has changed. */
    private void changed(AwarenessState change) {
        news.put(change.client(), change);
        ownNews.put(change.client(), change);
    }

    /** What another node says of its sockets. */
    void hearFrom(long number, Bus.Event.Awareness said) {
        Node node = nodes.computeIfAbsent(number, n -> new Node());
        boolean outdated = said.number() <= node.number;
        node.number = Math.max(node.number, said.number());
        long now = clock.getAsLong();
        List<AwarenessState> gone = new ArrayList<>();
        for (AwarenessState s : said.states()) {
            Awareness.Owner owner = awareness.owner(s.client());
            if (s.isRemoval() && owner != null && !owner.isElsewhere() && s.clock() >= awareness.clock(s.client())) {
                AwarenessState raised = awareness.raise(s.client(), s.clock());
                if (raised != null) {
                    changed(raised); // it is here
                }
                continue;
            }
            AwarenessState change = awareness.apply(s, node, false, now);
            if (change != null) {
                news.put(change.client(), change);
            } else if (!s.isRemoval() && s.clock() > 0 && !awareness.isPresent(s.client())) {
                gone.add(AwarenessState.removed(s.client(), awareness.clock(s.client())));
            }
        }
        if (!gone.isEmpty()) {
            tell(false, gone);
        }
        if (said.all() && !outdated) {
            Set<Long> there = new HashSet<>();
            said.states().forEach(s -> there.add(s.client()));
            add(awareness.removeOthers(node, there, now));
        }
    }

    /** A node is gone, with its sockets. */
    void nodeGone(long number) {
        Node node = nodes.remove(number);
        if (node != null) {
            add(awareness.removeOwner(node, clock.getAsLong()));
        }
    }

    /**
     * Tells the other nodes of all our members' states.
     *
     * @param afresh whether they may have taken them for gone, so that they have to be newer than that
     */
    void announce(boolean afresh) {
        List<AwarenessState> own = awareness.states(owner -> !owner.isElsewhere());
        if (afresh) {
            own.forEach(s -> changed(Objects.requireNonNull(awareness.raise(s.client(), s.clock()))));
        }
        if (told > 0 || !own.isEmpty()) {
            tell(true, awareness.states(owner -> !owner.isElsewhere()));
        }
    }

    /** Bytes of heap that the states take, roughly. */
    long memory() {
        return awareness.memory();
    }

    /** Nobody is here any more. */
    void end() {
        if (told > 0) {
            tell(true, List.of());
        }
    }

    private void tell(boolean all, List<AwarenessState> states) {
        others.accept(new Bus.Event.Awareness(++told, all, states));
    }

    /** A member asks for all states; it is answered at the end of the turn, however often it asks. */
    void ask(Member member) {
        askers.add(member);
    }

    /** Removes what a member that has left owned. */
    void leave(Member member) {
        askers.remove(member);
        awareness.removeOwner(member, clock.getAsLong()).forEach(this::changed);
    }

    /** Removes what nobody renewed; other nodes do that themselves. */
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
        if (!ownNews.isEmpty()) {
            tell(false, List.copyOf(ownNews.values()));
            ownNews.clear();
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
            m.connection.send(frame, members.size());
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
