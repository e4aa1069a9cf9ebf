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
 * Deletes of members whose structs the room does not have. To Yjs such a delete is pending and acts on whatever comes later
 * under those ids: stored, it would delete what somebody has yet to write. It is rare and honest all the same, as when two
 * tabs of a browser repeat each other and the socket of one is down. So it waits in the memory of its connection; it is
 * neither stored nor passed on, and no offence.
 *
 * <p>A member with a delete that waits is asked with a step 1: an honest one has the structs, and its step 2 brings them
 * together with the delete. A range of which every clock has come, from whomever, is taken from there at once. One of
 * which a part has come is not, since it may never end, but its member is asked again. What is beyond the bounds is forgotten,
 * and so is everything of a member that leaves: the next step 1 asks for it. Touched only in the room's turns.
 */
final class WaitingDeletes {
    /** Ranges of one member. */
    static final int MAX_RANGES = 4_096;
    /** Ranges of all members of the room. */
    static final int MAX_ALL = 65_536;
    /** Between two step 1s to one member. */
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

    /** What of a member's update can be taken now; the rest waits, or is forgotten. */
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

    /** How many ranges wait. */
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

    /** Time has passed: asks those that were asked too lately when there was a reason. */
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
     * Structs have come into the replica or a batch.
     *
     * @param taker takes the deletes that waited for them
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

    /** Takes deletes of a member for which nothing is missing any more. */
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
