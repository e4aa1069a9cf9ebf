package io.keck.api;

import io.keck.access.Grant;
import io.keck.access.Needs;
import io.keck.access.Public;
import io.keck.access.Purpose;
import io.keck.access.Right;
import io.keck.access.Visit;
import io.keck.api.DocumentCalls.Missing;
import io.keck.crdt.store.UpdateInPieces;
import io.keck.failure.RoomMissing;
import io.keck.failure.Unavailable;
import io.keck.protocol.RoomName;
import io.keck.room.Documents;
import io.keck.room.Documents.Answer;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response.Status;
import java.io.IOException;
import java.io.InputStream;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The HTTP interface of y-sweet ({@code @y-sweet/sdk} 0.9), over the same documents and rights as the other interfaces. Its
 * addresses begin at the root; {@link io.keck.http.YSweetPaths} maps them here. Thread-safe.
 */
@Path("/y-sweet")
public final class YSweetResource {
    /** How long a client token is valid if the back end names no time, as in y-sweet, and the longest time. */
    private static final long SECONDS = 3_600;

    private static final long MAX_SECONDS = 86_400;
    private static final int UNPROCESSABLE = 422;
    private static final int MILLIS = 1_000;
    private static final int RANDOM_BYTES = 16;
    private static final int MAX_USER = 200;
    private static final String FULL = "full";
    private static final String READ_ONLY = "read-only";
    private static final String LOOKED_FOR = "check_store";

    private final DocumentCalls calls;
    private final BroughtContent content;
    private final PublicAddress address;
    private final SecureRandom random = new SecureRandom();

    YSweetResource(DocumentCalls calls, PublicAddress address) {
        this.calls = calls;
        this.content = new BroughtContent(calls);
        this.address = address;
    }

    /** The parameters of a client token. */
    private record Wish(boolean isReadOnly, boolean isFull, String user, long millis) {
        static Wish of(@Nullable Object body) {
            Map<?, ?> asked = object(body);
            Object authorization = asked.get("authorization");
            boolean isReadOnly = READ_ONLY.equals(authorization);
            boolean isFull = FULL.equals(authorization);
            if (authorization != null && !isReadOnly && !isFull) {
                throw refuse("authorization must be \"full\" or \"read-only\".");
            }
            Object user = asked.get("userId");
            if (user != null && !(user instanceof String id && id.length() <= MAX_USER)) {
                throw refuse("userId must be a string of at most " + MAX_USER + " characters.");
            }
            Object seconds = asked.get("validForSeconds");
            Long valid = seconds == null ? (Long) SECONDS : Parameters.wholeNumber(seconds);
            if (valid == null || valid < 1 || valid > MAX_SECONDS) {
                throw refuse("validForSeconds must be a whole number from 1 to " + MAX_SECONDS + ".");
            }
            return new Wish(isReadOnly, isFull, user == null ? "" : (String) user, valid * MILLIS);
        }
    }

    /** Creates the document that the body names if it does not exist; without a name, one with a random name. */
    @Needs(
            value = {Right.READ, Right.CREATE},
            inBody = true)
    @POST
    @Path("doc/new")
    public void create(
            @Context HttpHeaders headers,
            @Context HttpServletRequest request,
            InputStream body,
            @Suspended AsyncResponse response)
            throws IOException {
        Object asked = object(calls.bodies().json(headers, body)).get("docId");
        if (asked != null && !(asked instanceof String)) {
            throw refuse("docId must be a string.");
        }
        String name = asked == null ? randomName() : (String) asked;
        RoomName.problem(name).ifPresent(problem -> {
            throw Refusal.bad(problem);
        });
        Grant grant = NeedsFilter.admit(request, name, Right.READ, Right.CREATE);
        NewRoomsFilter.judge(request, name);
        calls.finish(
                response,
                name,
                Missing.SENTENCE,
                calls.create(grant, null, request.getRemoteAddr(), doc -> Reply.json(Map.of("docId", name))));
    }

    private String randomName() {
        byte[] bytes = new byte[RANDOM_BYTES];
        random.nextBytes(bytes);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    /** Answers with a client token: the addresses of a document and, if access is configured, a ticket for them. */
    @Needs(Right.READ)
    @POST
    @Path("doc/{workspace}/auth")
    public void auth(
            @BeanParam Call call,
            @Context HttpHeaders headers,
            @Context HttpServletRequest request,
            InputStream body,
            @Suspended AsyncResponse response)
            throws IOException {
        String name = call.workspace();
        Wish wish = Wish.of(calls.bodies().json(headers, body));
        Visit visit = Visit.of(request.getAttribute(Visit.ATTRIBUTE));
        Grant grant = call.grant();
        boolean mayWrite = grant.allows(Right.WRITE);
        if (wish.isFull() && !mayWrite) {
            throw new Refusal(
                    Status.FORBIDDEN,
                    "The credential may only read, so its client tokens can only have the authorization \"read-only\".");
        }
        String base = address.of(request) + "/d/" + PublicAddress.segment(name);
        Map<String, @Nullable Object> token = new LinkedHashMap<>();
        token.put("url", PublicAddress.socket(base) + "/ws");
        token.put("baseUrl", base);
        token.put("docId", name);
        Visit.Ticket ticket = ticket(visit, grant, wish);
        if (ticket != null) {
            token.put("token", ticket.text());
        }
        token.put("authorization", wish.isReadOnly() || !mayWrite ? READ_ONLY : FULL);
        calls.finish(
                response,
                name,
                Missing.SENTENCE,
                calls.documents()
                        .find(grant)
                        .thenApply(
                                there -> new Answer<>(Reply.json(token), there.roomId(), there.seq(), there.stale())));
    }

    private static Visit.@Nullable Ticket ticket(Visit visit, Grant grant, Wish wish) {
        try {
            return visit.clientTicket(grant, wish.isReadOnly(), wish.millis(), wish.user());
        } catch (IllegalArgumentException e) {
            throw refuse("The userId and the attributes of the credential are too large together: " + e.getMessage());
        }
    }

    /** Answers with the whole document as an update in V1. */
    @Needs(value = Right.READ, tickets = Purpose.CLIENT)
    @GET
    @Path("d/{workspace}/as-update")
    public void read(@BeanParam Call call, @Suspended AsyncResponse response) {
        String name = call.workspace();
        calls.finish(
                response,
                name,
                Missing.SENTENCE,
                calls.export(call, UpdateInPieces::v1).thenApply(YSweetResource::fresh));
    }

    private static Answer<Reply> fresh(Answer<Reply> answer) {
        if (answer.stale()) {
            answer.value().close();
            throw new Unavailable("the database does not answer, and this node may have an old state", false);
        }
        return answer;
    }

    /** Merges an update in V1 into the document: 204 once all of it is committed. Repeating it changes nothing. */
    @Needs(value = Right.WRITE, tickets = Purpose.CLIENT)
    @POST
    @Path("d/{workspace}/update")
    public void update(
            @BeanParam Call call, @Context HttpHeaders headers, InputStream body, @Suspended AsyncResponse response)
            throws IOException {
        content.merge(call, content.readV1(headers, body), Documents.ANY_LIFE, null, Missing.SENTENCE, response);
    }

    /** Whether documents can be stored. y-sweet's SDK asks this; load balancers should ask {@code /health}. */
    @Public("It reveals that the server runs, and nothing about documents.")
    @GET
    @Path("check_store")
    public void checkStore(@Suspended AsyncResponse response) {
        check(response);
    }

    /** The same check as a POST, whose body is ignored. */
    @Public("It reveals that the server runs, and nothing about documents.")
    @POST
    @Path("check_store")
    public void postCheckStore(@Suspended AsyncResponse response) {
        check(response);
    }

    /** Looks up a document that need not exist: any answer of the database shows that it works. */
    private void check(AsyncResponse response) {
        calls.resume(
                response,
                calls.documents().find(Grant.ofKeck(LOOKED_FOR, Right.READ)).handle((there, error) -> {
                    boolean isOk = error == null || DocumentCalls.cause(error) instanceof RoomMissing;
                    Map<String, Object> answer =
                            isOk ? Map.of("ok", true) : Map.of("ok", false, "error", "The database does not answer.");
                    return Failures.response(Reply.json(answer)).build();
                }));
    }

    private static Map<?, ?> object(@Nullable Object body) {
        if (body instanceof Map<?, ?> object) {
            return object;
        }
        throw refuse("The body must be a JSON object.");
    }

    private static Refusal refuse(String sentence) {
        return new Refusal(Reply.text(UNPROCESSABLE, sentence));
    }
}
