package io.keck.feed;

import io.keck.failure.Unavailable;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * Where changes are delivered to, how far that is in each room, and which node does it; shared by all nodes of a database.
 * Implementations are thread-safe; calls wait for the database, and throw {@link Unavailable} when it does not
 * answer.
 *
 * <p>One node delivers at a time: the one of the newest epoch. Whoever takes over begins another epoch, and from its commit
 * on nothing is saved under an older one.
 */
public interface Cursors {
    /**
     * The endpoint and who serves it.
     *
     * @param url empty where there is none
     * @param trusted whether the operator set it, so that it may be a private address
     * @param owner the node that delivers, or empty
     * @param beat another number whenever that node was alive
     */
    record Endpoint(String url, boolean trusted, long epoch, String owner, long beat) {}

    /**
     * How far delivery is in a room.
     *
     * @param name of the room
     * @param head the seq of its newest row
     * @param seq the last row that was taken by the receiver
     * @param planned the last row of the delivery that is under way; {@code seq} when there is none
     * @param waitingSince when the first row was written that was not taken yet, milliseconds since 1970; 0 when there is
     *     none, or it is gone
     */
    record Cursor(long roomId, String name, long head, long seq, long planned, long waitingSince) {}

    /** The endpoint as it is now. */
    Endpoint endpoint();

    /**
     * Sets the endpoint, and begins an epoch that nobody owns. Where there was none before, only what is committed from
     * then on is delivered.
     */
    void set(String url, boolean trusted);

    /** As {@link #set}, if the operator's endpoint is another one than he had when this was called last. */
    void configure(String url);

    /** Begins an epoch, if the endpoint is still as it was seen; the number of the epoch, if so. */
    OptionalLong take(Endpoint seen, String owner);

    /** Says that the owner is alive; false when another epoch has begun. */
    boolean renew(long epoch);

    /** The owner delivers no more. */
    void release(long epoch);

    /** How far delivery is in these rooms. Those that nobody knows are missing. */
    List<Cursor> find(Collection<Long> roomIds);

    /** Rooms with something to deliver, among the next {@code count} rooms by id; and where to go on, 0 at the end. */
    Slice scan(long afterRoomId, int count);

    /** A part of all rooms. */
    record Slice(List<Cursor> waiting, long next) {}

    /** Saves how far delivery is; false, and nothing is saved, when another epoch has begun. */
    boolean save(long epoch, List<Cursor> cursors);

    /** Tells whoever delivers that there is something new in these rooms. */
    void announce(Collection<Long> roomIds);

    /** Takes what others announced, {@code count} at most. */
    List<Long> announced(int count);

    /** The next rows of many rooms, each after the given one; rooms where there is none are missing. */
    Map<Long, ChangeLog.Page> next(Map<Long, Long> after, long maxBytesEach);
}
