package io.keck.room;

import org.jspecify.annotations.Nullable;

/** The part of strict authorship that {@link Saving} needs, because other nodes may introduce a client id at the same time. */
interface Claims {
    /** Returns the condition on which the log may append a batch; null for none. */
    UpdateLog.@Nullable Claim claim(Batch batch);

    /** Returns an attempt as an entry for the log. */
    default UpdateLog.Entry entry(Flight.Attempt attempt) {
        return attempt.entry(claim(attempt.batch));
    }

    /** Divides the waiting batches again after the log has refused some. None of them is in flight. */
    void idsTaken(ClientIdsTakenException refusal);
}
