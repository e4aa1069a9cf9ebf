package io.keck.room;

import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.Update;
import java.util.function.BooleanSupplier;

/**
 * A room's end of the bus: tells the other nodes, and deals with what they tell, one method per event. Touched only in the
 * room's turns, apart from {@link #on}.
 */
final class RoomBus implements Bus.Listener {
    private final RoomContext context;
    private final Mailbox turns;
    private final BooleanSupplier isOpen;
    private final Replica replica;
    private final Saving saving;
    private final Members members;
    private final RoomAwareness awareness;
    /** The id under which the bus tells of this room; 0 while it does not. */
    private long subscribed;

    /** @param isOpen whether the room is open: what comes before or after is dropped */
    RoomBus(
            RoomContext context,
            Mailbox turns,
            BooleanSupplier isOpen,
            Replica replica,
            Saving saving,
            Members members) {
        this.context = context;
        this.turns = turns;
        this.isOpen = isOpen;
        this.replica = replica;
        this.saving = saving;
        this.members = members;
        this.awareness = members.awareness();
    }

    /** The room now has this id. */
    void subscribe(long roomId) {
        if (subscribed == roomId) {
            return;
        }
        end();
        subscribed = roomId;
        context.bus().subscribe(roomId, this);
    }

    /** Is told nothing any more. */
    void end() {
        if (subscribed != 0) {
            context.bus().unsubscribe(subscribed, this);
        }
    }

    /** Tells the other nodes, once the room has an id. */
    void tell(Bus.Event event) {
        if (subscribed != 0) {
            context.bus().publish(subscribed, event);
        }
    }

    /** What comes is decoded here, under the limits of sockets: a turn of the room meets nothing that it cannot take. */
    @Override
    public void on(long node, Bus.Event event) {
        Update update = Update.EMPTY;
        Bus.Event heard = event;
        try {
            if (event instanceof Bus.Event.Committed row) {
                update = Update.decode(row.payload(), DecodeLimits.DEFAULT);
            } else if (event instanceof Bus.Event.Unsaved shared) {
                update = Update.decode(shared.payload(), DecodeLimits.DEFAULT);
            }
        } catch (DecodeException e) {
            context.metrics().busRefused();
            if (event instanceof Bus.Event.Unsaved) {
                return;
            }
            heard = new Bus.Event.Resync(); // the log has it, as it was written
        }
        turns.post(new Heard(node, heard, update, context.metrics().nanos()));
    }

    /** An event that waits for a turn of the room, and then what the room answers to it. */
    private final class Heard implements Runnable, Bus.Event.Handler {
        private final long node;
        private final Bus.Event event;
        private final Update update;
        private final long at;

        Heard(long node, Bus.Event event, Update update, long at) {
            this.node = node;
            this.event = event;
            this.update = update;
            this.at = at;
        }

        @Override
        public void run() {
            if (isOpen.getAsBoolean()) {
                event.tell(this);
            }
        }

        @Override
        public void committed(Bus.Event.Committed row) {
            if (replica.isFollowing()) {
                replica.heard(row, update, at);
            }
        }

        @Override
        public void unsaved(Bus.Event.Unsaved shared) {
            if (replica.isFollowing()) { // else nothing can be saved
                saving.share(update);
                members.structsCame(update);
            }
        }

        @Override
        public void awareness(Bus.Event.Awareness said) {
            awareness.hearFrom(node, said);
        }

        @Override
        public void awarenessAsked(Bus.Event.AwarenessAsked asked) {
            awareness.announce();
        }

        @Override
        public void awarenessClaimed(Bus.Event.AwarenessClaimed claimed) {
            awareness.claimedElsewhere(node, claimed.client());
        }

        @Override
        public void resync(Bus.Event.Resync mayHaveMissed) {
            replica.readOn();
            meetOthers(false);
        }

        @Override
        public void back(Bus.Event.Back bus) {
            meetOthers(true); // the Tailer compares all rooms with the log
        }

        @Override
        public void nodeGone(Bus.Event.NodeGone gone) {
            awareness.nodeGone(node);
        }
    }

    /** Tells the other nodes the awareness states of this node's sockets, and asks for theirs. */
    private void meetOthers(boolean afresh) {
        awareness.announce();
        tell(new Bus.Event.AwarenessAsked(afresh));
    }
}
