package io.keck.room;

import io.keck.crdt.store.StateVector;
import io.keck.crdt.store.StructStore;
import io.keck.protocol.CloseReason;
import io.keck.protocol.Message;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Sends to all members of a room, and looks after those who do not take it. Touched only in the room's turns. */
final class Audience {
    /** The room's own list. */
    private final List<Member> members;

    private final RoomSettings settings;
    private final RoomMetrics metrics;

    Audience(List<Member> members, RoomSettings settings, RoomMetrics metrics) {
        this.members = members;
        this.settings = settings;
        this.metrics = metrics;
    }

    /** Before something is sent: who cannot take it stays at what the store holds now. */
    void markSlow(StructStore store) {
        StateVector now = null;
        for (Member m : members) {
            if (m.greeted && m.behind == null && m.connection.backlog() > settings.maxBacklog()) {
                now = now == null ? store.stateVector() : now;
                m.behind = now;
                metrics.slowConnection();
            }
        }
    }

    /** Sends a frame to everyone who can take it, but not to {@code except}. */
    void broadcast(byte[] frame, @Nullable Member except) {
        for (Member m : members) {
            if (m != except && m.greeted && m.behind == null) {
                m.connection.send(frame);
            }
        }
    }

    /** Reads on from those who were paused because too much waited to be saved. */
    void resumeAll() {
        for (Member m : members) {
            if (m.paused) {
                m.paused = false;
                m.connection.resume();
            }
        }
    }

    /** Closes who takes nothing any more, and lets the others know now and then that we are here. */
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
