package io.keck.socket;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.keck.access.Caller;
import io.keck.access.Decision;
import io.keck.access.Grant;
import io.keck.access.Purpose;
import io.keck.access.Right;
import io.keck.access.Visit;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Optional;

/**
 * {@code POST /collaboration/{room}}: checks a credential, describes its grant, and issues a ticket for URLs that browsers
 * open without headers. The body is empty or {@code {"purpose":"socket|events|blob","once":true}}. Stateless.
 */
final class TicketCall {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MAX_BODY = 1 << 10;
    private static final int UNPROCESSABLE = 422;
    private static final int MILLIS = 1_000;

    private TicketCall() {}

    static void answer(HttpServletRequest request, HttpServletResponse response, Visit visit, String room)
            throws IOException {
        Decision decision = visit.demand(room, null, Right.READ); // a ticket cannot be used to obtain another one
        if (decision instanceof Decision.Refused refused) {
            UpgradeFilter.answer(response, refused);
            return;
        }
        JsonNode asked = body(request);
        Optional<Purpose> purpose = purpose(asked);
        if (purpose.isEmpty()) {
            UpgradeFilter.respond(
                    response,
                    UNPROCESSABLE,
                    "Expected no body, or {\"purpose\":\"socket\"} with socket, events or blob, and perhaps"
                            + " \"once\":true.");
            return;
        }
        Grant grant = ((Decision.Admitted) decision).grant();
        Visit.Ticket ticket =
                visit.ticket(grant, purpose.get(), asked.path("once").asBoolean(false));
        response.setContentType("application/json");
        response.setHeader("Cache-Control", "private, no-store");
        response.getOutputStream().write(JSON.writeValueAsBytes(describe(grant, purpose.get(), ticket)));
    }

    private static ObjectNode describe(
            Grant grant, Purpose purpose, Visit.@org.jspecify.annotations.Nullable Ticket ticket) {
        ObjectNode answer = JSON.createObjectNode();
        answer.put("protocol", UpgradeFilter.PROTOCOL);
        answer.put("document", grant.document());
        answer.put("principal", grant.principal().id());
        answer.put("name", grant.principal().name());
        ArrayNode rights = answer.putArray("rights");
        grant.rights().forEach(right -> rights.add(right.text()));
        if (grant.expiresAt() != Caller.NEVER) {
            answer.put("until", grant.expiresAt() / MILLIS);
        }
        if (ticket != null) {
            answer.put("purpose", purpose.text());
            answer.put("ticket", ticket.text());
            if (ticket.expiresAt() != Caller.NEVER) {
                answer.put("ticketUntil", ticket.expiresAt() / MILLIS);
            }
        }
        return answer;
    }

    /** The object in the body, empty if the body is; a JSON null if the body is anything else. */
    private static JsonNode body(HttpServletRequest request) throws IOException {
        byte[] bytes = request.getInputStream().readNBytes(MAX_BODY + 1);
        if (bytes.length == 0) {
            return JSON.createObjectNode();
        }
        try {
            JsonNode node = bytes.length > MAX_BODY ? null : JSON.readTree(bytes);
            return node instanceof ObjectNode ? node : JSON.nullNode();
        } catch (JsonProcessingException e) {
            return JSON.nullNode();
        }
    }

    private static Optional<Purpose> purpose(JsonNode asked) {
        if (!asked.isObject() || (asked.has("once") && !asked.get("once").isBoolean())) {
            return Optional.empty();
        }
        JsonNode purpose = asked.get("purpose");
        return purpose == null
                ? Optional.of(Purpose.SOCKET)
                : Purpose.named(purpose.asText()).filter(named -> named != Purpose.CLIENT);
    }
}
