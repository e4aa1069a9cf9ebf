package io.keck.api;

import io.keck.http.ErrorPages;
import io.keck.room.Documents.KeyTakenException;
import io.keck.room.Documents.NameRefusedException;
import io.keck.room.Documents.QuarantinedException;
import io.keck.room.Documents.TooCostlyException;
import io.keck.room.Documents.TooLargeException;
import io.keck.room.Documents.TooLargeHereException;
import io.keck.room.Documents.UnavailableException;
import io.keck.room.RepeatedWarning;
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
 * The one place where what went wrong becomes an answer: a sentence, never a stack trace. Also takes what Jersey itself
 * refuses. Stateless.
 */
public final class Failures implements ExceptionMapper<Throwable> {
    private static final Logger LOG = LoggerFactory.getLogger(Failures.class);
    private static final int UNPROCESSABLE = 422;
    private static final RepeatedWarning UNAVAILABLE = new RepeatedWarning(LOG, () -> System.nanoTime() / 1_000_000);
    private static final int SERVER_ERRORS = 500;

    Failures() {}

    @Override
    public Response toResponse(Throwable error) {
        return of(error);
    }

    /** What is answered to a failure. */
    static Response of(Throwable error) {
        OutOfMemory.check(error);
        if (error instanceof Refusal refusal) {
            return response(refusal.reply()).build();
        }
        if (error instanceof UnavailableException unavailable) {
            UNAVAILABLE.warn("A request could not be carried out: " + unavailable.getMessage());
            return unavailable(unavailable.isOutcomeUnknown());
        }
        if (error instanceof QuarantinedException) {
            return response(Reply.text(
                            Status.SERVICE_UNAVAILABLE,
                            "What is stored of the workspace is damaged: it can be read, and not written until it is"
                                    + " repaired. Nothing was done."))
                    .header(HttpHeaders.RETRY_AFTER, "60")
                    .build();
        }
        if (error instanceof TooLargeException) {
            return response(Reply.text(Status.REQUEST_ENTITY_TOO_LARGE, error.getMessage() + " Nothing was done."))
                    .build();
        }
        if (error instanceof TooLargeHereException) {
            return response(Reply.text(Status.SERVICE_UNAVAILABLE, error.getMessage() + " Nothing was done."))
                    .header(HttpHeaders.RETRY_AFTER, "60")
                    .build();
        }
        if (error instanceof TooCostlyException costly) {
            return response(Reply.text(Status.SERVICE_UNAVAILABLE, error.getMessage() + " Nothing was done."))
                    .header(HttpHeaders.RETRY_AFTER, String.valueOf((costly.retryMillis() + 999) / 1_000))
                    .build();
        }
        if (error instanceof KeyTakenException) {
            return keyTaken();
        }
        if (error instanceof NameRefusedException refused) {
            return response(Reply.text(Status.BAD_REQUEST, String.valueOf(refused.getMessage())))
                    .build();
        }
        if (error instanceof WebApplicationException web) {
            return ofJersey(web);
        }
        if (error instanceof IOException) {
            LOG.debug("A request broke off", error);
            return response(Reply.text(Status.BAD_REQUEST, "The request broke off."))
                    .build();
        }
        LOG.error("Internal error while handling a request", error);
        return response(Reply.text(Status.INTERNAL_SERVER_ERROR, "Keck failed; its log says why."))
                .build();
    }

    /** 422: the key of the request was used for another one. */
    static Response keyTaken() {
        return response(Reply.text(
                        UNPROCESSABLE,
                        "This Idempotency-Key was used for another request: method, path, query and body have to be the"
                                + " same. Nothing was done."))
                .build();
    }

    /** 503; when {@code unknown}, it may have been carried out all the same. */
    static Response unavailable(boolean unknown) {
        ResponseBuilder builder = response(Reply.text(
                        Status.SERVICE_UNAVAILABLE,
                        unknown
                                ? "The database does not answer; perhaps it was done, perhaps not."
                                : "The database does not answer; nothing was done."))
                .header(HttpHeaders.RETRY_AFTER, "1");
        return unknown ? builder.header("Keck-Outcome", "unknown").build() : builder.build();
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
        return Response.fromResponse(made)
                .type(reply.type())
                .entity(reply.body())
                .build();
    }

    static ResponseBuilder response(Reply reply) {
        ResponseBuilder builder = Response.status(reply.status());
        return reply.type() == null ? builder : builder.type(reply.type()).entity(reply.body());
    }
}
