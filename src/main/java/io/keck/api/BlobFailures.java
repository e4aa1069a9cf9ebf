package io.keck.api;

import io.keck.failure.RoomGone;
import io.keck.failure.Unavailable;
import io.keck.room.RepeatedWarning;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.Response.ResponseBuilder;
import jakarta.ws.rs.core.Response.Status;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Maps each failure of blobs to its answer. */
class BlobFailures extends FailureAnswers {
    private static final Logger LOG = LoggerFactory.getLogger(BlobFailures.class);
    private static final RepeatedWarning UNAVAILABLE = new RepeatedWarning(LOG, () -> System.nanoTime() / 1_000_000);

    private final String workspace;

    /** @param workspace the name of the requested workspace */
    BlobFailures(String workspace) {
        this.workspace = workspace;
    }

    @Override
    public Response unavailable(Unavailable failure) {
        UNAVAILABLE.warn("A blob could not be stored, read or deleted: " + failure.getMessage());
        boolean unknown = failure.isOutcomeUnknown();
        ResponseBuilder answer = Answers.text(Status.SERVICE_UNAVAILABLE, Failures.unavailableSentence(unknown))
                .header("Retry-After", "1");
        return unknown ? answer.header("Keck-Outcome", "unknown").build() : answer.build();
    }

    @Override
    public Response gone(RoomGone failure) {
        return Answers.notFound("Workspace", workspace);
    }
}
