package io.keck.api;

import io.keck.access.Grant;
import io.keck.blob.BlobStore;
import io.keck.failure.Failure;
import io.keck.failure.Unavailable;
import io.keck.metrics.BlobMetrics;
import io.keck.metrics.BlobMetrics.Refusal;
import io.keck.protocol.RoomName;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.Response.Status;
import jakarta.ws.rs.core.StreamingOutput;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Streams the body of a request into the store, with a few kilobytes in memory at a time. Thread-safe. */
final class BlobUploads {
    private static final int BUFFER = 32 << 10;
    /** The bytes, and the time, for which a refused body is still read, so that the client gets to the answer. */
    private static final long DRAIN_BYTES = 16 << 20;

    private static final long DRAIN_NANOS = 5_000_000_000L;

    private final BlobStore store;
    private final BlobLimits limits;
    private final BlobMetrics metrics;
    private final LongSupplier nanos;

    /** @param nanos a steady clock */
    BlobUploads(BlobStore store, BlobLimits limits, BlobMetrics metrics, LongSupplier nanos) {
        this.store = store;
        this.limits = limits;
        this.metrics = metrics;
        this.nanos = nanos;
    }

    /**
     * Stores the body of a request.
     *
     * @param lengthRequired whether a Content-Length is required
     * @param success the JSON of the answer
     */
    Response take(
            Grant grant,
            HttpServletRequest request,
            InputStream body,
            boolean lengthRequired,
            Function<BlobStore.Published, Object> success) {
        String workspace = grant.document();
        Optional<String> problem = RoomName.problem(workspace);
        if (problem.isPresent()) {
            return refuse(Status.BAD_REQUEST, problem.get(), body);
        }
        long declared = request.getContentLengthLong();
        if (!Bodies.isUnderstood(request.getHeader(HttpHeaders.CONTENT_ENCODING))) {
            return refuse(Status.UNSUPPORTED_MEDIA_TYPE, Bodies.UNKNOWN_ENCODING, body);
        }
        // the length of a compressed body is not that of the blob, and Jetty removes the header
        boolean decoded = request.getHeader(UnwantedBodyFilter.DECODED) != null;
        if (lengthRequired && declared < 0 && !decoded) {
            return refuse(Status.LENGTH_REQUIRED, "A Content-Length is required.", body);
        }
        if (declared > limits.maxSize()) {
            return tooLarge(body);
        }
        try (BlobStore.Upload upload = store.begin(grant)) {
            Response failure = copy(body, upload);
            return failure == null
                    ? Response.ok(
                                    success.apply(upload.publish(KeyFilter.key(request))),
                                    MediaType.APPLICATION_JSON_TYPE)
                            .build()
                    : failure;
        } catch (Failure e) {
            return e.tell(new BlobFailures(workspace) {
                @Override
                public Response unavailable(Unavailable failure) {
                    metrics.refused(Refusal.UNAVAILABLE);
                    return super.unavailable(failure);
                }
            });
        }
    }

    /** Copies the body; returns null if it was copied completely, otherwise the answer. */
    private @Nullable Response copy(InputStream body, BlobStore.Upload upload) {
        byte[] buffer = new byte[BUFFER];
        Pace pace = new Pace(nanos, limits.minRate());
        long size = 0;
        while (true) {
            int n;
            try {
                n = body.read(buffer);
            } catch (IOException | RuntimeException e) {
                return broken(e);
            }
            if (n < 0) {
                return null;
            }
            size += n;
            if (size > limits.maxSize()) {
                return tooLarge(body);
            }
            if (!pace.keptWith(n)) {
                return tooSlow();
            }
            upload.write(buffer, 0, n);
        }
    }

    private Response broken(Exception e) {
        if (Pace.isTimeout(e)) {
            return tooSlow();
        }
        boolean malformed = Pace.isMalformed(e);
        if (e instanceof RuntimeException unexpected && !malformed) {
            throw unexpected;
        }
        metrics.refused(Refusal.ABORTED);
        return malformed
                ? last(Status.BAD_REQUEST, "The body is malformed.")
                // the client is gone and cannot read a sentence
                : Response.status(Status.BAD_REQUEST)
                        .header("Connection", "close")
                        .build();
    }

    private Response tooSlow() {
        metrics.refused(Refusal.TOO_SLOW);
        return last(Status.REQUEST_TIMEOUT, "The body was sent too slowly.");
    }

    private Response tooLarge(InputStream body) {
        metrics.refused(Refusal.TOO_LARGE);
        return refuse(Status.REQUEST_ENTITY_TOO_LARGE, limits.tooLarge(), body);
    }

    /** An answer that closes its connection. */
    private static Response last(Status status, String sentence) {
        return Answers.text(status, sentence).header("Connection", "close").build();
    }

    /**
     * Answers before the end of the body. The connection is closed afterwards, but not at once: a client that is still
     * sending would see a broken connection and never read the answer.
     */
    private Response refuse(Status status, String sentence, InputStream body) {
        byte[] text = (sentence + "\n").getBytes(StandardCharsets.UTF_8);
        StreamingOutput answer = out -> {
            out.write(text);
            out.flush();
            drain(body);
        };
        return Answers.text(status, "")
                .entity(answer)
                .header("Content-Length", text.length)
                .header("Connection", "close")
                .build();
    }

    private void drain(InputStream body) {
        byte[] buffer = new byte[BUFFER];
        long until = nanos.getAsLong() + DRAIN_NANOS;
        try {
            long left = DRAIN_BYTES;
            while (left > 0 && nanos.getAsLong() < until) {
                int n = body.read(buffer);
                if (n < 0) {
                    return;
                }
                left -= n;
            }
        } catch (IOException | RuntimeException e) {
            // a client that is gone or sends malformed data waits for no answer
            if (e instanceof RuntimeException unexpected && !Pace.isMalformed(e)) {
                throw unexpected;
            }
        }
    }
}
