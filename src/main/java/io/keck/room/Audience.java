package io.keck.room;

import io.keck.crdt.store.StateVector;
import io.keck.crdt.store.StructStore;
import io.keck.metrics.RoomMetrics;
import io.keck.protocol.CloseReason;
import io.keck.protocol.Message;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Sends frames to all members of a room, and closes members whose sockets are stuck. Used only in the room's turns. */
final class Audience {
    /** The room's own list. */
    private final List<Member> members;

    private final RoomSettings settings;
    private final RoomMetrics metrics;
    /** The batches still to be sent while a group of batches committed together is applied; otherwise null. */
    private @Nullable List<Batch> gathered;

    Audience(List<Member> members, RoomSettings settings, RoomMetrics metrics) {
        this.members = members;
        this.settings = settings;
        this.metrics = metrics;
    }

    /** Whether the room has no members. */
    boolean isEmpty() {
        return members.isEmpty();
    }

    /** Must be called before the store changes: records the current state vector for members with a large backlog. */
    void markSlow(StructStore store) {
        if (gathered != null && !gathered.isEmpty()) {
            return; // members still have the state before the first batch of the group
        }
        StateVector now = null;
        for (Member m : members) {
            if (m.greeted && m.behind == null && m.connection.backlog() > settings.maxBacklog()) {
                now = now == null ? store.stateVector() : now;
                m.behind = now;
                metrics.slowConnection();
            }
        }
    }

    /**
     * Runs the steps of batches that were committed together. Members get them in one frame at the end, like one batch,
     * because only the log separates authors.
     */
    void together(Runnable steps) {
        gathered = new ArrayList<>();
        try {
            steps.run();
        } finally {
            List<Batch> batches = gathered;
            gathered = null;
            if (batches.size() == 1) {
                committed(batches.get(0));
            } else if (!batches.isEmpty()) {
                StructStore merged = new StructStore();
                batches.forEach(batch -> merged.apply(batch.update()));
                Member origin = batches.get(0).soleOrigin();
                boolean isSole = batches.stream().allMatch(batch -> batch.soleOrigin() == origin);
                broadcast(Message.update(merged.encode()), isSole ? origin : null);
            }
        }
    }

    /** Sends a committed batch of this node. */
    void committed(Batch own) {
        if (gathered != null) {
            gathered.add(own);
        } else {
            broadcast(Message.update(own.payload()), own.soleOrigin());
        }
    }

    /** Sends a frame to each member that is not behind, apart from {@code except}. */
    void broadcast(byte[] frame, @Nullable Member except) {
        for (Member m : members) {
            if (m != except && m.greeted && m.behind == null) {
                m.connection.send(frame, members.size());
            }
        }
    }

    /** Sends an update that is not committed yet. A member with an {@link Echo} gets it without its own content. */
    void broadcastUnsaved(byte[] update, @Nullable Member except) {
        byte[] frame = Message.update(update);
        for (Member m : members) {
            if (m != except && m.greeted && m.behind == null) {
                byte[] others = m.echo == null ? update : m.echo.without(update);
                if (others == update) {
                    m.connection.send(frame, members.size());
                } else if (others != null) {
                    m.connection.send(Message.update(others));
                }
            }
        }
    }

    /** Resumes the connections that were paused because too much unsaved content was waiting. */
    void resumeAll() {
        for (Member m : members) {
            if (m.paused) {
                m.paused = false;
                m.connection.resume();
            }
        }
    }

    /**
     * Closes members whose sockets make no progress, and sends an empty frame to members that have been sent nothing
     * for a while.
     */
    void lookAfter(long now) {
        for (Member m : members) {
            boolean stuck = m.connection.backlog() > 0 && now - m.connection.lastProgress() > settings.stuckAfter();
            if (stuck) {
                m.connection.close(CloseReason.overload("this connection does not read any more"));
            } else if (m.greeted && now - m.connection.lastSend() >= settings.keepAlive()) {
                m.connection.send(Message.awareness(List.of()));
            }
        }
    }
}
