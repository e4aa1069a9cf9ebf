package io.keck.api;

import io.keck.api.DocumentCalls.Missing;
import io.keck.failure.Failure;
import io.keck.failure.RoomMissing;
import io.keck.http.ErrorPages;
import io.keck.thread.OutOfMemory;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.Response.ResponseBuilder;
import jakarta.ws.rs.core.Response.Status;
import jakarta.ws.rs.ext.ExceptionMapper;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The single place where exceptions become answers: a sentence, never a stack trace. Includes the refusals of Jersey
 * itself. Stateless.
 */
final class Failures implements ExceptionMapper<Throwable> {
    private static final Logger LOG = LoggerFactory.getLogger(Failures.class);
    private static final int UNPROCESSABLE = 422;
    private static final FailureAnswers ANSWERS = new FailureAnswers();
    private static final int SERVER_ERRORS = 500;

    Failures() {}

    @Override
    public Response toResponse(Throwable error) {
        return of(error);
    }

    /** The answer to an exception. */
    static Response of(Throwable error) {
        OutOfMemory.check(error);
        if (error instanceof Refusal refusal) {
            ResponseBuilder builder = response(refusal.reply());
            return refusal.reply().status() == Status.SERVICE_UNAVAILABLE.getStatusCode()
                    ? builder.header(HttpHeaders.RETRY_AFTER, "1").build()
                    : builder.build();
        }
        if (error instanceof Failure failure) {
            return failure.tell(ANSWERS);
        }
        if (error instanceof WebApplicationException web) {
            return ofJersey(web);
        }
        if (error instanceof IOException) {
            LOG.debug("A request was aborted by its client", error);
            return response(Reply.text(Status.BAD_REQUEST, "The request was aborted."))
                    .build();
        }
        return internal(error);
    }

    /** The answer to a failure of a call on a document; the resource determines the body for a missing document. */
    static Response of(Throwable error, String workspace, Missing missing) {
        return error instanceof RoomMissing ? response(missing.reply(workspace)).build() : of(error);
    }

    /** 500: an error of Keck, which goes to the log. */
    static Response internal(Throwable error) {
        LOG.error("Internal error while handling a request", error);
        return response(Reply.text(Status.INTERNAL_SERVER_ERROR, "Keck failed; its log says why."))
                .build();
    }

    /** 422: the idempotency key was used for a different request. */
    static Response keyTaken() {
        return response(Reply.text(
                        UNPROCESSABLE,
                        "This Idempotency-Key was used for a different request: method, path, query and body must"
                                + " be the same. Nothing was done."))
                .build();
    }

    /** 503; with {@code unknown}, the request may have been carried out nevertheless. */
    static Response unavailable(boolean unknown) {
        ResponseBuilder builder = response(Reply.text(Status.SERVICE_UNAVAILABLE, unavailableSentence(unknown)))
                .header(HttpHeaders.RETRY_AFTER, "1");
        return unknown ? builder.header("Keck-Outcome", "unknown").build() : builder.build();
    }

    /** The sentence of a 503. */
    static String unavailableSentence(boolean unknown) {
        return unknown
                ? "The database does not answer; the request may or may not have been carried out."
                : "The database does not answer; nothing was done.";
    }

    private static Response ofJersey(WebApplicationException error) {
        Response made = error.getResponse();
        if (made.hasEntity() || made.getStatus() < 400) {
            return made;
        }
        if (made.getStatus() >= SERVER_ERRORS) {
            LOG.error("Internal error while handling a request", error);
        }
        Reply reply = Reply.text(made.getStatus(), ErrorPages.sentence(made.getStatus(), null));
        return reply.into(Response.fromResponse(made)).build();
    }

    static ResponseBuilder response(Reply reply) {
        ResponseBuilder builder = Response.status(reply.status());
        return reply.into(builder);
    }
}
