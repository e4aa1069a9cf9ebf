package io.keck.room;

import io.keck.access.Author;
import io.keck.protocol.CloseReason;
import org.jspecify.annotations.Nullable;

/**
 * One peer as a room sees it. Calls come from the room's turns, one at a time, and never block.
 *
 * <p>The weakest promise: frames arrive in order and complete, or the connection ends. A room asks {@link #backlog}
 * before it sends, and holds back while that is above {@link RoomSettings#maxBacklog}.
 */
public interface Connection {
    /** Queues one binary frame; the array is shared with other connections and not changed by anyone. */
    void send(byte[] frame);

    /**
     * Queues one binary frame that goes to several connections.
     *
     * @param recipients how many, roughly: each counts its part of the frame's bytes
     */
    default void send(byte[] frame, int recipients) {
        send(frame);
    }

    /** Bytes that came from this peer wait for the room; or fewer wait, where the number is negative. */
    default void waits(long bytes) {}

    /** Bytes that are queued and not yet taken by the network. */
    long backlog();

    /** When the network last took bytes from us, or there was nothing to take; milliseconds of the room's clock. */
    long lastProgress();

    /** When a frame was last queued, milliseconds of the room's clock. */
    long lastSend();

    /** The address of the peer, as far as it is known; empty where it is not. */
    default String address() {
        return "";
    }

    /**
     * Why the document may not become as large as that by what this peer writes, if that is no deletion; null if it may.
     * Quick.
     *
     * @param bytes of the encoded document, at most
     */
    default @Nullable String whyNotGrow(long bytes) {
        return null;
    }

    /** Bytes of its updates were taken. */
    default void brought(long bytes) {}

    /** Who writes what comes from this peer, as the log keeps it; null where nobody knows. */
    @Nullable
    Author author();

    /** It is the first in a room that nobody has made: it has the server keep a room for it. */
    default void beganRoom() {}

    /**
     * Asks the peer for a sign of life; a WebSocket ping, which the peer's network stack answers without the application.
     *
     * @return what {@link #hasAnswered} is to be told
     */
    long ping();

    /** Whether anything came from the peer since that ping, or it is not read from and so could not be heard. */
    boolean hasAnswered(long ping);

    /** Whether the peer asked to be told where what it sends contradicts the document. */
    default boolean hearsOfConflicts() {
        return false;
    }

    /**
     * Whether the room counts what this peer sends and calls {@link #saved} and {@link #notSaved}; asked once, when the peer
     * takes its seat. Nothing is counted for the others.
     */
    default boolean hearsOfSaved() {
        return false;
    }

    /**
     * Reports that everything from this peer up to a position is committed: at the end of the turn that learned of the commit,
     * never in unsaved mode, and with rising positions only. An update without news is reported once what it repeats is
     * committed. The position stops before an update that was taken only in part, because the document is full, because deletes
     * wait for the content that they delete, or because other content is known under its ids. A later step 2 may bring the rest.
     *
     * @param position of its step 2s and updates together, in the order in which {@link Seat#receive} was given them; the
     *     first is 1
     */
    default void saved(long position) {}

    /**
     * That step 2, of a peer that may not write, contains something that is not in the room; see {@link
     * io.keck.protocol.Message.SyncRepeat}. Counted as for {@link #saved}.
     */
    default void notSaved(long position) {}

    /**
     * Whether the room asks this peer each time it has answered it, and not when it comes: its step 1 follows each of its step
     * 2s.
     */
    default boolean isAskedInTurn() {
        return false;
    }

    /** Whether the peer gets back what it sends, once that is committed, and nothing of it before. */
    default boolean isEchoed() {
        return false;
    }

    /** Stops reading from this peer, so that it feels what it sends. */
    void pause();

    /** Reads on. */
    void resume();

    /** Ends the connection, after what is queued if the network takes it. Calls after the first do nothing. */
    void close(CloseReason reason);
}
