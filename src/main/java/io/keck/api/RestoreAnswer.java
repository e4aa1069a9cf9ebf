package io.keck.api;

import io.keck.crdt.History;
import io.keck.crdt.Restoration;
import io.keck.history.RestoreRequest;
import io.keck.history.Restorer;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Builds the answer to a restoration, as values for JSON. Stateless. */
final class RestoreAnswer {
    private RestoreAnswer() {}

    /**
     * Returns the changes that were made or, for a preview, would be made.
     *
     * @param isRepeat whether the request was carried out before under the same key; then the answer says only that
     */
    static Map<String, @Nullable Object> json(
            RestoreRequest request, Restorer.Prepared prepared, boolean isPreview, boolean isRepeat) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("restoreOf", request.note());
        json.put("preview", isPreview);
        if (isRepeat) {
            json.put("repeated", true);
            return json;
        }
        Restoration.Outcome outcome = prepared.outcome();
        json.put("inserted", outcome.inserted());
        json.put("deleted", outcome.deleted());
        json.put(
                "changes", prepared.changes().stream().map(RestoreAnswer::entry).toList());
        json.put("changeCount", prepared.changeCount());
        json.put("left", outcome.left().stream().map(RestoreAnswer::left).toList());
        json.put("leftCount", outcome.leftCount());
        return json;
    }

    private static Map<String, @Nullable Object> left(Restoration.Left left) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("reason", left.reason().name().toLowerCase(Locale.ROOT));
        json.putAll(entry(left.entry()));
        return json;
    }

    private static Map<String, @Nullable Object> entry(History.Entry entry) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("path", entry.path());
        if (entry.key() != null) {
            json.put("key", entry.key());
        }
        json.put("kind", entry.kind().name().toLowerCase(Locale.ROOT));
        json.put("content", entry.content());
        json.put("length", entry.length());
        json.put("deleted", entry.deleted());
        return json;
    }
}
