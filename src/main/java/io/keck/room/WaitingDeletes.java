package io.keck.room;

import io.keck.crdt.store.DeleteSet;
import io.keck.crdt.store.UnheldDeletes;
import io.keck.crdt.store.Update;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Holds deletes of members whose structs the room does not have. In Yjs such a delete is pending and applies to
 * whatever arrives later under those ids, so a stored one would delete content that is yet to be written. Honest
 * clients send such deletes in rare cases, as when two tabs of a browser repeat each other's messages and one socket is
 * down. The delete therefore waits in the memory of its connection; it is neither stored nor passed on, and the
 * connection stays open.
 *
 * <p>A member with a waiting delete is asked with a step 1: an honest one has the structs, and its step 2 contains them
 * together with the delete. A range is accepted at once when the room has content for all its clocks, from any member.
 * If only a part has arrived, the range keeps waiting and its member is asked again. Ranges beyond the bounds are
 * dropped, and so are all ranges of a member that leaves; the next step 1 asks for them. Used only in the room's turns.
 */
final class WaitingDeletes {
    /** The largest number of waiting ranges of one member. */
    static final int MAX_RANGES = 4_096;
    /** The largest number of waiting ranges of all members of a room. */
    static final int MAX_ALL = 65_536;
    /** Milliseconds between two step 1s to one member. */
    static final long ASK_EVERY_MS = 2_000;

    private final Replica replica;
    private final Batches batches;
    private final LongSupplier clock;
    private final Consumer<Member> asker;
    private final boolean isOn;
    private final List<Member> waiting = new ArrayList<>();
    private int ranges;

    /** @param asker sends a member the room's step 1 */
    WaitingDeletes(
            Replica replica, Batches batches, LongSupplier clock, Consumer<Member> asker, Safeguards safeguards) {
        this.replica = replica;
        this.batches = batches;
        this.clock = clock;
        this.asker = asker;
        this.isOn = safeguards.holdsUnheldDeletes();
    }

    /** Returns the part of a member's update that can be accepted now; the rest waits or is dropped. */
    Update admit(Member member, Update fresh) {
        DeleteSet unheld = isOn ? UnheldDeletes.of(fresh, replica.store()) : null;
        DeleteSet rest = unheld == null ? null : batches.withoutHeld(unheld);
        if (rest == null || rest.isEmpty()) {
            return fresh;
        }
        hold(member, rest);
        return UnheldDeletes.strip(fresh, rest);
    }

    private void hold(Member member, DeleteSet deletes) {
        DeleteSet all = member.waitingDeletes == null ? new DeleteSet() : member.waitingDeletes;
        int before = all.size();
        all.addAll(deletes);
        int more = all.size() - before;
        if (all.size() > MAX_RANGES || ranges + more > MAX_ALL) {
            ranges -= before;
            waiting.remove(member);
            member.waitingDeletes = null;
            member.hasLostDeletes = true;
        } else {
            ranges += more;
            if (member.waitingDeletes == null) {
                waiting.add(member);
                member.waitingDeletes = all;
            }
        }
        ask(member);
    }

    /** The number of waiting ranges. */
    int size() {
        return ranges;
    }

    private void ask(Member member) {
        long now = clock.getAsLong();
        member.mustBeAskedForDeletes = now < member.deletesAskedAt + ASK_EVERY_MS;
        if (!member.mustBeAskedForDeletes) {
            member.deletesAskedAt = now;
            asker.accept(member);
        }
    }

    /** Called by the tick: asks members whose step 1 was due too soon after the previous one. */
    void onTick(List<Member> members) {
        for (Member member : members) {
            if (member.mustBeAskedForDeletes) {
                ask(member);
            }
        }
    }

    void leave(Member member) {
        if (waiting.remove(member) && member.waitingDeletes != null) {
            ranges -= member.waitingDeletes.size();
        }
        member.waitingDeletes = null;
    }

    /**
     * Called when structs were added to the replica or a batch.
     *
     * @param taker receives the deletes that waited for them
     */
    void structsCame(Update news, Taker taker) {
        if (waiting.isEmpty()) {
            return;
        }
        Set<Long> clients = news.clients();
        for (Member member : clients.isEmpty() ? List.<Member>of() : List.copyOf(waiting)) {
            DeleteSet ready = release(member, clients);
            if (ready != null) {
                taker.take(member, Update.ofDeletes(ready));
            }
        }
    }

    /** Receives deletes of a member whose structs are all known. */
    interface Taker {
        void take(Member member, Update deletes);
    }

    private @Nullable DeleteSet release(Member member, Set<Long> clients) {
        DeleteSet before = member.waitingDeletes;
        if (before == null) {
            return null;
        }
        DeleteSet ready = new DeleteSet();
        DeleteSet left = new DeleteSet();
        boolean[] isPartly = {false};
        before.forEachInOrder((client, from, to) -> {
            if (!clients.contains(client)) {
                left.add(client, from, to);
                return;
            }
            DeleteSet range = new DeleteSet();
            range.add(client, from, to);
            DeleteSet missing = batches.withoutHeld(UnheldDeletes.without(range, replica.store()));
            if (missing.isEmpty()) {
                ready.add(client, from, to);
            } else {
                left.add(client, from, to);
                isPartly[0] |= !missing.equals(range);
            }
        });
        if (isPartly[0]) {
            ask(member);
        }
        if (ready.isEmpty()) {
            return null;
        }
        ranges += left.size() - before.size();
        member.waitingDeletes = left;
        if (left.isEmpty()) {
            member.waitingDeletes = null;
            waiting.remove(member);
        }
        return ready;
    }
}
