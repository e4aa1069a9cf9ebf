package io.keck.room;

import io.keck.room.HeldUpdates.Limits;

/** The fake keeps the promises of the real one. */
class FakeHeldUpdatesTest extends HeldUpdatesContract {
    private FakeHeldUpdates held = new FakeHeldUpdates(() -> 0, Limits.DEFAULT);

    @Override
    protected HeldUpdates held(Limits limits) {
        held = new FakeHeldUpdates(() -> 5, limits);
        return held;
    }

    @Override
    protected HeldUpdates reopened(Limits limits) {
        held = held.with(limits);
        return held;
    }

    @Override
    protected long room(String name) {
        return name.charAt(0);
    }
}
