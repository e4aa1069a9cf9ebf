package io.keck.api;

import io.keck.crdt.Doc;
import io.keck.crdt.lib0.JsonValue;
import io.keck.room.Reading;
import jakarta.ws.rs.core.Response.ResponseBuilder;
import jakarta.ws.rs.core.Response.Status;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * An answer. Values of a document may be read only on the document's thread, so they are written to JSON there
 * ({@link #reading}).
 *
 * @param type the media type of the body; null if there is none
 */
record Reply(int status, @Nullable String type, Body body) {
    private static final String JSON = "application/json";
    private static final String HTML = "text/html";
    private static final byte[] NOTHING = {};

    /** The body of an answer. */
    sealed interface Body {}

    /** Bytes in memory: few, or without room anywhere else. */
    record Bytes(byte[] bytes) implements Body {}

    /** Bytes in a file. */
    record Spooled(Spool spool) implements Body {}

    /** A value that is not written yet; see {@link JsonText}. */
    record Value(@Nullable Object value) implements Body {}

    private Reply(int status, @Nullable String type, byte[] body) {
        this(status, type, new Bytes(body));
    }

    /** 200 with a value as JSON; see {@link JsonText}. */
    static Reply json(@Nullable Object value) {
        return json(Status.OK, value);
    }

    static Reply json(Status status, @Nullable Object value) {
        return new Reply(status.getStatusCode(), JSON, new Value(value));
    }

    /** JSON that is already written. */
    static Reply json(int status, Spool spool) {
        byte[] few = spool.bytes();
        return new Reply(status, JSON, few == null ? new Spooled(spool) : new Bytes(few));
    }

    /** A sentence as plain text. */
    static Reply text(int status, String sentence) {
        return new Reply(status, "text/plain;charset=utf-8", sentence.getBytes(StandardCharsets.UTF_8));
    }

    static Reply text(Status status, String sentence) {
        return text(status.getStatusCode(), sentence);
    }

    /** Bytes in memory. */
    static Reply bytes(byte[] body) {
        return new Reply(200, "application/octet-stream", body);
    }

    /** Bytes that were written. */
    static Reply bytes(Spool spool) {
        byte[] few = spool.bytes();
        return new Reply(200, "application/octet-stream", few == null ? new Spooled(spool) : new Bytes(few));
    }

    /** Bytes of a media type that were written. */
    static Reply of(String type, Spool spool) {
        byte[] few = spool.bytes();
        return new Reply(200, type, few == null ? new Spooled(spool) : new Bytes(few));
    }

    /** A status without a body. */
    static Reply empty(Status status) {
        return new Reply(status.getStatusCode(), null, NOTHING);
    }

    /** 404 with a sentence in the form of OctoBase's Keck, the name quoted as a JSON string. */
    static Reply notFound(String kind, String name) {
        return text(Status.NOT_FOUND, kind + "(" + JsonValue.write(name) + ") not found");
    }

    /** Returns a reading that writes the value of this answer. */
    Reading<Reply> reading(Doc doc, Spool spool) {
        return body instanceof Value value ? new JsonReading(doc, status, value.value, spool) : Reading.of(this);
    }

    /** Puts type and body into an answer. */
    ResponseBuilder into(ResponseBuilder answer) {
        if (type == null) {
            return answer;
        }
        answer.type(type);
        if (type.startsWith(HTML)) {
            // what people wrote is shown and never run, even where it is opened as a page of this server
            answer.header("Content-Security-Policy", "sandbox; default-src 'none'; img-src * data:");
        }
        if (body instanceof Bytes few) {
            return answer.entity(few.bytes);
        }
        if (body instanceof Spooled many) {
            return answer.header("Content-Length", many.spool.size()).entity(many.spool);
        }
        return answer.entity(JsonText.of(((Value) body).value));
    }

    /** Releases the body after it was sent, or instead of sending it. */
    void close() {
        if (body instanceof Spooled many) {
            many.spool.close();
        }
    }
}
