package io.keck.api;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import io.keck.failure.Unavailable;
import io.keck.room.RepeatedWarning;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response.ResponseBuilder;
import jakarta.ws.rs.core.Response.Status;
import jakarta.ws.rs.core.Response;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers that all resources give. */
final class Answers {
    private static final MediaType TEXT = MediaType.TEXT_PLAIN_TYPE.withCharset("utf-8");

    private static final Logger LOG = LoggerFactory.getLogger(Answers.class);
    private static final RepeatedWarning UNAVAILABLE = new RepeatedWarning(LOG, () -> System.nanoTime() / 1_000_000);

    private Answers() {}

    /** A status with a sentence that says why. */
    static ResponseBuilder text(Status status, String sentence) {
        return Response.status(status).type(TEXT).entity(sentence + "\n");
    }

    /** The database does not do its part. */
    static Response unavailable(Unavailable e) {
        UNAVAILABLE.warn("A blob could not be stored, read or deleted: " + e.getMessage());
        ResponseBuilder answer = text(
                        Status.SERVICE_UNAVAILABLE,
                        e.isOutcomeUnknown()
                                ? "The database does not answer; perhaps it was done, perhaps not."
                                : "The database does not answer; nothing was done.")
                .header("Retry-After", "1");
        return e.isOutcomeUnknown() ? answer.header("Keck-Outcome", "unknown").build() : answer.build();
    }

    /** 404 with a sentence as Keck writes it, the name quoted as a JSON string. */
    static Response notFound(String kind, String name) {
        String quoted = new String(JsonStringEncoder.getInstance().quoteAsString(name));
        return Response.status(Status.NOT_FOUND)
                .type(TEXT)
                .entity(kind + "(\"" + quoted + "\") not found")
                .build();
    }
}
