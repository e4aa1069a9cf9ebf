package io.keck.room;

import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.store.Contradictions;
import io.keck.crdt.store.Update;
import io.keck.protocol.Message;
import java.util.ArrayList;
import java.util.List;

/**
 * Detects updates with different content under ids that the room already has. They come from two peers with the same
 * client id, or from a peer that lost its memory. The first content is kept, and the other must not pass silently as
 * nothing new: the conflict is counted, and reported to a sender that asked for such reports. Used only in the room's
 * turns.
 *
 * <p>The content itself is compared, so no extra state is kept, and an update that is entirely new, such as typing,
 * costs nothing. Per connection, {@value #WHOLE_BYTES} bytes are compared in {@value #WINDOW_MS} ms, and one in
 * {@value #SAMPLE} of the updates beyond. Content that the room dropped because it was deleted cannot be compared.
 */
final class Conflicts {
    /** The largest number of ranges reported for one update. */
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
     * Compares an update of a member that overlaps the content of the room with that content.
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
            found[0]++; // a value that cannot be parsed, compared with a different one
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
     * Compares the clock of a returning client with the room. If the room has more content under the client's id,
     * another peer wrote it. The client will take that content for its own, and its own content under the same clocks
     * never arrives here to be compared.
     *
     * @param clock the clock after the last content that the client wrote itself
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
