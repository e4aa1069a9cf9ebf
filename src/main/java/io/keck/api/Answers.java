package io.keck.api;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.Response.ResponseBuilder;
import jakarta.ws.rs.core.Response.Status;

/** Answers that several resources share. */
final class Answers {
    private static final MediaType TEXT = MediaType.TEXT_PLAIN_TYPE.withCharset("utf-8");

    private Answers() {}

    /** A status with a sentence that gives the reason. */
    static ResponseBuilder text(Status status, String sentence) {
        return Response.status(status).type(TEXT).entity(sentence + "\n");
    }

    /** 404 with a sentence in the form of OctoBase's Keck, the name quoted as a JSON string. */
    static Response notFound(String kind, String name) {
        String quoted = new String(JsonStringEncoder.getInstance().quoteAsString(name));
        return Response.status(Status.NOT_FOUND)
                .type(TEXT)
                .entity(kind + "(\"" + quoted + "\") not found")
                .build();
    }
}
