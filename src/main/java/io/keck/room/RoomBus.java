package io.keck.room;

import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.Update;
import java.util.function.BooleanSupplier;

/**
 * A room's end of the bus: sends events to the other nodes, and handles theirs, one method per kind of event. Used only
 * in the room's turns, apart from {@link #on}.
 */
final class RoomBus implements Bus.Listener {
    private final RoomContext context;
    private final Mailbox turns;
    private final BooleanSupplier isOpen;
    private final Replica replica;
    private final Saving saving;
    private final Members members;
    private final RoomAwareness awareness;
    /** The room id of the current subscription; 0 if there is none. */
    private long subscribed;

    /** @param isOpen whether the room is open; events at other times are dropped */
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

    /** Subscribes under the current id of the room. */
    void subscribe(long roomId) {
        if (subscribed == roomId) {
            return;
        }
        end();
        subscribed = roomId;
        context.bus().subscribe(roomId, this);
    }

    /** Ends the subscription. */
    void end() {
        if (subscribed != 0) {
            context.bus().unsubscribe(subscribed, this);
        }
    }

    /** Sends an event to the other nodes, once the room has an id. */
    void tell(Bus.Event event) {
        if (subscribed != 0) {
            context.bus().publish(subscribed, event);
        }
    }

    /** Decodes payloads under the limits of sockets before the event reaches a turn of the room. */
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
            heard = new Bus.Event.Resync(); // the log has the row as it was written
        }
        turns.post(new Heard(node, heard, update, context.metrics().nanos()));
    }

    /** An event that waits for a turn of the room, and the handling of it. */
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
            if (replica.isFollowing()) { // otherwise nothing can be saved
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
        public void clientMessage(Bus.Event.ClientMessage message) {
            members.messages().cameElsewhere(message);
        }

        @Override
        public void broadcast(Bus.Event.Broadcast message) {
            members.messages().send(message.text());
        }

        @Override
        public void nodeGone(Bus.Event.NodeGone gone) {
            awareness.nodeGone(node);
        }
    }

    /** Sends the awareness states of this node's sockets to the other nodes, and asks for theirs. */
    private void meetOthers(boolean afresh) {
        awareness.announce();
        tell(new Bus.Event.AwarenessAsked(afresh));
    }
}
