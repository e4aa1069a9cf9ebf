package io.keck.api;

import io.keck.access.Grant;
import io.keck.api.ByteRange.Asked;
import io.keck.api.ByteRange.Kind;
import io.keck.blob.BlobId;
import io.keck.blob.BlobStore;
import io.keck.blob.BlobStore.Blob;
import io.keck.failure.Failure;
import io.keck.failure.Unavailable;
import io.keck.metrics.BlobMetrics;
import io.keck.protocol.RoomName;
import io.keck.room.RepeatedWarning;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.Response.ResponseBuilder;
import jakarta.ws.rs.core.Response.Status;
import jakarta.ws.rs.core.StreamingOutput;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Objects;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.eclipse.jetty.io.EofException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers GET and HEAD for a blob: conditions first, then a range. The bytes are read from the store one piece at a
 * time, and no database connection is held while the client reads them. Thread-safe.
 *
 * <p>The bytes are untrusted: the headers make browsers download a blob instead of sniffing its type and showing it,
 * and would sandbox it if it were shown.
 */
final class BlobDownloads {
    private static final Logger LOG = LoggerFactory.getLogger(BlobDownloads.class);
    private static final RepeatedWarning UNAVAILABLE = new RepeatedWarning(LOG, () -> System.nanoTime() / 1_000_000);
    private static final int SLICE = 32 << 10;

    private final BlobStore store;
    private final BlobLimits limits;
    private final BlobMetrics metrics;
    private final LongSupplier nanos;

    /** @param nanos a steady clock */
    BlobDownloads(BlobStore store, BlobLimits limits, BlobMetrics metrics, LongSupplier nanos) {
        this.store = store;
        this.limits = limits;
        this.metrics = metrics;
        this.nanos = nanos;
    }

    /** The work of a handler for a valid workspace name and a well-formed blob id. */
    interface Work {
        Response on(BlobId id);
    }

    /** Runs the work; answers 400 for an invalid name, 404 for a malformed id, 503 if the database does not answer. */
    static Response checked(String workspace, String id, Work work) {
        Optional<String> problem = RoomName.problem(workspace);
        if (problem.isPresent()) {
            return Answers.text(Status.BAD_REQUEST, problem.get()).build();
        }
        try {
            return BlobId.parse(id).map(work::on).orElseGet(BlobDownloads::notFound);
        } catch (Failure e) {
            return e.tell(new BlobFailures(workspace));
        }
    }

    /** 404 that may not be cached, because the blob may be uploaded at any moment. */
    static Response notFound() {
        return Response.status(Status.NOT_FOUND)
                .header("Cache-Control", "no-store")
                .build();
    }

    /**
     * Answers a GET or HEAD.
     *
     * @param caching the {@code Cache-Control} of a found blob
     */
    Response get(Grant grant, String name, HttpServletRequest request, String caching) {
        return checked(
                grant.document(),
                name,
                id -> store.find(grant, id)
                        .map(blob -> found(blob, request, caching))
                        .orElseGet(() -> request.getMethod().equals("HEAD")
                                // otherwise Jersey would invent a type
                                ? Response.fromResponse(notFound())
                                        .type(MediaType.TEXT_PLAIN_TYPE)
                                        .build()
                                : notFound()));
    }

    private Response found(Blob blob, HttpServletRequest request, String caching) {
        String tag = blob.id().text();
        Conditions conditions = new Conditions(request::getHeader, tag, blob.storedAt());
        if (conditions.failed()) {
            return described(Response.status(Status.PRECONDITION_FAILED), blob, caching)
                    .build();
        }
        if (conditions.notModified()) {
            return described(Response.notModified(), blob, caching)
                    .header("Content-Length", blob.size()) // otherwise Jetty would set it to 0
                    .build();
        }
        boolean head = request.getMethod().equals("HEAD");
        boolean ranged = !head && conditions.rangeCounts();
        Asked asked = ByteRange.parse(ranged ? request.getHeader("Range") : null, blob.size());
        if (asked.kind() == Kind.UNSATISFIABLE) {
            return Answers.text(Status.REQUESTED_RANGE_NOT_SATISFIABLE, "The blob has " + blob.size() + " bytes.")
                    .header("Content-Range", "bytes */" + blob.size())
                    .build();
        }
        boolean part = asked.kind() == Kind.PART;
        ByteRange range = part ? Objects.requireNonNull(asked.range()) : new ByteRange(0, blob.size() - 1);
        ResponseBuilder answer = described(
                        part ? Response.status(Status.PARTIAL_CONTENT) : Response.ok(), blob, caching)
                .header("Accept-Ranges", "bytes")
                .header("Content-Length", range.length())
                .header("X-Content-Type-Options", "nosniff")
                .header("Content-Security-Policy", "default-src 'none'; sandbox")
                .header("Content-Disposition", "attachment");
        if (part) {
            answer.header("Content-Range", "bytes " + range.first() + '-' + range.last() + '/' + blob.size());
        }
        if (head) {
            return answer.build();
        }
        return range.length() == 0
                ? answer.entity(new byte[0]).build()
                : answer.entity(body(blob, range)).build();
    }

    private static ResponseBuilder described(ResponseBuilder answer, Blob blob, String caching) {
        return answer.header("ETag", '"' + blob.id().text() + '"')
                .header("Last-Modified", Conditions.date(blob.storedAt()))
                .header("Cache-Control", caching)
                .type(MediaType.APPLICATION_OCTET_STREAM_TYPE);
    }

    /** Reads the first piece now, while the answer can still be an error. */
    private StreamingOutput body(Blob blob, ByteRange range) {
        byte[] first = store.read(blob, range.first() / blob.pieceSize());
        return out -> {
            try {
                send(out, blob, range, first);
                metrics.downloaded(range.length());
            } catch (IOException e) {
                metrics.downloadAborted();
                throw e;
            } catch (Unavailable e) {
                metrics.downloadAborted();
                UNAVAILABLE.warn("The rest of a blob cannot be read; aborting the connection: " + e.getMessage());
                throw new EofException(e);
            }
        };
    }

    private void send(OutputStream out, Blob blob, ByteRange range, byte[] first) throws IOException {
        Pace pace = new Pace(nanos, limits.minRate());
        byte[] piece = first;
        long at = range.first();
        while (true) {
            int offset = (int) (at % blob.pieceSize());
            int end = (int) Math.min(piece.length, offset + range.last() + 1 - at);
            for (int from = offset; from < end; from += SLICE) {
                int n = Math.min(SLICE, end - from);
                out.write(piece, from, n);
                if (!pace.keptWith(n)) {
                    throw new EofException("the client reads the blob too slowly");
                }
            }
            at += end - offset;
            if (at > range.last()) {
                return;
            }
            piece = store.read(blob, at / blob.pieceSize());
        }
    }
}
