package io.keck.api;

import io.keck.access.Allowance;
import io.keck.access.Grant;
import io.keck.crdt.Doc;
import io.keck.crdt.lib0.Spill;
import io.keck.crdt.store.StateVector;
import io.keck.crdt.store.StructStore;
import io.keck.failure.Refused;
import io.keck.failure.RoomMissing;
import io.keck.failure.Unavailable;
import io.keck.heap.HeapLedger;
import io.keck.room.Documents;
import io.keck.room.Documents.Answer;
import io.keck.room.Exports;
import io.keck.room.Reading;
import io.keck.room.RequestKey;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.CompletionCallback;
import jakarta.ws.rs.core.Response;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Passes calls to the documents of rooms, and answers to clients. The given executor writes answers, because the
 * threads of documents must not wait for a client. Thread-safe.
 */
final class DocumentCalls {
    /** The header with the epoch of a document: the room id of its life. */
    static final String EPOCH = "Keck-Epoch";

    /** Seconds after which a call is aborted that nothing else has ended. */
    private static final long LAST_RESORT_SECONDS = 120;

    private final Documents documents;
    private final Executor writers;
    private final Bodies bodies;
    private final HeapLedger ledger;
    private final Spools spools;
    private final Exports exports;

    /**
     * Creates the calls of a node.
     *
     * @param ledger the ledger of the heap, by which readings of large documents wait for their turn
     * @param spools the files of large answers
     * @param exports threads that write whole documents down
     */
    DocumentCalls(
            Documents documents, Executor writers, Bodies bodies, HeapLedger ledger, Spools spools, Exports exports) {
        this.exports = exports;
        this.ledger = ledger;
        this.spools = spools;
        this.documents = documents;
        this.writers = writers;
        this.bodies = bodies;
    }

    Documents documents() {
        return documents;
    }

    Bodies bodies() {
        return bodies;
    }

    /** The body of the answer if there is no such workspace. */
    enum Missing {
        SENTENCE,
        EMPTY,
        /** A sentence that speaks of a document. */
        DOCUMENT;

        Reply reply(String name) {
            return switch (this) {
                case EMPTY -> Reply.empty(Response.Status.NOT_FOUND);
                case SENTENCE -> Reply.notFound("Workspace", name);
                case DOCUMENT -> Reply.notFound("Document", name);
            };
        }
    }

    /**
     * Answers from the document; the reader must not change it and may throw a {@link Refusal}. A refusal carries the
     * same position and warning headers as any other answer, because "not found" may be stale, too.
     */
    void read(AsyncResponse response, Call call, Missing missing, Function<Doc, Reply> reader) {
        String workspace = call.workspace();
        boolean local = call.isLocal();
        finish(response, workspace, missing, read(call, local, reader));
    }

    /**
     * Refuses a call on a root whose body has the wrong shape. The document is looked up first, because a missing document
     * and a root of another type are more helpful answers.
     */
    void refused(AsyncResponse response, Call call, NamedTypes type, Reply refusal) {
        String root = call.root();
        read(response, call, Missing.SENTENCE, doc -> {
            type.find(doc, root);
            return refusal;
        });
    }

    /** Reads a result that may be as large as the document. */
    CompletionStage<Answer<Reply>> read(Call call, boolean local, Function<Doc, Reply> reader) {
        return read(call.grant(), local, call.address(), reader);
    }

    /**
     * As the other {@code read}, for use after the request object is gone.
     *
     * @param address the address of the client
     */
    CompletionStage<Answer<Reply>> read(Grant grant, boolean local, String address, Function<Doc, Reply> reader) {
        return turn(grant.document())
                .thenCompose(now ->
                        documents.readInParts(grant, local, doc -> reading(doc, answered(doc, reader), address)));
    }

    /** Takes the address as a value, because the request object is gone once it is answered. */
    private Reading<Reply> reading(Doc doc, Reply reply, String address) {
        return reply.reading(doc, spools.open(address));
    }

    /**
     * Answers with the whole document as an update.
     *
     * @param format writes the update in pieces, and returns their order
     */
    CompletionStage<Answer<Reply>> export(Call call, BiFunction<StructStore, Spill, long[]> format) {
        Grant grant = call.grant();
        String address = call.address();
        return turn(grant.document())
                .thenCompose(now -> documents.export(grant, exports, store -> written(store, format, address)));
    }

    /** The whole document as an update in V1, in memory; once the node has memory for it. */
    CompletionStage<Answer<byte[]>> state(Grant grant) {
        return turn(grant.document()).thenCompose(now -> documents.export(grant, exports, StructStore::encode));
    }

    private Reply written(StructStore store, BiFunction<StructStore, Spill, long[]> format, String address) {
        Spool spool = spools.open(address);
        boolean isDone = false;
        try {
            Reply reply = Reply.bytes(spool.inOrder(format.apply(store, spool)));
            isDone = true;
            return reply;
        } finally {
            if (!isDone) {
                spool.close();
            }
        }
    }

    /**
     * Bytes that are in memory already. While the client reads them they are in a file, if there is space for it; otherwise they stay
     * in memory, because a request that was carried out must not be answered with a failure.
     */
    Reply bytes(byte[] bytes, String address) {
        Spool spool = spools.open(address);
        try {
            spool.write(bytes, bytes.length);
            return Reply.bytes(spool);
        } catch (Refusal noRoom) {
            spool.close();
            return Reply.bytes(bytes);
        }
    }

    /** Creates the workspace if there is none, and reads it. */
    CompletionStage<Answer<Reply>> create(Call call, Function<Doc, Reply> reader) {
        return create(call.grant(), call.key(), call.address(), reader);
    }

    /** Creates a workspace that the path does not name, if it does not exist, and reads it. */
    CompletionStage<Answer<Reply>> create(
            Grant grant, @Nullable RequestKey key, String address, Function<Doc, Reply> reader) {
        return settled(documents.createInParts(grant, key, doc -> reading(doc, reader.apply(doc), address)));
    }

    /** Waits until the node has memory for an answer that may be as large as the document. */
    CompletionStage<@Nullable Void> turn(String workspace) {
        return ledger.turn(ledger.ofRoom(workspace));
    }

    private static Reply answered(Doc doc, Function<Doc, Reply> reader) {
        try {
            return reader.apply(doc);
        } catch (Refusal refusal) {
            return refusal.reply();
        }
    }

    /**
     * Edits the document in one transaction and answers after the commit; the edit may throw a {@link Refusal}. JSON
     * numbers become ints or float64.
     *
     * @param afterwards makes the answer; if it throws a {@link Refusal} because others have removed the content
     *     meanwhile, the answer is 204, as the edit was made
     */
    void write(
            AsyncResponse response, Call call, Missing missing, Consumer<Doc> edit, Function<Doc, Reply> afterwards) {
        String workspace = call.workspace();
        String address = call.address();
        Allowance allowance = call.allowance();
        finish(
                response,
                workspace,
                missing,
                documents.writeInParts(
                        call.grant(),
                        call.key(),
                        doc -> edit(doc, edit, allowance),
                        doc -> reading(doc, shown(doc, afterwards), address)));
    }

    private static Reply shown(Doc doc, Function<Doc, Reply> afterwards) {
        try {
            return afterwards.apply(doc);
        } catch (Refusal nothingToShow) {
            return Reply.empty(Response.Status.NO_CONTENT);
        }
    }

    /**
     * Runs the edit, and encodes the document if its size is limited, which costs no more than that limit allows. An
     * edit that only deletes is always possible; it leaves the state vector unchanged.
     */
    private static void edit(Doc doc, Consumer<Doc> edit, Allowance allowance) {
        if (allowance.maxDocument() == Long.MAX_VALUE) {
            edit(doc, edit);
            return;
        }
        StateVector before = doc.stateVector();
        edit(doc, edit);
        if (!before.equals(doc.stateVector())) {
            checkSize(allowance, doc.encodeStateAsUpdate().length);
        }
    }

    /** Refuses an edit that would make a document larger than the limit of the call's grant. */
    static void checkSize(Allowance allowance, long bytes) {
        if (bytes > allowance.maxDocument()) {
            throw new Refusal(Reply.text(
                    Response.Status.REQUEST_ENTITY_TOO_LARGE,
                    "The document would have more bytes than the limit of this credential, " + allowance.maxDocument()
                            + "."));
        }
    }

    private static void edit(Doc doc, Consumer<Doc> edit) {
        doc.transact(transaction -> {
            transaction.writeFloat64();
            edit.accept(doc);
        });
    }

    /** Turns an answer of the documents into an HTTP answer. */
    void finish(AsyncResponse response, String workspace, Missing missing, CompletionStage<Answer<Reply>> stage) {
        resume(response, stage.handle((answer, error) -> {
            if (error == null) {
                CompletionCallback over = failure -> answer.value().close();
                response.register(over);
                Response.ResponseBuilder builder = Failures.response(answer.value())
                        .header("Keck-Seq", answer.roomId() + "-" + answer.seq())
                        .header(EPOCH, answer.roomId());
                if (answer.stale()) {
                    builder.header("Warning", "110 keck \"Response is Stale\"");
                }
                return builder.build();
            }
            return Failures.of(cause(error), workspace, missing);
        }));
    }

    /** Answers with the result of a stage. */
    void resume(AsyncResponse response, CompletionStage<Response> stage) {
        response.setTimeout(LAST_RESORT_SECONDS, TimeUnit.SECONDS);
        response.setTimeoutHandler(late -> late.resume(Failures.unavailable(true)));
        var unused = stage.whenCompleteAsync(
                (answer, error) -> {
                    boolean isTaken = response.resume(error == null ? answer : Failures.of(cause(error)));
                    if (!isTaken && answer != null && answer.getEntity() instanceof Spool late) {
                        late.close();
                    }
                },
                this::execute);
    }

    /** Runs a task on a thread that may wait and that no room needs. */
    void execute(Runnable task) {
        try {
            writers.execute(task);
        } catch (RejectedExecutionException e) {
            task.run(); // the server is shutting down
        }
    }

    /** Maps the failures of a change of a whole room: a failure outside the family leaves the outcome unknown. */
    static <T> CompletionStage<T> settled(CompletionStage<T> change) {
        return change.handle((value, error) -> {
                    Throwable cause = error == null ? null : cause(error);
                    if (cause == null
                            || cause instanceof Unavailable
                            || cause instanceof Refused
                            || cause instanceof RoomMissing) {
                        return change;
                    }
                    return CompletableFuture.<T>failedStage(new Unavailable(cause.toString(), true));
                })
                .thenCompose(stage -> stage);
    }

    static Throwable cause(Throwable error) {
        Throwable cause = error;
        while (cause instanceof CompletionException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause;
    }
}
