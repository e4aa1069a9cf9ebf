package io.keck.api;

import io.keck.api.DocumentCalls.Missing;
import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.store.Update;
import io.keck.crdt.store.UpdateV2;
import io.keck.failure.Unavailable;
import io.keck.room.Documents.Answer;
import io.keck.room.RequestKey;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response.Status;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Updates in the bodies of requests: how they are read, merged into a document and answered. Thread-safe. */
final class BroughtContent {
    /** The media type of an update in wire format V2; every other body is one in V1. */
    static final MediaType V2 = new MediaType("application", "vnd.yjs.v2");

    /** Seconds that an update may take to be committed; a later commit is answered with an unknown outcome. */
    private static final long SECONDS = 30;

    private static final int UNPROCESSABLE = 422;

    private final DocumentCalls calls;

    BroughtContent(DocumentCalls calls) {
        this.calls = calls;
    }

    /** Reads an update in the format that its media type names; refuses a malformed one with 422. */
    Update read(HttpHeaders headers, InputStream body) throws IOException {
        MediaType type = headers.getMediaType();
        return read(headers, body, type != null && type.isCompatible(V2) && !type.isWildcardType());
    }

    /** Reads an update in V1, whatever media type it has. */
    Update readV1(HttpHeaders headers, InputStream body) throws IOException {
        return read(headers, body, false);
    }

    private Update read(HttpHeaders headers, InputStream body, boolean isV2) throws IOException {
        byte[] bytes = calls.bodies().update(headers, body);
        try {
            return isV2 ? UpdateV2.decode(bytes) : Update.decode(bytes);
        } catch (DecodeException e) {
            throw new Refusal(Reply.text(
                    UNPROCESSABLE,
                    "The body is not a Yjs update in " + (isV2 ? "V2" : "V1") + ": " + e.getMessage() + "."));
        }
    }

    /** Merges an update: 204 once all of it is committed, 409 where a part was not taken. */
    void merge(
            Call call, Update update, long epoch, @Nullable RequestKey key, Missing missing, AsyncResponse response) {
        String name = call.workspace();
        CompletionStage<Answer<Boolean>> merged = calls.documents()
                .update(call.grant(), update, call.allowance(), epoch, key)
                .orTimeout(SECONDS, TimeUnit.SECONDS)
                .exceptionally(BroughtContent::given);
        calls.finish(response, name, missing, merged.thenApply(BroughtContent::merged));
    }

    private static Answer<Boolean> given(Throwable error) {
        Throwable cause = DocumentCalls.cause(error);
        if (cause instanceof TimeoutException) {
            throw new Unavailable("the update was not committed in time", true);
        }
        throw cause instanceof RuntimeException known ? known : new IllegalStateException(cause);
    }

    private static Answer<Reply> merged(Answer<Boolean> merged) {
        if (!merged.value()) {
            throw new Refusal(
                    Status.CONFLICT,
                    "A part of the update was not applied: it deletes content that the document does not have, or has other"
                            + " content under ids that the document has. Read the document and create the update from its"
                            + " current state.");
        }
        return new Answer<>(Reply.empty(Status.NO_CONTENT), merged.roomId(), merged.seq(), merged.stale());
    }
}
