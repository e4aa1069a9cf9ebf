package io.keck.auth;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.keck.access.Caller;
import io.keck.access.Decision;
import io.keck.access.Needs;
import io.keck.access.Revocation.Kind;
import io.keck.access.Right;
import io.keck.access.Visit;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Ends credentials on all nodes, and has connections judged again. Thread-safe. */
@Path("/access")
public final class AccessResource {
    private static final Logger LOG = LoggerFactory.getLogger(AccessResource.class);
    private static final int MAX_BODY = 4 << 10;
    private static final int UNPROCESSABLE = 422;
    private static final int MAX_SUBJECT = 512;

    private final Access access;

    AccessResource(Access access) {
        this.access = access;
    }

    /**
     * Ends the credentials of a principal, one credential, or all that were issued at some time or earlier. Answers when all
     * nodes have done it, or after some seconds with those that have not.
     */
    @POST
    @Path("/revoke")
    @Consumes(MediaType.APPLICATION_JSON)
    @Needs(Right.ADMIN)
    public CompletionStage<Response> revoke(@Context HttpServletRequest request, InputStream body) throws IOException {
        ObjectNode asked = read(body);
        String principal = text(asked, "principal");
        String token = text(asked, "token");
        long before = time(asked.get("issuedBefore"));
        if (principal != null && token != null) {
            throw refuse("Name a principal or a token, not both.");
        }
        if (principal == null && token == null && before == 0) {
            throw refuse(
                    "Expected {\"principal\":\"…\"}, {\"token\":\"…\"} or {\"issuedBefore\":\"2026-01-01T00:00:00Z\"}.");
        }
        Kind kind = principal != null ? Kind.PRINCIPAL : token != null ? Kind.TOKEN : Kind.ISSUED_BEFORE;
        String subject = principal != null ? principal : token != null ? token : "";
        return stored(() -> access.revoke(caller(request), kind, subject, before));
    }

    /** Has connections judged again on all nodes: of a document, of a principal, or all. */
    @POST
    @Path("/recheck")
    @Consumes(MediaType.APPLICATION_JSON)
    @Needs(Right.ADMIN)
    public CompletionStage<Response> recheck(@Context HttpServletRequest request, InputStream body) throws IOException {
        ObjectNode asked = read(body);
        String principal = text(asked, "principal");
        String document = text(asked, "document");
        return stored(() -> access.recheck(
                caller(request), principal == null ? "" : principal, document == null ? "" : document));
    }

    private static CompletionStage<Response> stored(Supplier<CompletableFuture<List<String>>> change) {
        try {
            return change.get().handle(AccessResource::done);
        } catch (WebApplicationException e) {
            throw e;
        } catch (IllegalStateException e) {
            throw new WebApplicationException(Response.status(Response.Status.CONFLICT)
                    .type("text/plain;charset=utf-8")
                    .entity(e.getMessage() + "\n")
                    .build());
        } catch (RuntimeException e) {
            LOG.warn("A revocation or recheck could not be stored ({})", e.getClass().getSimpleName());
            throw new WebApplicationException(Response.status(Response.Status.SERVICE_UNAVAILABLE)
                    .type("text/plain;charset=utf-8")
                    .entity("The database does not answer. Please try again: a repeat is safe.\n")
                    .build());
        }
    }

    private static Caller caller(HttpServletRequest request) {
        Decision decision = Visit.of(request.getAttribute(Visit.ATTRIBUTE)).onServer(Right.ADMIN);
        if (decision instanceof Decision.Admitted admitted) {
            return admitted.grant().caller();
        }
        throw new WebApplicationException(Response.Status.FORBIDDEN);
    }

    private static Response done(@Nullable List<String> behind, @Nullable Throwable error) {
        if (behind == null) {
            LOG.warn("A revocation is stored, but which nodes have carried it out cannot be found out", error);
            return Response.status(Response.Status.SERVICE_UNAVAILABLE)
                    .type("text/plain;charset=utf-8")
                    .entity("It is stored, and holds on each node within a second of reaching the database. Which nodes"
                            + " have carried it out cannot be found out now.\n")
                    .build();
        }
        ObjectNode answer = StrictJson.object();
        answer.put("everywhere", behind.isEmpty());
        behind.forEach(answer.putArray("pending")::add);
        return Response.ok(StrictJson.bytes(answer), MediaType.APPLICATION_JSON).build();
    }

    private static ObjectNode read(InputStream body) throws IOException {
        byte[] bytes = body.readNBytes(MAX_BODY + 1);
        ObjectNode object = bytes.length > MAX_BODY ? null : StrictJson.object(bytes);
        if (object == null) {
            throw refuse("Expected a JSON object of " + MAX_BODY + " bytes at most.");
        }
        return object;
    }

    private static @Nullable String text(ObjectNode asked, String member) {
        try {
            String text = StrictJson.text(asked, member);
            boolean good = text == null
                    || (!text.isEmpty()
                            && text.length() <= MAX_SUBJECT
                            && text.chars().noneMatch(Character::isISOControl));
            if (good) {
                return text;
            }
        } catch (IllegalArgumentException e) {
            // the same sentence
        }
        throw refuse(member + " is a text of 1 to " + MAX_SUBJECT + " characters.");
    }

    private static long time(@Nullable JsonNode node) {
        if (node == null || node.isNull()) {
            return 0;
        }
        try {
            if (node.isTextual()) {
                return Instant.parse(node.textValue()).toEpochMilli();
            }
            if (node.isIntegralNumber() && node.longValue() > 0) {
                return Math.multiplyExact(node.longValue(), 1_000L);
            }
        } catch (DateTimeParseException | ArithmeticException e) {
            // the same sentence
        }
        throw refuse("issuedBefore is a time: 2026-01-01T00:00:00Z, or seconds since 1970.");
    }

    private static WebApplicationException refuse(String sentence) {
        return new WebApplicationException(Response.status(UNPROCESSABLE)
                .type("text/plain;charset=utf-8")
                .entity(sentence.getBytes(StandardCharsets.UTF_8))
                .build());
    }
}
