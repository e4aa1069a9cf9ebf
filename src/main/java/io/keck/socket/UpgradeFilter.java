package io.keck.socket;

import io.keck.access.Decision;
import io.keck.access.Fault;
import io.keck.access.Visit;
import io.keck.metrics.ConnectionMetrics;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * Stands before the WebSocket endpoint and answers, with an HTTP status and a sentence, what an upgrade cannot express: a
 * bad room name, a handshake that a proxy has broken, a server that is shutting down. Thread-safe.
 */
public final class UpgradeFilter extends HttpFilter {
    private static final long serialVersionUID = 1L;

    /** The subprotocol that clients of Keck expect. */
    static final String PROTOCOL = "AFFiNE";

    /** The answer to a handshake without a Connection header, which Jetty refuses before it creates a request. */
    public static final String CONNECTION_HEADER_MISSING = Handshake.lost("proxy_set_header Connection upgrade;");

    private final Door door;
    private final transient Admission admission;
    private final transient ConnectionMetrics metrics;
    private final transient SocketShares shares;

    UpgradeFilter(Door door, Admission admission, ConnectionMetrics metrics, SocketShares shares) {
        this.door = door;
        this.shares = shares;
        this.admission = admission;
        this.metrics = metrics;
    }

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        RoomPath path = door.parse(request.getRequestURI());
        String room = path.room();
        boolean mayPost = door == Door.COLLABORATION;
        if (room == null) {
            respond(response, path.status(), path.problem());
        } else if (mayPost && request.getMethod().equals("POST")) {
            post(request, response, room);
        } else if (!request.getMethod().equals("GET")) {
            response.setHeader("Allow", mayPost ? "GET, POST" : "GET");
            respond(
                    response,
                    405,
                    mayPost
                            ? "Only GET, to connect, and POST are allowed here."
                            : "Only GET, to connect, is allowed here.");
        } else {
            get(request, response, chain, room);
        }
    }

    /** Describes the grant of a credential and issues a ticket. With open access, names only the protocol. */
    private static void post(HttpServletRequest request, HttpServletResponse response, String room) throws IOException {
        Visit visit = Visit.of(request.getAttribute(Visit.ATTRIBUTE));
        if (visit != Visit.OPEN) {
            TicketCall.answer(request, response, visit, room);
            return;
        }
        response.setContentType("application/json");
        response.getOutputStream().print("{\"protocol\":\"" + PROTOCOL + "\"}");
    }

    private void get(HttpServletRequest request, HttpServletResponse response, FilterChain chain, String room)
            throws IOException, ServletException {
        Handshake handshake = Handshake.of(request);
        if (handshake.status() == 0) {
            upgrade(request, response, chain, room);
            return;
        }
        refuseHandshake(response, handshake, metrics);
    }

    static void refuseHandshake(HttpServletResponse response, Handshake handshake, ConnectionMetrics metrics)
            throws IOException {
        if (handshake.status() == Handshake.UPGRADE_REQUIRED) {
            response.setHeader("Upgrade", "websocket");
            response.setHeader("Sec-WebSocket-Version", Handshake.VERSION);
        }
        if (handshake.isAttempt()) {
            metrics.refused(handshake.status());
        }
        respond(response, handshake.status(), handshake.problem());
    }

    private void upgrade(HttpServletRequest request, HttpServletResponse response, FilterChain chain, String room)
            throws IOException, ServletException {
        SocketShares.Refused full = shares.judge(request.getRemoteAddr());
        if (full != null) {
            response.setHeader("Retry-After", "5");
            refuse(response, full.status(), full.sentence());
            return;
        }
        Visit visit = Visit.of(request.getAttribute(Visit.ATTRIBUTE));
        Decision decision = admission.judge(visit, room, door.purpose());
        if (decision instanceof Decision.Refused refused) {
            turnAway(request, response, chain, refused);
        } else if (decision instanceof Decision.Admitted admitted) {
            request.setAttribute(Clearance.ATTRIBUTE, Clearance.of(visit, admitted.grant()));
            open(request, response, chain, room);
        }
    }

    private void open(HttpServletRequest request, HttpServletResponse response, FilterChain chain, String room)
            throws IOException, ServletException {
        Admission.Refusal refusal = admission.refusal(request.getRemoteAddr(), room);
        if (refusal == null) {
            chain.doFilter(request, response);
            return;
        }
        if (refusal.passes()) {
            response.setHeader("Retry-After", Integer.toString(refusal.retryAfter()));
        }
        refuse(response, refusal.status(), refusal.sentence());
    }

    /**
     * Refuses a connection. Web pages cannot see an HTTP status, only that the connection failed, and their clients retry
     * forever. So such a connection is accepted and closed at once with a code and a reason, before any room learns of it.
     */
    private void turnAway(
            HttpServletRequest request, HttpServletResponse response, FilterChain chain, Decision.Refused refused)
            throws IOException, ServletException {
        Fault fault = refused.fault();
        if (request.getHeader("Origin") != null) {
            request.setAttribute(Clearance.ATTRIBUTE, Clearance.refused(fault));
            chain.doFilter(request, response);
            return;
        }
        answer(response, refused);
        metrics.refused(fault.status());
    }

    static void answer(HttpServletResponse response, Decision.Refused refused) throws IOException {
        if (refused.fault().status() == HttpServletResponse.SC_UNAUTHORIZED) {
            response.setHeader("WWW-Authenticate", "Bearer");
        }
        if (refused.retryAfterSeconds() > 0) {
            response.setHeader("Retry-After", Integer.toString(refused.retryAfterSeconds()));
        }
        respond(response, refused.fault().status(), refused.fault().sentence());
    }

    private void refuse(HttpServletResponse response, int status, String sentence) throws IOException {
        metrics.refused(status);
        respond(response, status, sentence);
    }

    static void respond(HttpServletResponse response, int status, String sentence) throws IOException {
        response.setStatus(status);
        response.setContentType("text/plain;charset=utf-8");
        response.getOutputStream().write((sentence + "\n").getBytes(StandardCharsets.UTF_8));
    }
}
