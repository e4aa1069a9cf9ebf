package io.keck.api;

import io.keck.access.Grant;
import io.keck.access.Needs;
import io.keck.access.Right;
import io.keck.history.DocumentVersions;
import io.keck.history.DocumentVersions.Created;
import io.keck.history.DocumentVersions.Version;
import io.keck.history.DocumentVersions.Wanted;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response.Status;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The versions of a document, which mark rows of its log on request or automatically. Thread-safe. */
@Path("/documents/{document}/versions")
public final class DocumentVersionsResource {
    private static final int UNPROCESSABLE = 422;
    private static final Set<String> MEMBERS = Set.of("label", "at", "pinned");

    private final DocumentHistory history;

    DocumentVersionsResource(DocumentHistory history) {
        this.history = history;
    }

    /** Lists versions, newest rows first. */
    @Needs({Right.READ, Right.HISTORY})
    @GET
    public void list(
            @BeanParam Call call,
            @QueryParam("before") @Nullable String before,
            @QueryParam("limit") @Nullable String limit,
            @Suspended AsyncResponse response) {
        int most = Parameters.pageSize(limit);
        history.answer(call, response, asked -> {
            Version last = before == null ? null : found(asked.roomId(), before);
            List<Version> versions = history.versions().list(asked.roomId(), last, most);
            Map<String, @Nullable Object> page = new LinkedHashMap<>();
            page.put(
                    "data",
                    versions.stream().map(DocumentVersionsResource::json).toList());
            page.put(
                    "next",
                    versions.size() < most
                            ? null
                            : String.valueOf(versions.get(versions.size() - 1).id()));
            return Reply.json(page);
        });
    }

    private Version found(long roomId, String id) {
        return history.versions().find(roomId, number(id)).orElseThrow(DocumentVersionsResource::none);
    }

    private static long number(String id) {
        return id.matches("[0-9]{1,19}") && (id.length() < 19 || id.compareTo("9223372036854775807") <= 0)
                ? Long.parseLong(id)
                : 0;
    }

    private static Refusal none() {
        return new Refusal(Status.NOT_FOUND, "The document has no version with this id.");
    }

    private static Map<String, @Nullable Object> json(Version version) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("id", String.valueOf(version.id()));
        json.put("seq", (double) version.seq());
        json.put("label", version.label().isEmpty() ? null : version.label());
        json.put("pinned", version.isPinned());
        json.put("automatic", version.isAutomatic());
        json.put("by", version.by());
        json.put("at", Instant.ofEpochMilli(version.at()).toString());
        return json;
    }

    /** The contents of the body of a call. */
    private record Wish(String label, @Nullable String at, boolean isPinned) {
        static Wish of(@Nullable Object body) {
            Map<?, ?> wish = object(body, MEMBERS);
            String label = text(wish, "label");
            if (label != null && (label.isBlank() || !label.strip().equals(label) || hasControls(label))) {
                throw shape("label is a text without spaces around it and without control characters.");
            }
            if (label != null && label.length() > DocumentVersions.MAX_LABEL) {
                throw shape("label has more than " + DocumentVersions.MAX_LABEL + " characters.");
            }
            if (label != null && Moments.isReserved(label)) {
                throw shape("label is neither a number nor a time, since ?at= would not find it.");
            }
            String at = text(wish, "at");
            if (at != null && !Moments.isGood(at)) {
                throw shape("at is " + Moments.FORMS + ".");
            }
            Object pinned = wish.get("pinned");
            if (pinned != null && !(pinned instanceof Boolean)) {
                throw shape("pinned is true or false.");
            }
            return new Wish(label == null ? "" : label, at, pinned == null ? label != null : (Boolean) pinned);
        }

        private static boolean hasControls(String label) {
            return label.codePoints()
                    .anyMatch(c -> Character.isISOControl(c)
                            || (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE));
        }

        private static @Nullable String text(Map<?, ?> wish, String name) {
            Object value = wish.get(name);
            if (value == null || value instanceof String) {
                return (String) value;
            }
            throw shape(name + " is a text.");
        }
    }

    /** Refuses a body with 422 and a sentence. */
    private static Refusal shape(String sentence) {
        return new Refusal(Reply.text(UNPROCESSABLE, sentence));
    }

    private static Map<?, ?> object(@Nullable Object body, Set<String> members) {
        if (!(body instanceof Map<?, ?> object) || !members.containsAll(object.keySet())) {
            throw shape("The body is a JSON object with no other members than "
                    + String.join(", ", members.stream().sorted().toList()) + ".");
        }
        return object;
    }

    /**
     * Makes a version of the current state or of the state at a moment: 201. A version with a label is pinned by
     * default.
     */
    @Needs({Right.READ, Right.HISTORY, Right.WRITE})
    @POST
    public void create(
            @BeanParam Call call, @Context HttpHeaders headers, InputStream body, @Suspended AsyncResponse response)
            throws IOException {
        Grant grant = call.grant();
        Wish wish = Wish.of(history.calls().bodies().json(headers, body));
        history.answer(call, response, asked -> {
            Wanted wanted = new Wanted(
                    asked.seq(wish.at),
                    wish.label,
                    wish.isPinned,
                    false,
                    grant.principal().id());
            Created made = history.versions().create(asked.roomId(), wanted);
            Version version = made.version();
            return version == null ? refused(made.refusal()) : Reply.json(Status.CREATED, json(version));
        });
    }

    private static Reply refused(DocumentVersions.@Nullable Refusal why) {
        return Reply.text(
                Status.CONFLICT,
                why == DocumentVersions.Refusal.LABEL_TAKEN
                        ? "The document has a version with this label."
                        : "The document has as many versions as it may have. Delete some of them first.");
    }

    /** Pins a version, which then stays until it is deleted on request, or unpins it. */
    @Needs({Right.READ, Right.HISTORY, Right.WRITE})
    @PUT
    @Path("{id}")
    public void pin(
            @BeanParam Call call,
            @PathParam("id") String id,
            @Context HttpHeaders headers,
            InputStream body,
            @Suspended AsyncResponse response)
            throws IOException {
        Map<?, ?> wish = object(history.calls().bodies().json(headers, body), Set.of("pinned"));
        if (!(wish.get("pinned") instanceof Boolean isPinned)) {
            throw shape("pinned is true or false.");
        }
        history.answer(call, response, asked -> {
            if (!history.versions().pin(asked.roomId(), number(id), isPinned)) {
                throw none();
            }
            return Reply.json(json(found(asked.roomId(), id)));
        });
    }

    /** Deletes a version; the document and its history do not change. */
    @Needs({Right.READ, Right.HISTORY, Right.WRITE})
    @DELETE
    @Path("{id}")
    public void delete(@BeanParam Call call, @PathParam("id") String id, @Suspended AsyncResponse response) {
        history.answer(call, response, asked -> {
            if (!history.versions().delete(asked.roomId(), number(id))) {
                throw none();
            }
            return Reply.empty(Status.NO_CONTENT);
        });
    }
}
