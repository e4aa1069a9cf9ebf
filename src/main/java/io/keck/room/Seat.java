package io.keck.room;

import io.keck.protocol.Message;
import java.util.List;

/** A connection's place in a room. Thread-safe; everything it is told happens in a later turn of the room. */
public interface Seat {
    /**
     * Hands over the messages of one frame.
     *
     * @param bytes the size of the frame; while too much is waiting for the room, the connection is paused
     */
    void receive(List<Message> messages, int bytes);

    /** The connection's backlog has fallen low enough to go on sending to it. */
    void drained();

    /** The connection is gone. Calls after the first do nothing. */
    void leave();
}
