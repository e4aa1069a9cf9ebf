package io.keck.feed;

import io.keck.failure.Unavailable;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * The endpoint of deliveries, the state of delivery in each room, and the node that delivers; shared by all nodes of a
 * database. Implementations are thread-safe; calls wait for the database, and throw {@link Unavailable} if
 * it does not answer.
 *
 * <p>One node delivers at a time: the owner of the newest epoch. A node that takes over begins another epoch, and from
 * the commit of that epoch on nothing is saved under an older one.
 */
public interface Cursors {
    /**
     * The endpoint and the node that serves it.
     *
     * @param url empty if no endpoint is set
     * @param trusted whether the operator set it, so that it may have a private address
     * @param owner the node that delivers, or empty
     * @param beat a number that changes with each sign of life of that node
     */
    record Endpoint(String url, boolean trusted, long epoch, String owner, long beat) {}

    /**
     * The state of delivery in a room.
     *
     * @param name the name of the room
     * @param head the seq of its newest row
     * @param seq the last row that the receiver has accepted
     * @param planned the last row of the delivery that is under way; {@code seq} if there is none
     * @param waitingSince the time at which the first row was written that the receiver has not accepted, in
     *     milliseconds since 1970; 0 if there is no such row, or it is gone
     */
    record Cursor(long roomId, String name, long head, long seq, long planned, long waitingSince) {}

    /** Reads the current endpoint. */
    Endpoint endpoint();

    /**
     * Sets the endpoint, and begins an epoch without an owner. If there was no endpoint before, only changes committed
     * from then on are delivered.
     */
    void set(String url, boolean trusted);

    /** As {@link #set}, but only if the operator's endpoint differs from the one at the last call. */
    void configure(String url);

    /** Begins an epoch if the endpoint is still as it was seen; returns the number of the epoch, or empty if it is not. */
    OptionalLong take(Endpoint seen, String owner);

    /** Records a sign of life of the owner; returns false if another epoch has begun. */
    boolean renew(long epoch);

    /** Records that the owner delivers no more. */
    void release(long epoch);

    /** Returns the state of delivery in these rooms; unknown rooms are left out. */
    List<Cursor> find(Collection<Long> roomIds);

    /**
     * Returns the rooms with changes to deliver among the next {@code count} rooms by id, and the id after which to go
     * on, 0 at the end.
     */
    Slice scan(long afterRoomId, int count);

    /** A part of all rooms. */
    record Slice(List<Cursor> waiting, long next) {}

    /** Saves the state of delivery; returns false, with nothing saved, if another epoch has begun. */
    boolean save(long epoch, List<Cursor> cursors);

    /** Announces new rows of these rooms to the node that delivers. */
    void announce(Collection<Long> roomIds);

    /** Removes and returns announced rooms, at most {@code count}. */
    List<Long> announced(int count);

    /** Returns the next rows of many rooms, each after the given row; rooms without such rows are left out. */
    Map<Long, ChangeLog.Page> next(Map<Long, Long> after, long maxBytesEach);
}
