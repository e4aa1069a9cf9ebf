package io.keck.webhook;

import io.keck.feed.Cursors.Cursor;

/** The state of delivery in a room that has changes to deliver or had some recently. Used by one thread. */
final class Room {
    final long id;
    String name = "";
    /** Whether the cursor is known. */
    boolean isKnown;

    long head;
    /** The last row that the receiver has accepted. */
    long seq;
    /** The last row of the planned delivery; fixed until that delivery is accepted. */
    long planned;
    /** Whether there may be rows after {@link #planned}. */
    boolean isDirty = true;
    /** Whether a delivery is under way, or about to be. */
    boolean isBusy;

    /** Whether the next row is damaged. */
    boolean isDamaged;

    int failures;
    long nextAt;
    /** The time since which changes wait, in milliseconds since 1970; 0 if none wait. */
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

    /** Whether changes wait, or may wait. */
    boolean isWaiting() {
        return isDirty || isBusy || hasPlan();
    }

    Cursor cursor() {
        return new Cursor(id, name, head, seq, planned, waitingSince);
    }
}
