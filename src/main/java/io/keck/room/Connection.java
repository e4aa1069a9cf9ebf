package io.keck.room;

import io.keck.access.Author;
import io.keck.protocol.CloseReason;
import org.jspecify.annotations.Nullable;

/**
 * One peer as a room sees it. Rooms call it from their turns, one call at a time; no method blocks.
 *
 * <p>The weakest promise: frames arrive in order and complete, or the connection ends. A room checks {@link #backlog}
 * before it sends, and stops sending while that is above {@link RoomSettings#maxBacklog}.
 */
public interface Connection {
    /** Queues one binary frame. The array is shared with other connections and must not be changed. */
    void send(byte[] frame);

    /**
     * Queues one binary frame that is sent to several connections.
     *
     * @param recipients the approximate number of connections; each is charged its share of the frame's bytes
     */
    default void send(byte[] frame, int recipients) {
        send(frame);
    }

    /** Adds to the bytes from this peer that wait for the room; a negative number reduces them. */
    default void waits(long bytes) {}

    /** The bytes that are queued and not yet accepted by the network. */
    long backlog();

    /** When the network last accepted bytes or the queue was empty, in milliseconds of the room's clock. */
    long lastProgress();

    /** When a frame was last queued, in milliseconds of the room's clock. */
    long lastSend();

    /** The address of the peer; empty if unknown. */
    default String address() {
        return "";
    }

    /**
     * Returns the reason why this peer may not make the document this large (deletions are always allowed); null if it
     * may. Fast.
     *
     * @param bytes an upper bound of the size of the encoded document
     */
    default @Nullable String whyNotGrow(long bytes) {
        return null;
    }

    /**
     * Returns the reason why content of this peer may not create the document, which does not exist yet; null if it may.
     * Fast.
     */
    default @Nullable String whyNotCreate() {
        return null;
    }

    /** Counts the bytes of accepted updates of this peer. */
    default void brought(long bytes) {}

    /** The author that the log records for updates of this peer; null if unknown. */
    @Nullable
    Author author();

    /** Notes that this connection was the first in a room that did not exist, so the server created the room. */
    default void beganRoom() {}

    /**
     * Pings the peer with a WebSocket ping, which the peer's network stack answers without the application.
     *
     * @return the argument for {@link #hasAnswered}
     */
    long ping();

    /** Whether anything was received from the peer since that ping, or nothing could be because reading is paused. */
    boolean hasAnswered(long ping);

    /** Whether the peer asked for reports of content that contradicts the document. */
    default boolean hearsOfConflicts() {
        return false;
    }

    /**
     * Whether the room counts the updates of this peer and calls {@link #saved} and {@link #notSaved}. Read once, when
     * the peer joins; nothing is counted for other peers.
     */
    default boolean hearsOfSaved() {
        return false;
    }

    /**
     * Reports that everything from this peer up to a position is committed. Called at the end of the turn that learned
     * of the commit, never in unsaved mode, with rising positions only. An update without new content is reported once
     * the content that it repeats is committed. The position stops before an update that was accepted only in part,
     * because the document is full, because its deletes wait for the content that they delete, or because the room has
     * different content under its ids. A later step 2 may bring the rest.
     *
     * @param position counts the peer's step 2s and updates in the order in which {@link Seat#receive} got them, from 1
     *     on
     */
    default void saved(long position) {}

    /**
     * Reports that a part of the peer's last update was not applied, because the document is full, deletes wait for the content that
     * they delete, or other content is known under the same ids. Called if {@link #hearsOfSaved}, in the turn that handles the update.
     */
    default void heldBack() {}

    /**
     * Reports that a step 2 from a peer that may not write has content that is not in the room; see
     * {@link io.keck.protocol.Message.SyncRepeat}. Positions count as for {@link #saved}.
     */
    default void notSaved(long position) {}

    /**
     * Whether the room sends its step 1 after each of its step 2s instead of when the peer joins.
     */
    default boolean isAskedInTurn() {
        return false;
    }

    /** The value of {@link #epoch} for a peer that does not speak of epochs. */
    long NO_EPOCH = -1;

    /**
     * The room id of the life that the peer's copy is of; 0 if the peer asks for the epoch and has no copy,
     * {@link #NO_EPOCH} if it does not ask. Read once, when the peer joins. A peer that asks is told the epoch before
     * anything else; one that names another life gets no seat and is closed with {@link CloseReason#otherEpoch}.
     */
    default long epoch() {
        return NO_EPOCH;
    }

    /** Whether the peer gets its own updates back once they are committed, and not before. */
    default boolean isEchoed() {
        return false;
    }

    /** Sends a message of a back end to the application, if the protocol of the peer has a word for it. */
    default void tell(String text) {}

    /** Stops reading from this peer, so that TCP slows it down. */
    void pause();

    /** Resumes reading from this peer. */
    void resume();

    /** Closes the connection, after the queued frames if the network accepts them. Calls after the first do nothing. */
    void close(CloseReason reason);
}
