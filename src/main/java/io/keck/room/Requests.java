package io.keck.room;

import io.keck.failure.Refused;
import io.keck.failure.RoomGone;
import io.keck.failure.RoomLost;
import io.keck.failure.Unavailable;
import io.keck.protocol.CloseReason;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The requests and edits of back ends to one room. A request is served when the replica holds everything that was committed
 * before it came. An edit is told its outcome once. Unlike the updates of sockets, an edit that cannot be saved now is given
 * up, together with the edits after it, since each was made on the one before. Touched only in the room's turns.
 */
final class Requests {
    private final RoomContext context;
    private final Replica replica;
    private final Batches batches;
    private final List<Request> waiting = new ArrayList<>();
    /** Edits that were not told their outcome yet. */
    private final Set<Edit> edits = Collections.newSetFromMap(new IdentityHashMap<>());
    /** Whether the log may hold what the replica lacks: an edit whose outcome is unknown, or the making of the room. */
    private boolean doubt;

    Requests(RoomContext context, Replica replica, Batches batches) {
        this.context = context;
        this.replica = replica;
        this.batches = batches;
    }

    /** The log may hold what the replica lacks. */
    void doubt() {
        doubt = true;
    }

    void add(Request request) {
        waiting.add(request);
    }

    boolean isEmpty() {
        return waiting.isEmpty();
    }

    /**
     * Asks the log on behalf of a request, unless there is nothing to ask for.
     *
     * @param local whether the replica will do as it is
     */
    void ask(Request request, boolean local, boolean unsaved) {
        boolean asks = !local && (context.log().isShared() || doubt);
        request.stale = asks && unsaved;
        request.read = asks && !unsaved ? replica.lookUp() : 0;
        request.until = context.clock().getAsLong() + context.settings().saveTimeout();
        request.ready = true;
    }

    /** Serves the requests whose read of the log has ended, or which have waited long enough. */
    void serve(boolean unsaved) {
        if (waiting.isEmpty()) {
            return;
        }
        long now = context.clock().getAsLong();
        for (Request request : List.copyOf(waiting)) {
            boolean looked = request.read == 0 || replica.hasRead(request.read);
            if (request.ready && (looked || unsaved || now >= request.until)) {
                waiting.remove(request);
                boolean well = replica.hasReadWell(request.read);
                request.stale |= request.read > 0 && !well;
                doubt &= request.read == 0 || !well;
                request.served(replica.here(), unsaved);
            }
        }
    }

    /**
     * Takes an edit that was made on a fork.
     *
     * @param whyNot null where the room is open
     * @param hopeless whether it cannot be saved now, or what it was made on could not
     */
    void submit(Edit edit, @Nullable RuntimeException whyNot, boolean hopeless) {
        if (whyNot != null) {
            edit.failed(whyNot);
        } else if (hopeless) {
            edit.failed(notNow());
        } else {
            edits.add(edit);
            batches.add(edit);
        }
    }

    private static Unavailable notNow() {
        return new Unavailable("the database does not answer", false);
    }

    private static Unavailable unknown() {
        return new Unavailable("the database does not answer; perhaps it was saved", true);
    }

    /**
     * Gives up the edits that wait: none of them can be saved now.
     *
     * @param onItsWay the batch that the log was asked to commit, and of which it is not known whether it is
     */
    void giveUpEdits(@Nullable Batch onItsWay) {
        for (Batch batch : batches.removeEdits(onItsWay)) {
            fail(batch, givenUp(batch));
        }
        if (onItsWay != null) {
            fail(onItsWay, unknown()); // if it is committed after all, the replica takes it in
        }
    }

    /** What the edits of a batch are told that is given up: a batch that was handed to the log may be in it. */
    private static RuntimeException givenUp(Batch batch) {
        return batch.submitted ? unknown() : notNow();
    }

    /** Deals with a batch of edits that was refused or whose outcome is unknown; true if the database is the likely cause. */
    boolean failed(Batch batch, @Nullable Throwable error) {
        batches.remove(batch);
        if (error instanceof Refused used) {
            fail(batch, used);
            // those after it on the same fork may build on what it did not add; they are made again
            batches.removeLostEdits().forEach(lost -> fail(lost, notNow()));
            return false;
        }
        doubt = true;
        fail(batch, error instanceof RoomLost ? notNow() : unknown());
        giveUpEdits(null); // the batch that failed was the one on its way
        return true;
    }

    private void fail(Batch batch, RuntimeException error) {
        for (Edit edit : batch.edits) {
            if (edits.remove(edit)) {
                edit.failed(error);
            }
        }
    }

    /** A batch is in the replica. */
    void committed(Batch batch) {
        for (Edit edit : batch.edits) {
            if (edits.remove(edit)) {
                Replica.Position at = replica.here();
                edit.committed(at.roomId(), at.seq());
            }
        }
    }

    /**
     * The room ends. What the log was asked to commit may be committed, also where the room was deleted meanwhile, unless the
     * log has said that it is not.
     *
     * @param whyNot what is said to a request that came at that moment
     * @param endOfLife what edits are told that were not handed to the log, where the life has ended; else null
     * @param unanswered the batch that is on its way: its edits are told when the log has answered
     */
    void end(
            LongFunction<RuntimeException> whyNot,
            CloseReason reason,
            @Nullable RuntimeException endOfLife,
            @Nullable Batch unanswered) {
        List<Request> refused = List.copyOf(waiting);
        waiting.clear();
        refused.forEach(request -> request.refused(whyNot.apply(request.moment), reason));
        for (Batch batch : batches.all()) {
            if (endOfLife == null) {
                fail(batch, givenUp(batch));
            } else if (!batch.submitted) {
                fail(batch, endOfLife);
            } else if (batch != unanswered) {
                fail(batch, unknown());
            }
        }
    }

    /**
     * The log has answered for a batch that was on its way when the room ended.
     *
     * @param error why it was not committed, or null
     * @param endOfLife what edits are told that are certainly not in the log
     */
    void answeredLate(Batch batch, @Nullable Throwable error, RuntimeException endOfLife) {
        fail(batch, error instanceof RoomGone ? endOfLife : unknown());
    }
}
