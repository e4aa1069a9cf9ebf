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
 * The requests and edits of back ends to one room. A request is served when the replica contains everything that was
 * committed before its arrival. An edit gets its outcome once. Unlike updates of sockets, an edit that cannot be saved
 * now is given up, together with the edits after it, because each builds on the previous one. Used only in the room's
 * turns.
 */
final class Requests {
    private final RoomContext context;
    private final Replica replica;
    private final Batches batches;
    private final List<Request> waiting = new ArrayList<>();
    /** Edits that have not got their outcome yet. */
    private final Set<Edit> edits = Collections.newSetFromMap(new IdentityHashMap<>());
    /**
     * Whether the log may have something that the replica lacks: an edit of unknown outcome, or the creation of the
     * room.
     */
    private boolean doubt;

    Requests(RoomContext context, Replica replica, Batches batches) {
        this.context = context;
        this.replica = replica;
        this.batches = batches;
    }

    /** Records that the log may have something that the replica lacks. */
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
     * Asks the log on behalf of a request, if that is necessary.
     *
     * @param local whether the current replica suffices
     */
    void ask(Request request, boolean local, boolean unsaved) {
        boolean asks = !local && (context.log().isShared() || doubt);
        request.stale = asks && unsaved;
        request.read = asks && !unsaved ? replica.lookUp() : 0;
        request.until = context.clock().getAsLong() + context.settings().saveTimeout();
        request.ready = true;
    }

    /** Serves the requests whose read of the log has ended, or whose wait has timed out. */
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
     * Accepts an edit that was made on a fork.
     *
     * @param whyNot the reason why the room accepts no edits; null if the room is open
     * @param hopeless whether the edit, or an edit on which it builds, cannot be saved now
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
        return new Unavailable("the database does not answer; the edit may have been saved", true);
    }

    /**
     * Gives up the waiting edits, none of which can be saved now.
     *
     * @param onItsWay the batch in flight, whose outcome is unknown
     */
    void giveUpEdits(@Nullable Batch onItsWay) {
        for (Batch batch : batches.removeEdits(onItsWay)) {
            fail(batch, givenUp(batch));
        }
        if (onItsWay != null) {
            fail(onItsWay, unknown()); // if it is committed nevertheless, the replica applies it
        }
    }

    /** The failure of the edits of a batch that is given up; unknown if the batch was handed to the log. */
    private static RuntimeException givenUp(Batch batch) {
        return batch.submitted ? unknown() : notNow();
    }

    /**
     * Handles a batch of edits that was refused or whose outcome is unknown; returns whether the database is the likely
     * cause.
     */
    boolean failed(Batch batch, @Nullable Throwable error) {
        batches.remove(batch);
        if (error instanceof Refused used) {
            fail(batch, used);
            // later edits on the same fork may build on content that it did not add; they are repeated
            batches.removeLostEdits().forEach(lost -> fail(lost, notNow()));
            return false;
        }
        doubt = true;
        fail(batch, error instanceof RoomLost ? notNow() : unknown());
        giveUpEdits(null); // the failed batch was the one in flight
        return true;
    }

    private void fail(Batch batch, RuntimeException error) {
        for (Edit edit : batch.edits) {
            if (edits.remove(edit)) {
                edit.failed(error);
            }
        }
    }

    /** Called when a batch is in the replica. */
    void committed(Batch batch) {
        for (Edit edit : batch.edits) {
            if (edits.remove(edit)) {
                Replica.Position at = replica.here();
                edit.committed(at.roomId(), at.seq());
            }
        }
    }

    /**
     * Called when the room ends. A batch in flight may be committed, even if the room was deleted meanwhile, unless the
     * log has said otherwise.
     *
     * @param whyNot the failure of a request that arrived at a given moment
     * @param endOfLife the failure of edits that were not handed to the log, if the life has ended; otherwise null
     * @param unanswered the batch in flight, whose edits get their outcome when the log has answered
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
     * Called when the log has answered for a batch that was in flight when the room ended.
     *
     * @param error the reason why it was not committed, or null
     * @param endOfLife the failure of edits that are certainly not in the log
     */
    void answeredLate(Batch batch, @Nullable Throwable error, RuntimeException endOfLife) {
        fail(batch, error instanceof RoomGone ? endOfLife : unknown());
    }
}
