package io.keck.api;

import io.keck.access.Grant;
import io.keck.access.Needs;
import io.keck.access.Right;
import io.keck.api.DocumentCalls.Missing;
import io.keck.crdt.Doc;
import io.keck.failure.Unavailable;
import io.keck.feed.Authorship;
import io.keck.feed.BlockHistory;
import io.keck.feed.ChangeLog;
import io.keck.feed.ChangeLog.Authors;
import io.keck.feed.Histories;
import io.keck.room.Documents.Answer;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** The history of a workspace. Thread-safe. */
@Path("/block/{workspace}/history")
public final class HistoryResource {
    /** How often a document is read whose rows arrive faster than their authors can be read. */
    private static final int ATTEMPTS = 3;

    private final DocumentCalls calls;
    private final ChangeLog log;
    private final Executor waiting;

    /** @param waiting runs tasks that wait for the database */
    HistoryResource(DocumentCalls calls, ChangeLog log, Executor waiting) {
        this.calls = calls;
        this.log = log;
        this.waiting = waiting;
    }

    /**
     * Lists changes by client and clock, of one client or (0, or none) of all; with {@code by}, only changes that one
     * principal made, and deletions of that principal's content.
     */
    @Needs({Right.READ, Right.HISTORY})
    @GET
    public void get(
            @BeanParam Call call,
            @QueryParam("client") @Nullable String client,
            @QueryParam("by") @Nullable String by,
            @QueryParam("skip") @Nullable String skip,
            @QueryParam("limit") @Nullable String limit,
            @Suspended AsyncResponse response) {
        long of = Parameters.wholeNumber("client", client, 0);
        long leaveOut = Parameters.wholeNumber("skip", skip, 0);
        long atMost = Parameters.wholeNumber("limit", limit, Long.MAX_VALUE);
        Question question =
                new Question(call.grant(), call.isLocal(), call.address(), of == 0 ? null : of, by, leaveOut, atMost);
        calls.finish(response, question.grant.document(), Missing.SENTENCE, answer(question, 1));
    }

    /** The parameters of a request, kept because the request object is gone once it is answered. */
    private record Question(
            Grant grant,
            boolean local,
            String address,
            @Nullable Long client,
            @Nullable String by,
            long skip,
            long limit) {}

    /** The known authors of a room; {@code stale} if they could not be read. */
    private record Known(long roomId, Authors authors, boolean stale) {}

    /**
     * Reads the authors and then the document. Rows committed in between would have no known author, so both are read
     * again in that case; after the last attempt the answer is marked stale.
     */
    private CompletionStage<Answer<Reply>> answer(Question asked, int attempt) {
        return calls.documents()
                .read(asked.grant, asked.local, Doc::clientId)
                .thenApplyAsync(at -> known(at.roomId(), asked), waiting)
                .thenCompose(
                        known -> calls.read(asked.grant, asked.local, asked.address, doc -> reply(doc, asked, known))
                                .thenCompose(answer -> settled(answer, known, asked, attempt)));
    }

    private CompletionStage<Answer<Reply>> settled(Answer<Reply> answer, Known known, Question asked, int attempt) {
        boolean isWhole = answer.roomId() == known.roomId && answer.seq() <= known.authors.seq();
        if (!isWhole && !known.stale && attempt < ATTEMPTS) {
            answer.value().close();
            return answer(asked, attempt + 1);
        }
        boolean stale = answer.stale() || known.stale || !isWhole;
        return CompletableFuture.completedStage(new Answer<>(answer.value(), answer.roomId(), answer.seq(), stale));
    }

    private Known known(long roomId, Question asked) {
        try {
            return new Known(roomId, log.authorship(roomId), false);
        } catch (Unavailable e) {
            if (asked.by != null) {
                throw e;
            }
            // the content is complete, and the header says that authors may be missing
            return new Known(roomId, new Authors(new Authorship<>(), 0), true);
        }
    }

    private static Reply reply(Doc doc, Question asked, Known known) {
        Iterator<List<BlockHistory>> changes = Histories.of(
                doc, asked.grant.document(), asked.client, known.authors.ranges(), asked.by, asked.skip, asked.limit);
        Iterable<Object> json = () -> new Iterator<>() {
            @Override
            public boolean hasNext() {
                return changes.hasNext();
            }

            @Override
            public Object next() {
                StringBuilder out = new StringBuilder();
                for (BlockHistory change : changes.next()) {
                    out.append(out.length() == 0 ? "" : ",");
                    change.writeTo(out);
                }
                return new JsonText.Raw(out.toString());
            }
        };
        return Reply.json(json);
    }
}
