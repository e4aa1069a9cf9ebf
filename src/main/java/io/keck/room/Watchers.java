package io.keck.room;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** The watchers of one room, which are notified of each step of its replica. Used only in turns of the room. */
final class Watchers {
    private final Seats seats;
    private final Replica replica;
    private final List<Watcher> all = new CopyOnWriteArrayList<>();

    Watchers(Seats seats, Replica replica) {
        this.seats = seats;
        this.replica = replica;
    }

    /** Notifies a watcher of the current position and of each step from now on; its seat keeps the room loaded. */
    void follow(Watcher watcher) {
        seats.take();
        all.add(watcher);
        watcher.risen(replica.roomId(), replica.applied());
    }

    /** Notifies a watcher of each step from now on, without a seat; may be called before the room is loaded. */
    void observe(Watcher watcher) {
        all.add(watcher);
    }

    void remove(Watcher watcher) {
        all.remove(watcher);
    }

    /** Notifies the watchers of a step; free of cost while there are none. */
    void risen(long roomId, long seq) {
        if (!all.isEmpty()) {
            all.forEach(watcher -> watcher.risen(roomId, seq));
        }
    }

    void clientMessage(Bus.Event.ClientMessage message) {
        all.forEach(watcher -> watcher.clientMessage(message.principal(), message.text()));
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
