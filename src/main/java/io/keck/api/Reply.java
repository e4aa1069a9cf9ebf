package io.keck.api;

import io.keck.crdt.lib0.JsonValue;
import jakarta.ws.rs.core.Response.Status;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * What is answered: bytes, so that nothing of a document leaves the thread that may read it.
 *
 * @param type the media type of the body; null when there is none
 */
record Reply(int status, @Nullable String type, byte[] body) {
    private static final byte[] NOTHING = {};

    /** 200 with a value as JSON; see {@link JsonText}. */
    static Reply json(@Nullable Object value) {
        return json(Status.OK, value);
    }

    static Reply json(Status status, @Nullable Object value) {
        return new Reply(status.getStatusCode(), "application/json", JsonText.of(value));
    }

    /** A sentence in plain text. */
    static Reply text(int status, String sentence) {
        return new Reply(status, "text/plain;charset=utf-8", sentence.getBytes(StandardCharsets.UTF_8));
    }

    static Reply text(Status status, String sentence) {
        return text(status.getStatusCode(), sentence);
    }

    static Reply bytes(byte[] body) {
        return new Reply(200, "application/octet-stream", body);
    }

    /** A status without a body. */
    static Reply empty(Status status) {
        return new Reply(status.getStatusCode(), null, NOTHING);
    }

    /** 404 with a sentence as Keck writes it, the name quoted as a JSON string. */
    static Reply notFound(String kind, String name) {
        return text(Status.NOT_FOUND, kind + "(" + JsonValue.write(name) + ") not found");
    }
}
