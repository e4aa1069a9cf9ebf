package io.keck.api;

import io.keck.access.Decision;
import io.keck.access.Fault;
import io.keck.failure.Failure;
import io.keck.failure.Forbidden;
import io.keck.failure.HistoryGone;
import io.keck.failure.NameRefused;
import io.keck.failure.OtherLife;
import io.keck.failure.Refused;
import io.keck.failure.RoomDamaged;
import io.keck.failure.RoomGone;
import io.keck.failure.RoomLost;
import io.keck.failure.RoomMissing;
import io.keck.failure.TooCostly;
import io.keck.failure.TooLarge;
import io.keck.failure.TooLargeHere;
import io.keck.failure.Unavailable;
import io.keck.room.RepeatedWarning;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.Response.Status;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Maps each failure of rooms to its answer; a resource overrides those for which it has a better sentence. Stateless.
 */
class FailureAnswers implements Failure.Handler<Response> {
    private static final Logger LOG = LoggerFactory.getLogger(Failures.class);
    private static final RepeatedWarning UNAVAILABLE = new RepeatedWarning(LOG, () -> System.nanoTime() / 1_000_000);

    @Override
    public Response unavailable(Unavailable failure) {
        UNAVAILABLE.warn("A request could not be carried out: " + failure.getMessage());
        return Failures.unavailable(failure.isOutcomeUnknown());
    }

    @Override
    public Response missing(RoomMissing failure) {
        return Failures.internal(failure);
    }

    @Override
    public Response gone(RoomGone failure) {
        return Failures.internal(failure);
    }

    @Override
    public Response lost(RoomLost failure) {
        return Failures.internal(failure);
    }

    @Override
    public Response damaged(RoomDamaged failure) {
        return Failures.response(Reply.text(
                        Status.SERVICE_UNAVAILABLE,
                        "The stored data of the workspace is damaged: it is read-only until it is repaired. Nothing"
                                + " was done."))
                .header(HttpHeaders.RETRY_AFTER, "60")
                .build();
    }

    @Override
    public Response refused(Refused failure) {
        return failure.isOfAnotherRequest() ? Failures.keyTaken() : Failures.internal(failure);
    }

    @Override
    public Response tooLarge(TooLarge failure) {
        return Failures.response(
                        Reply.text(Status.REQUEST_ENTITY_TOO_LARGE, failure.getMessage() + " Nothing was done."))
                .build();
    }

    @Override
    public Response tooLargeHere(TooLargeHere failure) {
        return Failures.response(Reply.text(
                        Status.SERVICE_UNAVAILABLE,
                        "The document is too large for this node. Give the node a larger heap, or replace the document."
                                + " Nothing was done."))
                .header(HttpHeaders.RETRY_AFTER, "60")
                .build();
    }

    @Override
    public Response tooCostly(TooCostly failure) {
        return Failures.response(Reply.text(
                        Status.SERVICE_UNAVAILABLE,
                        "Integrating the content of the document or writing it down takes too many steps. Nothing was"
                                + " done."))
                .header(HttpHeaders.RETRY_AFTER, String.valueOf((failure.retryMillis() + 999) / 1_000))
                .build();
    }

    @Override
    public Response historyGone(HistoryGone failure) {
        return Failures.response(Reply.text(
                        Status.GONE,
                        "The history of the document is kept from row " + failure.first() + " to row " + failure.head()
                                + "."))
                .build();
    }

    /** The last line: no call gets here whose method names the rights that it uses. */
    @Override
    public Response forbidden(Forbidden failure) {
        LOG.error(
                "A call was admitted without a right that it uses; the part that needs the right refused it: {}",
                failure.getMessage());
        return NeedsFilter.refusal(new Decision.Refused(Fault.FORBIDDEN));
    }

    @Override
    public Response otherLife(OtherLife failure) {
        return Failures.response(Reply.text(
                        Status.CONFLICT,
                        "The document was deleted or replaced: its epoch is " + failure.roomId()
                                + ". Nothing was done."))
                .header(DocumentCalls.EPOCH, failure.roomId())
                .build();
    }

    @Override
    public Response nameRefused(NameRefused failure) {
        return Failures.response(Reply.text(Status.BAD_REQUEST, failure.problem()))
                .build();
    }
}
