package io.keck.room;

import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.Update;
import io.keck.protocol.Message;

/** Carries out the steps of a room's replica, and defines the order of their effects. Used only in the room's turns. */
final class Steps {
    private final Life life;
    private final Replica replica;
    private final Batches batches;
    private final DocumentGrowth growth;
    private final RoomHeap heap;
    private final Saving saving;
    private final Audience audience;
    private final Members members;
    private final RoomDocument document;
    private final Watchers watchers;
    private final RoomBus bus;

    Steps(
            RoomScope room,
            RoomContent content,
            RoomSize size,
            Saving saving,
            Audience audience,
            Members members,
            RoomDocument document,
            Watchers watchers,
            RoomBus bus) {
        this.life = room.life();
        this.replica = content.replica();
        this.batches = content.batches();
        this.growth = size.growth();
        this.heap = size.heap();
        this.saving = saving;
        this.audience = audience;
        this.members = members;
        this.document = document;
        this.watchers = watchers;
        this.bus = bus;
    }

    /**
     * Carries out one step of the replica. The order is part of the promises:
     *
     * <ol>
     *   <li>Slow members are marked while the store still equals what they have, so that they catch up from its state
     *   vector.
     *   <li>The store applies the update, and the typed document follows. From here on answers contain the update.
     *   <li>Watchers are notified. They read the row from the log, so they may be ahead of the sockets but not of the
     *   store.
     *   <li>Other nodes get the row before this node's sockets do, because they are further away.
     *   <li>Sockets get the update. It is committed, and any answer that they request contains it.
     *   <li>The batch is settled last: its edits are answered from a document that has them, and paused writers resume.
     * </ol>
     */
    void advance(Advance step) {
        Batch own = step.own();
        Update news = own != null || audience.isEmpty()
                ? Update.EMPTY
                : batches.reduceSent(replica.store().reduce(step.update()));
        audience.markSlow(replica.store());
        replica.apply(step);
        document.changed(step.update());
        members.advanced(step);
        if (step.update().forgetsUnheldDeletes()) {
            audience.broadcast(members.step1(), null); // some members may have the deletes, and the structs as well
        }
        watchers.risen(replica.roomId(), step.seq());
        heap.took(own);
        if (own != null) {
            bus.tell(new Bus.Event.Committed(step.seq(), own.id, step.link(), step.before(), own.payload()));
            if (!own.sent && !own.isMark()) {
                audience.committed(own);
            }
            saving.committed(own);
            growth.committed();
            return;
        }
        growth.foreign(step.update());
        if (!news.isEmpty()) {
            audience.broadcast(Message.update(news.encode()), null);
        }
    }

    /** Replaces the content of a replica whose rows the log has lost, in the same order as {@link #advance}. */
    void replace(Replacement fresh) {
        Update whole = Update.decode(fresh.store().encode(), DecodeLimits.OWN);
        Update news = batches.reduceSent(replica.store().reduce(whole));
        audience.markSlow(replica.store());
        replica.become(fresh);
        life.isMade(fresh.isMade());
        bus.subscribe(fresh.roomId());
        watchers.wentBack();
        saving.giveUpEdits(); // these edits may build on rows that the log has lost
        document.madeAnew();
        members.replaced();
        watchers.risen(fresh.roomId(), fresh.seq());
        if (!fresh.missing().isEmpty()) {
            saving.restore(fresh.missing());
        }
        if (!news.isEmpty()) {
            audience.broadcast(Message.update(news.encode()), null);
        }
        saving.replaced();
        growth.replaced();
        members.structsCame(whole);
        members.structsCame(fresh.missing());
    }
}
