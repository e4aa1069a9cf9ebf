package io.keck.room;

import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.Update;
import io.keck.protocol.AwarenessState;
import io.keck.protocol.Message;
import io.keck.testing.Grants;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.LongSupplier;

/**
 * Peers that speak in the name of others: they forge cursors and removals with any clock, on sockets that have just come and
 * on others, and delete what is not written yet. Everything follows from the random numbers.
 */
final class Hostility {
    private static final long MAX = (1L << 53) - 1;
    private static final int SOCKETS = 4;

    final Random random;
    private final LongSupplier clock;
    private final List<Seat> seats = new ArrayList<>();

    Hostility(Random random, LongSupplier clock) {
        this.random = random;
        this.clock = clock;
    }

    /** One act against a client. */
    void act(FakeClient victim, String room, Rooms rooms) {
        if (rooms.mayBeHeld(room)) {
            return; // the filter before the sockets lets nobody in
        }
        Seat seat = rooms.join(Grants.on(room), new FakeConnection(clock, frame -> {}));
        seats.add(seat);
        if (seats.size() > SOCKETS) {
            seats.remove(0).leave();
        }
        if (random.nextBoolean()) {
            say(seat, Message.step2(Update.EMPTY.encode())); // its first word is spoken
        }
        for (int i = random.nextInt(3); i >= 0; i--) {
            say(seat, message(victim));
        }
    }

    private byte[] message(FakeClient victim) {
        long known = victim.own == null ? 0 : victim.own.clock();
        long at = victim.typed() + random.nextInt(5);
        return switch (random.nextInt(6)) {
            case 0 -> Message.awareness(List.of(AwarenessState.removed(victim.id, known + random.nextInt(3))));
            case 1 -> Message.awareness(List.of(AwarenessState.removed(victim.id, MAX - random.nextInt(2))));
            case 2 -> Message.awareness(List.of(new AwarenessState(victim.id, MAX, "\"forged\"")));
            case 3 ->
                Message.awareness(List.of(new AwarenessState(victim.id, known + random.nextInt(9), "\"forged\"")));
            case 4 -> Message.update(FakeClient.deletion(victim.id, at, MAX - at));
            default -> Message.update(Update.FORGET_UNHELD.encode());
        };
    }

    private static void say(Seat seat, byte[] frame) {
        seat.receive(Message.readAll(frame, DecodeLimits.DEFAULT, World.STATES), frame.length);
    }

    /** All of them leave. */
    void leave() {
        seats.forEach(Seat::leave);
        seats.clear();
    }
}
