package io.keck.room;

import io.keck.protocol.Message;
import java.util.List;

/** A connection's place in a room. Thread-safe; calls take effect in a later turn of the room. */
public interface Seat {
    /**
     * Passes the messages of one frame to the room.
     *
     * @param bytes the size of the frame; while too many bytes wait for the room, the connection is paused
     */
    void receive(List<Message> messages, int bytes);

    /** Reports that the connection's backlog is low enough to send to it again. */
    void drained();

    /** Reports that the connection is closed. Calls after the first do nothing. */
    void leave();
}
