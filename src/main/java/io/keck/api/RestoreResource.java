package io.keck.api;

import io.keck.access.Allowance;
import io.keck.access.Author;
import io.keck.access.Grant;
import io.keck.access.Needs;
import io.keck.access.Right;
import io.keck.api.DocumentCalls.Missing;
import io.keck.crdt.Doc;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.StateVector;
import io.keck.crdt.store.StructRows;
import io.keck.crdt.store.Update;
import io.keck.failure.Unavailable;
import io.keck.heap.AddressShares;
import io.keck.history.RestoreRequest;
import io.keck.history.Restorer;
import io.keck.room.Documents.Answer;
import io.keck.room.RequestKey;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response.Status;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Restores an earlier state of a document, a root or a block, or reverts changes, with an edit that clients receive like any
 * other. The edit is prepared beside the room and then committed. Thread-safe.
 */
@Path("/documents/{document}/restore")
public final class RestoreResource {
    /** Restorations that are being prepared or wait for a thread: of all addresses, and of one. */
    private static final int PLACES = 16;

    private static final int PLACES_PER_ADDRESS = 4;

    private final DocumentCalls calls;
    private final DocumentHistory history;
    private final Restorer restorer;
    private final AddressShares places = new AddressShares(PLACES, PLACES_PER_ADDRESS);

    RestoreResource(DocumentHistory history) {
        this.calls = history.calls();
        this.history = history;
        this.restorer =
                new Restorer(history.reader(), BlockFinder::find, history.work().maxSteps());
    }

    /** The parts of a request that are needed after the call of the resource has returned. */
    private record Asked(
            RestoreBody body,
            Grant grant,
            Allowance allowance,
            @Nullable RequestKey key,
            String address) {}

    /** A restoration that is prepared and not committed. */
    private record Made(RestoreRequest request, Restorer.Prepared prepared, Restorer.Now now) {}

    /** Restores or reverts; with {@code preview}, only answers what would change. */
    @Needs(
            value = {Right.READ, Right.WRITE, Right.HISTORY},
            audited = "restored")
    @POST
    public void restore(
            @BeanParam Call call,
            @Context HttpHeaders headers,
            @Context HttpServletRequest request,
            InputStream in,
            @Suspended AsyncResponse response)
            throws IOException {
        RestoreBody body = RestoreBody.of(calls.bodies().json(headers, in));
        if (body.preview()) {
            NeedsFilter.unaudited(request);
        }
        Asked asked = new Asked(body, call.grant(), call.allowance(), call.key(), call.address());
        if (places.enter(asked.address) != AddressShares.Answer.TAKEN) {
            throw new Unavailable("too many restorations are being prepared, please try again", false);
        }
        AtomicBoolean isLeft = new AtomicBoolean();
        CompletionStage<Answer<Reply>> answer = prepared(asked)
                .whenComplete((made, error) -> {
                    if (isLeft.compareAndSet(false, true)) {
                        places.leave(asked.address);
                    }
                })
                .thenCompose(made -> {
                    NeedsFilter.audit(request, made.request.note());
                    return body.preview() ? previewed(made) : carriedOut(asked, made);
                });
        calls.finish(response, call.workspace(), Missing.DOCUMENT, answer);
    }

    private CompletionStage<Made> prepared(Asked asked) {
        return calls.state(asked.grant).thenCompose(state -> {
            if (state.stale()) {
                throw new Unavailable("the database does not answer", false);
            }
            return history.work().run(asked.grant.document(), asked.address, means -> made(asked, state, means));
        });
    }

    private Made made(Asked asked, Answer<byte[]> state, HistoryWork.Means means) {
        Restorer.Now now = new Restorer.Now(asked.grant.document(), state.roomId(), state.seq(), state.value());
        RestoreRequest request = asked.body.rows(history.moments(), now.roomId(), now.seq());
        try {
            return new Made(request, restorer.prepare(now, request, means::reserve), now);
        } catch (Restorer.NotThereException e) {
            throw e.isHomeless()
                    ? new Refusal(
                            Status.CONFLICT,
                            "What contained the block is deleted; restore the root or the whole document.")
                    : new Refusal(Status.NOT_FOUND, "There was no such root or block at that moment.");
        }
    }

    private static CompletionStage<Answer<Reply>> previewed(Made made) {
        return CompletableFuture.completedStage(new Answer<>(
                Reply.json(RestoreAnswer.json(made.request, made.prepared, true, false)),
                made.now.roomId(),
                made.now.seq(),
                false));
    }

    private CompletionStage<Answer<Reply>> carriedOut(Asked asked, Made made) {
        byte[] bytes = made.prepared.update();
        Update update = bytes == null ? Update.EMPTY : Update.decode(bytes, DecodeLimits.OWN);
        return calls.documents()
                .write(
                        asked.grant.noting(Author.RESTORE_OF, made.request.note()),
                        asked.key,
                        doc -> edit(doc, made.prepared.basedOn(), update, asked.allowance),
                        doc -> Reply.json(
                                RestoreAnswer.json(made.request, made.prepared, false, !contains(doc, update))));
    }

    /** Whether a document has the change; false if the request was carried out before, under the same key. */
    private static boolean contains(Doc doc, Update update) {
        StateVector known = doc.stateVector();
        StructRows rows = update.rows();
        for (int row = 0; row < rows.count(); row++) {
            if (known.clock(rows.client(row)) < rows.end(row)) {
                return false;
            }
        }
        return true;
    }

    private static void edit(Doc doc, StateVector basedOn, Update update, Allowance allowance) {
        StateVector known = doc.stateVector();
        boolean isSame = basedOn.asMap().entrySet().stream()
                .allMatch(client -> known.clock(client.getKey()) >= client.getValue());
        if (!isSame) {
            throw new Refusal(Status.CONFLICT, "The document was deleted or replaced meanwhile. Nothing was done.");
        }
        if (update.isEmpty()) {
            return;
        }
        doc.applyUpdate(update, null);
        if (allowance.maxDocument() != Long.MAX_VALUE && update.rows().count() > 0) {
            DocumentCalls.checkSize(allowance, doc.encodeStateAsUpdate().length);
        }
    }
}
