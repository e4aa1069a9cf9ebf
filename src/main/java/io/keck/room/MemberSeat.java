package io.keck.room;

import io.keck.metrics.RoomMetrics;
import io.keck.protocol.Message;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/** The seat of one member of a room. Thread-safe. */
final class MemberSeat implements Seat {
    private final Members members;
    private final Member member;
    private final Consumer<Runnable> turns;
    private final long maxInbound;
    private final RoomMetrics metrics;
    /** The bytes of frames that wait for a turn of the room. */
    private final AtomicLong inbound = new AtomicLong();

    /**
     * Creates the seat of a connection that has not sent anything through it.
     *
     * @param turns runs a task in a turn of the room while the room is open
     */
    MemberSeat(Members members, Member member, Consumer<Runnable> turns, RoomContext context) {
        this.members = members;
        this.member = member;
        this.turns = turns;
        this.maxInbound = context.settings().maxInbound();
        this.metrics = context.metrics();
    }

    @Override
    public void receive(List<Message> messages, int bytes) {
        member.connection.waits(bytes);
        if (inbound.addAndGet(bytes) > maxInbound) {
            member.connection.pause();
        }
        long at = metrics.nanos();
        turns.accept(() -> {
            members.hear(member, messages, at);
            members.came(bytes);
            member.connection.waits(-bytes);
            if (inbound.addAndGet(-bytes) <= maxInbound / 2 && !member.paused) {
                member.connection.resume();
            }
        });
    }

    @Override
    public void drained() {
        turns.accept(() -> members.catchUp(member));
    }

    @Override
    public void leave() {
        turns.accept(() -> members.leave(member));
    }
}
