package io.keck.room;

import io.keck.protocol.Awareness;
import io.keck.protocol.AwarenessBounds;
import io.keck.protocol.AwarenessReminder;
import io.keck.protocol.AwarenessState;
import io.keck.protocol.Message;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Who is there, for the members of one room. Never touches the log. What changes in a turn is published once at its end,
 * of each client the newest state, to everyone and so to its sender too: stock clients live on that echo. It goes out in
 * frames of at most {@value #FRAME_BYTES} bytes and one state: a stock client repeats each frame to the server, and what an
 * honest client repeats must not be too large for it. Touched only in the room's turns.
 *
 * <p><b>Other nodes</b> are told what changes of our own members' states, and speak for theirs. The node of the socket
 * that sent a state last decides on its clock; the others take it as it comes, so all show the same. Where two of them
 * hold a state for theirs because the client has moved, each asks its socket whether it is there: the node whose socket
 * is silent gives way ({@link Awareness}). A node that hears of the removal of a client that is connected to it reminds the
 * client, which repeats its state with a higher clock. A node that gets a state which its own peers would refuse, since they saw a
 * later removal, answers with that removal. What the bus loses is told again when the client renews its state, after 15 s at most.
 */
final class RoomAwareness {
    /** Bytes of the states of a frame, beyond which another frame begins. */
    private static final int FRAME_BYTES = 256 << 10;

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
    /** All states, encoded for those who come or ask in this turn; null where something has changed since. */
    private @Nullable List<byte[]> allFrames;

    /** Another node, as the owner of the states of its sockets. */
    private final class Node implements Awareness.Owner {
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

        /** Asks all nodes; the one that has the client answers with its state. */
        @Override
        public long ping(long client) {
            others.accept(new Bus.Event.AwarenessClaimed(client));
            return 0;
        }

        @Override
        public boolean hasAnswered(long ping) {
            return false;
        }
    }

    /** @param others tells the other nodes */
    RoomAwareness(
            RoomSettings settings,
            LongSupplier clock,
            List<Member> members,
            Consumer<Bus.Event> others,
            Safeguards safeguards) {
        this.settings = settings;
        this.clock = clock;
        this.members = members;
        this.others = others;
        AwarenessBounds bounds = AwarenessBounds.DEFAULT;
        this.awareness = new Awareness<>(
                new AwarenessBounds(bounds.maxBytes(), bounds.maxStates(), safeguards.guardsAwareness()));
    }

    /** Tells a new member who is there, in frames of its own. */
    void greet(Member member) {
        allFrames().forEach(member.connection::send);
    }

    private List<byte[]> allFrames() {
        if (allFrames == null) {
            allFrames = frames(awareness.states());
        }
        return allFrames;
    }

    /** States as frames, none of them larger than {@link #FRAME_BYTES} and one state. */
    private static List<byte[]> frames(Collection<AwarenessState> states) {
        List<byte[]> frames = new ArrayList<>();
        List<AwarenessState> part = new ArrayList<>();
        int bytes = 0;
        for (AwarenessState s : states) {
            if (bytes > FRAME_BYTES) {
                frames.add(Message.awareness(part));
                part.clear();
                bytes = 0;
            }
            part.add(s);
            bytes += s.json().length() + 20;
        }
        if (!part.isEmpty()) {
            frames.add(Message.awareness(part));
        }
        return frames;
    }

    /**
     * Takes in what a member says. Where a state was dropped, the last good one of that client stays, at the new clock: so it
     * does not run out on other clients, which renew nothing, while this client goes on sending what is dropped.
     */
    void hear(Member member, Message.AwarenessUpdate said) {
        boolean claim = member.mayClaim && said.states().size() == 1;
        member.mayClaim = false;
        if (claim && !said.states().get(0).isRemoval()) {
            member.ownClient = said.states().get(0).client();
        }
        long now = clock.getAsLong();
        said.states().forEach(s -> apply(member, s, claim, now));
        for (AwarenessState.Dropped dropped : said.dropped()) {
            String last = awareness.json(dropped.client(), member);
            if (last != null) {
                apply(member, new AwarenessState(dropped.client(), dropped.clock(), last), false, now);
            }
        }
        awareness.shrink(now).forEach(this::changed);
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
            if (s.clock() > AwarenessBounds.MAX_CLOCK) {
                continue; // no client could raise it
            }
            Awareness.Owner owner = awareness.owner(s.client());
            if (s.isRemoval() && owner != null && !owner.isElsewhere() && s.clock() >= awareness.clock(s.client())) {
                awareness.removedElsewhere(s.client(), s.clock()); // it is here
                continue;
            }
            AwarenessState change = awareness.apply(s, node, false, now);
            if (change != null) {
                add(List.of(change)); // a socket here may have claimed what another node's socket had
            } else if (!s.isRemoval() && s.clock() > 0 && isBehind(s, node)) {
                gone.add(AwarenessState.removed(s.client(), awareness.clock(s.client())));
            }
        }
        add(awareness.shrink(now));
        if (!gone.isEmpty()) {
            tell(false, gone);
        }
        if (said.all() && !outdated) {
            Set<Long> there = new HashSet<>();
            said.states().forEach(s -> there.add(s.client()));
            add(awareness.removeOthers(node, there, now));
        }
    }

    /**
     * Whether peers of this node would refuse a state of another node's client, because they saw the client leave or have a newer
     * state of it from a third node. The sender is then told the clock, so that its client goes above it.
     */
    private boolean isBehind(AwarenessState s, Node node) {
        Awareness.Owner owner = awareness.owner(s.client());
        return !awareness.isPresent(s.client())
                || (owner != null && owner.isElsewhere() && owner != node && awareness.clock(s.client()) > s.clock());
    }

    /** A socket of another node claims a client that may be here: its socket here is asked whether it is there. */
    void claimedElsewhere(long number, long client) {
        Node node = nodes.computeIfAbsent(number, n -> new Node());
        awareness.claimedElsewhere(client, node, clock.getAsLong());
    }

    /** Whether a claim waits for the answer of an owner, so that {@link #expire} is to be called soon. */
    boolean isContested() {
        return awareness.isContested();
    }

    /** A node is gone, with its sockets. */
    void nodeGone(long number) {
        Node node = nodes.remove(number);
        if (node != null) {
            add(awareness.removeOwner(node, clock.getAsLong()));
        }
    }

    /** Tells the other nodes the states of all our members. A node that saw one of them removed answers with the removal. */
    void announce() {
        List<AwarenessState> own = awareness.states(owner -> !owner.isElsewhere());
        if (told > 0 || !own.isEmpty()) {
            tell(true, own);
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
        long now = clock.getAsLong();
        add(awareness.settle(now));
        add(awareness.expire(now));
    }

    /** Publishes removals here, and to all nodes the states that our own members have since. */
    private void add(List<AwarenessState> changes) {
        changes.forEach(s -> {
            Awareness.Owner owner = awareness.owner(s.client());
            if (!s.isRemoval() && owner != null && !owner.isElsewhere()) {
                changed(s);
            } else {
                news.put(s.client(), s);
            }
        });
    }

    /** The end of a turn. */
    void publish() {
        if (!news.isEmpty()) {
            List<byte[]> frames = frames(news.values());
            news.clear();
            allFrames = null;
            for (Member m : members) {
                if (m.greeted) {
                    frames.forEach(frame -> send(m, frame));
                }
            }
        }
        if (!ownNews.isEmpty()) {
            tell(false, List.copyOf(ownNews.values()));
            ownNews.clear();
        }
        for (AwarenessReminder<Awareness.Owner> r : awareness.takeReminders()) {
            if (r.owner() instanceof Member m) {
                send(m, Message.awareness(List.of(r.removal())));
            }
        }
        if (!askers.isEmpty()) {
            List<byte[]> frames = allFrames();
            askers.forEach(m -> answer(m, frames));
            askers.clear();
        }
        allFrames = null;
    }

    private void answer(Member asker, List<byte[]> frames) {
        if (frames.isEmpty()) {
            send(asker, Message.awareness(List.of()));
        }
        frames.forEach(frame -> send(asker, frame));
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
            frames(awareness.everything()).forEach(member.connection::send);
        }
    }
}
