package io.keck.room;

import io.keck.crdt.store.StateVector;
import io.keck.crdt.store.StructStore;
import io.keck.metrics.RoomMetrics;
import io.keck.protocol.CloseReason;
import io.keck.protocol.Message;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Sends to all members of a room, and closes those whose sockets are stuck. Touched only in the room's turns. */
final class Audience {
    /** The room's own list. */
    private final List<Member> members;

    private final RoomSettings settings;
    private final RoomMetrics metrics;
    /** While batches are taken in that were committed together: those that are still to be sent; else null. */
    private @Nullable List<Batch> gathered;

    Audience(List<Member> members, RoomSettings settings, RoomMetrics metrics) {
        this.members = members;
        this.settings = settings;
        this.metrics = metrics;
    }

    /** To be called before the store changes: a member whose backlog is high stays at what the store holds now. */
    void markSlow(StructStore store) {
        if (gathered != null && !gathered.isEmpty()) {
            return; // members have what they had before the first of the batches that they are about to get
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
     * Runs the steps of batches that were committed together. Members get them as one frame at the end, as if they had been
     * one batch: who has made what concerns the log alone.
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

    /** Sends an own batch that was committed. */
    void committed(Batch own) {
        if (gathered != null) {
            gathered.add(own);
        } else {
            broadcast(Message.update(own.payload()), own.soleOrigin());
        }
    }

    /** Sends a frame to each member that can take it, apart from {@code except}. */
    void broadcast(byte[] frame, @Nullable Member except) {
        for (Member m : members) {
            if (m != except && m.greeted && m.behind == null) {
                m.connection.send(frame, members.size());
            }
        }
    }

    /** Sends an update that is not committed. A member with an {@link Echo} gets it without its own content. */
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

    /** Resumes the connections that were paused because too much waited to be saved. */
    void resumeAll() {
        for (Member m : members) {
            if (m.paused) {
                m.paused = false;
                m.connection.resume();
            }
        }
    }

    /** Closes members whose sockets make no progress, and sends the others an empty frame when they heard nothing lately. */
    void lookAfter(long now) {
        for (Member m : members) {
            boolean stuck = m.connection.backlog() > 0 && now - m.connection.lastProgress() > settings.stuckAfter();
            if (stuck) {
                m.connection.close(CloseReason.overload("this connection takes nothing any more"));
            } else if (m.greeted && now - m.connection.lastSend() >= settings.keepAlive()) {
                m.connection.send(Message.awareness(List.of()));
            }
        }
    }
}
