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
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The awareness states of one room; they are never stored in the log. Changes are published once at the end of a turn,
 * with the newest state of each client, to all members including the sender, because stock clients rely on that echo. A
 * frame has at most {@value #FRAME_BYTES} bytes plus one state: a stock client repeats each frame to the server, and
 * such a repetition must stay below the server's limit. Used only in the room's turns.
 *
 * <p><b>Crowds.</b> The cost of publishing is the number of members, so changes are collected
 * for a quarter of a millisecond per member, rounded up to the next beat of the node ({@link Postponed}), and published together. The
 * first change after a longer silence is published at once. Members that join or ask in between get the current states.
 *
 * <p><b>Other nodes.</b> Each node sends the changes of its own members' states. The node of the socket that last sent
 * a state decides about its clock; the other nodes accept it as it is, so all show the same. If two nodes both have a
 * state of a client that has moved, each pings its socket, and the node whose socket is silent gives way
 * ({@link Awareness}). A node that receives the removal of a client that is connected to it reminds the client, which
 * repeats its state with a higher clock. A node that receives a state that its own peers would refuse, because they saw
 * a later removal, answers with that removal. A loss on the bus is repaired when the client renews its state, after at
 * most 15 s.
 */
final class RoomAwareness {
    /** The bytes of states in a frame beyond which the next frame begins. */
    private static final int FRAME_BYTES = 256 << 10;
    /** The frames that a room may send per millisecond. */
    private static final int FRAMES_PER_MS = 4;
    /** The longest time between two publications, in milliseconds. */
    private static final long LONGEST_PAUSE_MS = 250;

    private final RoomSettings settings;
    private final LongSupplier clock;
    /** The room's list of members. */
    private final List<Member> members;

    private final Consumer<Bus.Event> others;
    private final Postponed postponed;
    /** Begins a turn, at whose end the postponed changes are published. */
    private final Runnable beat;
    /** Changes are not published before. */
    private long nextPublish = Long.MIN_VALUE;

    private final Awareness<Awareness.Owner> awareness;
    private final Map<Long, AwarenessState> news = new LinkedHashMap<>();
    /** The part of {@link #news} to be sent to the other nodes. */
    private final Map<Long, AwarenessState> ownNews = new LinkedHashMap<>();

    private final Set<Member> askers = new LinkedHashSet<>();
    private final Map<Long, Node> nodes = new HashMap<>();
    /** The number of messages sent to other nodes. */
    private long told;
    /** All states, encoded for members that join or ask in this turn; null after a change. */
    private @Nullable List<byte[]> allFrames;

    /** Another node, as the owner of the states of its sockets. */
    private final class Node implements Awareness.Owner {
        /** The number of its last message. */
        long number;

        @Override
        public int maxStates() {
            return Integer.MAX_VALUE;
        }

        @Override
        public boolean isElsewhere() {
            return true;
        }

        /** Asks all nodes; the node that has the client answers with its state. */
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

    /**
     * Creates it without states.
     *
     * @param turns runs a task in a turn of the room
     * @param others sends events to the other nodes
     */
    RoomAwareness(
            RoomContext context,
            List<Member> members,
            Consumer<Runnable> turns,
            Consumer<Bus.Event> others,
            Safeguards safeguards) {
        this.settings = context.settings();
        this.clock = context.clock();
        this.postponed = context.postponed();
        this.beat = () -> turns.accept(() -> {}); // each turn publishes at its end
        this.members = members;
        this.others = others;
        AwarenessBounds bounds = AwarenessBounds.DEFAULT;
        this.awareness = new Awareness<>(
                new AwarenessBounds(bounds.maxBytes(), bounds.maxStates(), safeguards.guardsAwareness()));
    }

    /** Sends a new member all states, in frames of its own. */
    void greet(Member member) {
        allFrames().forEach(member.connection::send);
    }

    private List<byte[]> allFrames() {
        if (allFrames == null) {
            allFrames = frames(awareness.states());
        }
        return allFrames;
    }

    /** Encodes states as frames of at most {@link #FRAME_BYTES} plus one state each. */
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
     * Handles an awareness message of a member. If a state is dropped, the client's last valid state stays, with the
     * new clock, so that it does not time out on other clients while this client keeps sending invalid states.
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

    /** Records a change of a state of this node's members. */
    private void changed(AwarenessState change) {
        news.put(change.client(), change);
        ownNews.put(change.client(), change);
    }

    /** Handles the states that another node sent for its sockets. */
    void hearFrom(long number, Bus.Event.Awareness said) {
        Node node = nodes.computeIfAbsent(number, n -> new Node());
        boolean outdated = said.number() <= node.number;
        node.number = Math.max(node.number, said.number());
        long now = clock.getAsLong();
        List<AwarenessState> gone = new ArrayList<>();
        for (AwarenessState s : said.states()) {
            if (s.clock() > AwarenessBounds.MAX_CLOCK) {
                continue; // no client could raise this clock
            }
            Awareness.Owner owner = awareness.owner(s.client());
            if (s.isRemoval() && owner != null && !owner.isElsewhere() && s.clock() >= awareness.clock(s.client())) {
                awareness.removedElsewhere(s.client(), s.clock()); // the client is connected to this node
                continue;
            }
            AwarenessState change = awareness.apply(s, node, false, now);
            if (change != null) {
                add(List.of(change)); // a socket of this node may have claimed a state of another node's socket
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
     * Whether peers of this node would refuse a state of another node's client, because they saw the client leave or
     * have a newer state from a third node. The sender then gets the clock, so that its client exceeds it.
     */
    private boolean isBehind(AwarenessState s, Node node) {
        Awareness.Owner owner = awareness.owner(s.client());
        return !awareness.isPresent(s.client())
                || (owner != null && owner.isElsewhere() && owner != node && awareness.clock(s.client()) > s.clock());
    }

    /** Called when a socket of another node claims a client: pings the client's socket if it is on this node. */
    void claimedElsewhere(long number, long client) {
        Node node = nodes.computeIfAbsent(number, n -> new Node());
        awareness.claimedElsewhere(client, node, clock.getAsLong());
    }

    /** Whether a claim waits for the answer of an owner, so that {@link #expire} must be called soon. */
    boolean isContested() {
        return awareness.isContested();
    }

    /** Called when another node has timed out: removes the states of its sockets. */
    void nodeGone(long number) {
        Node node = nodes.remove(number);
        if (node != null) {
            add(awareness.removeOwner(node, clock.getAsLong()));
        }
    }

    /**
     * Sends the states of all members of this node to the other nodes. A node that saw one of them removed answers with
     * the removal.
     */
    void announce() {
        List<AwarenessState> own = awareness.states(owner -> !owner.isElsewhere());
        if (told > 0 || !own.isEmpty()) {
            tell(true, own);
        }
    }

    /** The approximate bytes of heap that the states take. */
    long memory() {
        return awareness.memory();
    }

    /** The states of all clients, of this and of other nodes. */
    List<AwarenessState> states() {
        return awareness.states();
    }

    /** Returns the clients that have a state. */
    Set<Long> present() {
        return awareness.states().stream().map(AwarenessState::client).collect(Collectors.toUnmodifiableSet());
    }

    /** Called when the room ends. */
    void end() {
        if (told > 0) {
            tell(true, List.of());
        }
    }

    private void tell(boolean all, List<AwarenessState> states) {
        others.accept(new Bus.Event.Awareness(++told, all, states));
    }

    /** Queues all states for a member, to be sent once at the end of the turn. */
    void ask(Member member) {
        askers.add(member);
    }

    /** Removes the states that a leaving member owned. */
    void leave(Member member) {
        askers.remove(member);
        awareness.removeOwner(member, clock.getAsLong()).forEach(this::changed);
    }

    /** Removes states that were not renewed in time; other nodes do the same for theirs. */
    void expire() {
        long now = clock.getAsLong();
        add(awareness.settle(now));
        add(awareness.expire(now));
    }

    /** Publishes removals to this node's members, and changed states of this node's members to all nodes. */
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

    /**
     * Publishes changes at the end of a turn. In a room with many members they are postponed until some time has passed since the
     * last publication, so each member gets one frame for all of them.
     */
    void publish() {
        if (!news.isEmpty() || !ownNews.isEmpty()) {
            allFrames = null;
            long now = clock.getAsLong();
            if (now >= nextPublish || !postponed.isPossible()) {
                publishChanges();
                nextPublish = now + Math.min(LONGEST_PAUSE_MS, members.size() / FRAMES_PER_MS);
            } else {
                postponed.add(beat);
            }
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

    private void publishChanges() {
        if (!news.isEmpty()) {
            List<byte[]> frames = frames(news.values());
            news.clear();
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

    /** Sends a member that has caught up everything that it missed: all states, and the removals. */
    void catchUp(Member member) {
        if (member.missedAwareness) {
            member.missedAwareness = false;
            frames(awareness.everything()).forEach(member.connection::send);
        }
    }
}
