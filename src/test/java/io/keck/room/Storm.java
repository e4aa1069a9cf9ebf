package io.keck.room;

import static io.keck.room.World.ROOM;

import io.keck.crdt.store.Update;
import java.util.ArrayList;
import java.util.List;

/** Everybody comes back at once, up to date, to a document with deletions: step 2 repeats the whole delete set. */
final class Storm {
    private final World world;
    private final List<FakeClient> members = new ArrayList<>();
    private final FakeClient watcher;
    private long rowsBefore;

    Storm(World world, int size) {
        this.world = world;
        watcher = world.joined();
        FakeClient writer = world.joined();
        for (int i = 0; i < 20; i++) {
            writer.type("0123456789");
            writer.delete(writer.id, i * 10L, 5);
            world.settle();
        }
        for (int i = 0; i < size; i++) {
            FakeClient member = world.client();
            member.replica.apply(Update.decode(world.saved().encode()));
            members.add(member);
        }
    }

    void run() {
        rowsBefore = world.rows();
        watcher.connection.forget();
        members.forEach(member -> member.connect(world.rooms, ROOM));
        world.settle();
    }

    long rowsAdded() {
        return world.rows() - rowsBefore;
    }

    int framesToOthers() {
        return watcher.connection.frames.size();
    }
}
