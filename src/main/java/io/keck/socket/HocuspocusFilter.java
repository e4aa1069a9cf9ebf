package io.keck.socket;

import io.keck.access.Visit;
import io.keck.metrics.ConnectionMetrics;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/**
 * Guards the Hocuspocus endpoint. Documents and credentials come in messages, so this filter judges only the handshake and the
 * share of the address. Thread-safe.
 */
final class HocuspocusFilter extends HttpFilter {
    private static final long serialVersionUID = 1L;

    private final transient ConnectionMetrics metrics;
    private final transient SocketShares shares;

    HocuspocusFilter(ConnectionMetrics metrics, SocketShares shares) {
        this.metrics = metrics;
        this.shares = shares;
    }

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        if (!request.getMethod().equals("GET")) {
            response.setHeader("Allow", "GET");
            UpgradeFilter.respond(response, 405, "Only GET, to connect with @hocuspocus/provider, is allowed here.");
            return;
        }
        Handshake handshake = Handshake.of(request);
        if (handshake.status() != 0) {
            UpgradeFilter.refuseHandshake(response, handshake, metrics);
            return;
        }
        SocketShares.Refused full = shares.judge(request.getRemoteAddr());
        if (full != null) {
            response.setHeader("Retry-After", "5");
            metrics.refused(full.status());
            UpgradeFilter.respond(response, full.status(), full.sentence());
            return;
        }
        Visit visit = Visit.of(request.getAttribute(Visit.ATTRIBUTE));
        request.setAttribute(Clearance.ATTRIBUTE, Clearance.pending(visit));
        chain.doFilter(request, response);
    }
}
