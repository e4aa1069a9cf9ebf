package io.keck.webhook;

import io.keck.feed.Cursors;
import io.keck.feed.Cursors.Cursor;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/**
 * The state of delivery in the rooms that have changes to deliver: finds these rooms, and saves their cursors. Used by
 * one thread, except for the figures.
 */
final class Progress {
    private static final int SCAN = 1_000;
    private static final long SCAN_EVERY = 5_000;
    private static final long NEWS_EVERY = 400;
    private static final int NEWS = 5_000;
    private static final long FORGET_AFTER = 60_000;

    private final Cursors cursors;
    private final Settings settings;
    private final LongSupplier wallClock;
    private final Map<Long, Room> rooms = new LinkedHashMap<>();
    /** The rooms whose cursors have moved and are not saved yet. */
    private final Map<Long, Room> unsaved = new LinkedHashMap<>();

    private long scanFrom;
    private long scanAt;
    private boolean scanned;
    private long newsAt;
    private long sweepAt;
    /** The current time between two deliveries of a room, in milliseconds. */
    private long spacing;

    private volatile int backlog;
    private volatile long oldest;

    Progress(Cursors cursors, Settings settings, LongSupplier wallClock) {
        this.cursors = cursors;
        this.settings = settings;
        this.wallClock = wallClock;
        this.spacing = settings.spacing();
    }

    /** The number of rooms with changes that the receiver has not accepted; from any thread. */
    int backlog() {
        return backlog;
    }

    /**
     * The time at which the oldest change was written that the receiver has not accepted, in milliseconds since 1970,
     * or 0; from any thread.
     */
    long oldest() {
        return oldest;
    }

    /** Forgets all rooms; a scan finds them again. */
    void clear(long now) {
        rooms.clear();
        unsaved.clear();
        scanFrom = 0;
        scanAt = 0;
        newsAt = 0;
        scanned = false;
        count(now);
    }

    Collection<Room> rooms() {
        return rooms.values();
    }

    /** Records the cursor of a room that was read from the database. */
    void learn(Cursor cursor) {
        Room room = rooms.get(cursor.roomId());
        if (room != null) {
            room.learn(cursor);
        }
    }

    /** Removes a room that does not exist. */
    void remove(Room room) {
        rooms.remove(room.id);
    }

    /** Records that the cursor of a room has moved and must be saved. */
    void moved(Room room) {
        unsaved.put(room.id, room);
    }

    /** Saves the cursors that have moved; returns false, with nothing saved, if another epoch has begun. */
    boolean save(Predicate<List<Cursor>> how) {
        if (unsaved.isEmpty()) {
            return true;
        }
        if (!how.test(unsaved.values().stream().map(Room::cursor).toList())) {
            return false;
        }
        unsaved.clear();
        return true;
    }

    /** Records that a room has, or may have, new rows. */
    void mark(long roomId) {
        Room room = rooms.computeIfAbsent(roomId, Room::new);
        room.isDirty = true;
        if (room.waitingSince == 0) {
            room.waitingSince = wallClock.getAsLong();
        }
    }

    /** Reads the rooms to which other nodes have announced writes. */
    void listen(long now, boolean isShared) {
        if (now < newsAt || !isShared) {
            return;
        }
        newsAt = now + NEWS_EVERY;
        List<Long> news = cursors.announced(NEWS);
        news.forEach(this::mark);
        if (news.size() == NEWS) {
            newsAt = now;
        }
    }

    /** Scans the next rooms for changes that were not announced. */
    void scan(long now) {
        if (now < scanAt) {
            return;
        }
        Cursors.Slice slice = cursors.scan(scanFrom, SCAN);
        for (Cursor cursor : slice.waiting()) {
            Room room = rooms.get(cursor.roomId());
            if (room == null || !room.isKnown) {
                room = rooms.computeIfAbsent(cursor.roomId(), Room::new);
                room.learn(cursor);
            }
            room.isDirty = true;
        }
        scanFrom = slice.next();
        scanned |= scanFrom == 0;
        scanAt = scanned ? now + SCAN_EVERY : now;
    }

    /** Records that the planned delivery of a room was accepted, or was empty. */
    void taken(Room room, long now) {
        room.seq = room.planned;
        room.failures = 0;
        room.nextAt = now + spacing;
        room.waitingSince = room.isDirty ? wallClock.getAsLong() : 0;
        moved(room);
    }

    /** Counts the rooms that wait, and adapts the time between deliveries. */
    void count(long now) {
        int waiting = 0;
        int changing = 0;
        long since = 0;
        for (Room room : rooms.values()) {
            changing += room.isWaiting() || room.nextAt > now ? 1 : 0;
            if (room.isWaiting()) {
                waiting++;
                if (room.waitingSince > 0 && (since == 0 || room.waitingSince < since)) {
                    since = room.waitingSince;
                }
            }
        }
        backlog = waiting;
        oldest = since;
        spacing = settings.spacing(changing);
    }

    /** Forgets rooms that have been idle for a while. */
    void sweep(long now) {
        if (now < sweepAt) {
            return;
        }
        sweepAt = now + FORGET_AFTER / 4;
        rooms.values()
                .removeIf(
                        room -> !room.isWaiting() && !unsaved.containsKey(room.id) && now - room.nextAt > FORGET_AFTER);
    }
}
