package io.keck.room;

import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.store.Contradictions;
import io.keck.crdt.store.Update;
import io.keck.protocol.Message;
import java.util.ArrayList;
import java.util.List;

/**
 * Notices updates that say something else under ids that the room has: of two peers that wrote under one client id, or of one
 * that lost its memory, the first is kept, and the other must not be taken for nothing new. Such a conflict is counted, and
 * said to its sender if that asked for it. Touched only in the room's turns.
 *
 * <p>The content itself is compared, so nothing is kept for it, and an update that is all new, as typing is, costs
 * nothing. Of each connection {@value #WHOLE_BYTES} bytes in {@value #WINDOW_MS} ms are compared, beyond that one update of
 * {@value #SAMPLE}. Content that the room has dropped since it was deleted cannot be compared.
 */
final class Conflicts {
    /** Ranges that are told of one update. */
    private static final int TOLD = 100;

    private static final long WHOLE_BYTES = 4 << 20;
    private static final long WINDOW_MS = 10_000;
    private static final int SAMPLE = 16;

    private final Replica replica;
    private final Batches batches;
    private final RoomContext context;
    private final boolean isOn;

    Conflicts(Replica replica, Batches batches, RoomContext context, Safeguards safeguards) {
        this.replica = replica;
        this.batches = batches;
        this.context = context;
        this.isOn = safeguards.noticesConflicts();
    }

    /**
     * Compares a member's update, of which the room has something, with what it has.
     *
     * @return whether a contradiction was found
     */
    boolean look(Member member, Update update) {
        if (!isOn || !isCompared(member, update.encode().length)) {
            return false;
        }
        List<Message.Conflict> told = new ArrayList<>();
        int[] found = {0};
        Contradictions.Finder finder = (client, from, to, kind) -> {
            if (found[0]++ < TOLD) {
                told.add(new Message.Conflict(client, from, to - from, kind == Contradictions.Kind.PLACE));
            }
        };
        try {
            Contradictions.find(replica.store(), update, finder);
            batches.contradictions(update, finder);
        } catch (DecodeException e) {
            found[0]++; // a value that no reader understands, beside another one
        }
        if (found[0] == 0) {
            return false;
        }
        context.metrics().conflicts(found[0]);
        if (member.connection.hearsOfConflicts() && !told.isEmpty()) {
            member.connection.send(Message.conflicts(told));
        }
        return true;
    }

    /**
     * A client that comes back says how far it is. If the room has more under its id, somebody else wrote that: the client will
     * take it for its own, and what it wrote meanwhile under the same clocks never comes here to be compared.
     *
     * @param clock how far the client is in what it wrote itself
     */
    void compareOwn(Member member, long clock) {
        long here = isOn ? replica.store().clock(member.ownClient) : 0;
        if (here > clock) {
            context.metrics().conflicts(1);
            if (member.connection.hearsOfConflicts()) {
                member.connection.send(
                        Message.conflicts(List.of(new Message.Conflict(member.ownClient, clock, here - clock, false))));
            }
        }
    }

    private boolean isCompared(Member member, int bytes) {
        long now = context.clock().getAsLong();
        if (now >= member.comparedUntil) {
            member.comparedUntil = now + WINDOW_MS;
            member.comparedBytes = WHOLE_BYTES;
        }
        member.comparedBytes -= bytes;
        return member.comparedBytes >= 0 || member.beyondCompared++ % SAMPLE == 0;
    }
}
