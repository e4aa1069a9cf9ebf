package io.keck.webhook;

import io.keck.feed.Cursors.Cursor;

/** How far delivery is in a room in which there is, or was a moment ago, something to deliver. Touched by one thread. */
final class Room {
    final long id;
    String name = "";
    /** Whether the cursor is known. */
    boolean isKnown;

    long head;
    /** The last row that was taken. */
    long seq;
    /** The last row of the delivery that was decided on; it never becomes another one. */
    long planned;
    /** Whether there may be rows after {@link #planned}. */
    boolean isDirty = true;
    /** Whether a delivery is under way, or about to be. */
    boolean isBusy;

    /** Whether what comes next is damaged. */
    boolean isDamaged;

    int failures;
    long nextAt;
    /** Since when something waits, milliseconds since 1970; 0 for nothing. */
    long waitingSince;

    Room(long id) {
        this.id = id;
    }

    void learn(Cursor cursor) {
        isKnown = true;
        name = cursor.name();
        head = cursor.head();
        seq = cursor.seq();
        planned = Math.max(cursor.planned(), cursor.seq());
        if (cursor.waitingSince() > 0) {
            waitingSince = cursor.waitingSince();
        }
    }

    boolean hasPlan() {
        return planned > seq;
    }

    /** Whether something waits, or may wait. */
    boolean isWaiting() {
        return isDirty || isBusy || hasPlan();
    }

    Cursor cursor() {
        return new Cursor(id, name, head, seq, planned, waitingSince);
    }
}
