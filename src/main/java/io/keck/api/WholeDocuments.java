package io.keck.api;

import io.keck.api.DocumentCalls.Missing;
import io.keck.crdt.Doc;
import io.keck.crdt.Root;
import io.keck.crdt.lib0.Spill;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.UpdateInPieces;
import io.keck.failure.Unavailable;
import io.keck.room.Documents.Answer;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/** Answers with whole documents, or what is made of the bytes of one; never with stale ones. Thread-safe. */
final class WholeDocuments {
    /** An export that writes nothing: it only fails where another one would. */
    private static final long[] NO_PIECES = {};

    private final DocumentCalls calls;

    WholeDocuments(DocumentCalls calls) {
        this.calls = calls;
    }

    /**
     * Answers with a document.
     *
     * @param format v1, v2 or json; null for what the client accepts
     */
    void answer(Call call, @Nullable String format, HttpHeaders headers, AsyncResponse response, Missing missing) {
        String name = call.workspace();
        String wanted = format != null ? format : wantsJson(headers) ? "json" : "v1";
        var stage = switch (wanted) {
            case "json" -> calls.read(call, false, WholeDocuments::json);
            case "v1" -> calls.export(call, UpdateInPieces::v1);
            case "v2" -> calls.export(call, UpdateInPieces::v2);
            default -> throw Refusal.bad("format is \"v1\", \"v2\" or \"json\".");
        };
        calls.finish(response, name, missing, stage.thenCompose(answer -> fresh(call, answer)));
    }

    /** Answers with what is written of the bytes of a document. */
    void answer(Call call, BiFunction<StructStore, Spill, long[]> format, AsyncResponse response) {
        String name = call.workspace();
        calls.finish(
                response,
                name,
                Missing.DOCUMENT,
                calls.export(call, format).thenCompose(answer -> fresh(call, answer)));
    }

    /** Whether a client accepts JSON and not an update; many libraries accept JSON along with everything else. */
    private static boolean wantsJson(HttpHeaders headers) {
        List<MediaType> types = headers.getAcceptableMediaTypes();
        return types.stream().noneMatch(MediaType.APPLICATION_OCTET_STREAM_TYPE::isCompatible)
                && types.stream().anyMatch(MediaType.APPLICATION_JSON_TYPE::isCompatible);
    }

    /** An export is never old: the answer, or a failure where it may be. The export of a damaged document says what is damaged. */
    private CompletionStage<Answer<Reply>> fresh(Call call, Answer<Reply> answer) {
        if (!answer.stale()) {
            return CompletableFuture.completedStage(answer);
        }
        answer.value().close();
        return calls.export(call, (store, spill) -> NO_PIECES).thenApply(whole -> {
            whole.value().close();
            throw new Unavailable("the database does not answer, and the state of this node may be stale", false);
        });
    }

    static Reply json(Doc doc) {
        Map<String, @Nullable Object> roots = new LinkedHashMap<>();
        for (String name : KeysResource.names(doc)) {
            Root root = doc.findRoot(name);
            if (root != null) {
                roots.put(name, value(root));
            }
        }
        return Reply.json(roots);
    }

    private static @Nullable Object value(Root root) {
        return switch (root.lastKind()) {
            case MAP -> root.asMap();
            case ARRAY -> root.asArray();
            case TEXT -> root.asText();
            case XML -> root.asXml();
            case LIST, NONE -> null;
        };
    }
}
