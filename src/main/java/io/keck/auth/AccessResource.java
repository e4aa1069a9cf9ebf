package io.keck.auth;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.keck.access.AuditEntry;
import io.keck.access.Caller;
import io.keck.access.Decision;
import io.keck.access.Needs;
import io.keck.access.Revocation.Kind;
import io.keck.access.Right;
import io.keck.access.Visit;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.QueryParam;
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

/** Revokes credentials on all nodes, and makes connections judged again. Thread-safe. */
@Path("/access")
public final class AccessResource {
    private static final Logger LOG = LoggerFactory.getLogger(AccessResource.class);
    private static final int MAX_BODY = 4 << 10;
    private static final int UNPROCESSABLE = 422;
    private static final int MAX_SUBJECT = 512;
    private static final int PAGE = 100;
    private static final int MAX_PAGE = 1_000;

    private final Access access;

    AccessResource(Access access) {
        this.access = access;
    }

    /**
     * Revokes the credentials of a principal, one credential, or all that were issued up to a time. Answers when all nodes
     * have carried it out, or after some seconds with the labels of those that have not.
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

    /** Makes all nodes judge connections again: those of a document, those of a principal, or all. */
    @POST
    @Path("/recheck")
    @Consumes(MediaType.APPLICATION_JSON)
    @Needs(Right.ADMIN)
    public CompletionStage<Response> recheck(@Context HttpServletRequest request, InputStream body) throws IOException {
        ObjectNode asked = read(body);
        String principal = text(asked, "principal");
        String document = text(asked, "document");
        return stored(() ->
                access.recheck(caller(request), principal == null ? "" : principal, document == null ? "" : document));
    }

    /**
     * Returns a page of the audit log, newest entries first.
     *
     * @param before only entries with smaller numbers; null for the newest
     */
    @GET
    @Path("/audit")
    @Needs(Right.ADMIN)
    public Response audit(
            @QueryParam("before") @Nullable String before,
            @QueryParam("limit") @Nullable String limit,
            @QueryParam("principal") @Nullable String principal,
            @QueryParam("document") @Nullable String document) {
        long below = number("before", before, Long.MAX_VALUE, Long.MAX_VALUE);
        int most = (int) number("limit", limit, PAGE, MAX_PAGE);
        AuditTable table = access.auditTable();
        if (table == null) {
            throw answer(404, "The audit log is not kept in a table (access.audit.table).");
        }
        List<AuditEntry> entries;
        try {
            entries = table.before(below, principal, document, most);
        } catch (RuntimeException e) {
            LOG.warn(
                    "Reading the audit log failed ({}); the request is answered with 503",
                    e.getClass().getSimpleName());
            throw answer(503, "The database does not answer, please try again.");
        }
        return Response.ok(StrictJson.bytes(page(entries, most)), MediaType.APPLICATION_JSON)
                .build();
    }

    private static ObjectNode page(List<AuditEntry> entries, int most) {
        ObjectNode page = StrictJson.object();
        ArrayNode array = page.putArray("entries");
        for (AuditEntry entry : entries) {
            ObjectNode line = StrictJson.object(entry.line().getBytes(StandardCharsets.UTF_8));
            ObjectNode node = array.addObject();
            node.put("id", entry.id());
            node.put("at", Instant.ofEpochMilli(entry.at()).toString());
            node.put("node", entry.node());
            if (line != null) {
                node.setAll(line);
            }
        }
        if (entries.size() == most) {
            page.put("next", entries.get(most - 1).id());
        }
        return page;
    }

    private static long number(String name, @Nullable String text, long byDefault, long most) {
        try {
            long number = text == null ? byDefault : Long.parseLong(text);
            if (number >= 1 && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            // the same sentence
        }
        throw answer(400, name + " must be a whole number from 1 to " + most + ".");
    }

    private static WebApplicationException answer(int status, String sentence) {
        return new WebApplicationException(Response.status(status)
                .type("text/plain;charset=utf-8")
                .entity(sentence + "\n")
                .build());
    }

    private static CompletionStage<Response> stored(Supplier<CompletableFuture<List<String>>> change) {
        try {
            return change.get().handle(AccessResource::done);
        } catch (WebApplicationException e) {
            throw e;
        } catch (IllegalStateException e) {
            throw answer(409, String.valueOf(e.getMessage()));
        } catch (RuntimeException e) {
            LOG.warn(
                    "A revocation or recheck could not be stored ({}); the request is answered with 503",
                    e.getClass().getSimpleName());
            throw answer(503, "The database does not answer. Please try again: a repeat is safe.");
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
            LOG.warn("A revocation was stored, but reading which nodes have carried it out failed", error);
            return Response.status(Response.Status.SERVICE_UNAVAILABLE)
                    .type("text/plain;charset=utf-8")
                    .entity(
                            "The revocation is stored. Each node that reaches the database applies it within a second. Which nodes"
                                    + " have applied it is not known at the moment.\n")
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
            throw refuse("Expected a JSON object of at most " + MAX_BODY + " bytes.");
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
        throw refuse(member + " must be a string of 1 to " + MAX_SUBJECT + " characters.");
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
        throw refuse("issuedBefore must be a time: 2026-01-01T00:00:00Z, or seconds since 1970.");
    }

    private static WebApplicationException refuse(String sentence) {
        return answer(UNPROCESSABLE, sentence);
    }
}
