package io.keck.room;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Those who follow one room: they hear what it tells its journal's owner. Called in turns of the room. */
final class Watchers {
    private final List<Watcher> all = new CopyOnWriteArrayList<>();

    /** Costs nothing while there is nobody. */
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

    void add(Watcher watcher) {
        all.add(watcher);
    }

    void remove(Watcher watcher) {
        all.remove(watcher);
    }
}
