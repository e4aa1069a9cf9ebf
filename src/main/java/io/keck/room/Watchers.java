package io.keck.room;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Those who follow one room: they are told each step of its replica. Touched only in turns of the room. */
final class Watchers {
    private final Seats seats;
    private final Replica replica;
    private final List<Watcher> all = new CopyOnWriteArrayList<>();

    Watchers(Seats seats, Replica replica) {
        this.seats = seats;
        this.replica = replica;
    }

    /** Tells a watcher where the replica is, and from now on each step; keeps a seat, so that the room stays loaded. */
    void follow(Watcher watcher) {
        seats.take();
        all.add(watcher);
        watcher.risen(replica.roomId(), replica.applied());
    }

    /** From now on tells a watcher each step, without a seat; also before the room is loaded. */
    void observe(Watcher watcher) {
        all.add(watcher);
    }

    void remove(Watcher watcher) {
        all.remove(watcher);
    }

    /** Costs nothing while there is no watcher. */
    void risen(long roomId, long seq) {
        if (!all.isEmpty()) {
            all.forEach(watcher -> watcher.risen(roomId, seq));
        }
    }

    void wentBack() {
        all.forEach(Watcher::wentBack);
    }

    void ended(RuntimeException why) {
        List<Watcher> gone = List.copyOf(all);
        all.clear();
        gone.forEach(watcher -> watcher.ended(why));
    }
}
