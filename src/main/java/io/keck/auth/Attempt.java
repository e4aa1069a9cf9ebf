package io.keck.auth;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.eclipse.jetty.http.HttpCookie;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;
import org.jspecify.annotations.Nullable;

/**
 * What a request reveals about its sender. It is copied when the request arrives, because a connection outlives the headers.
 *
 * @param peer the other end of the TCP connection, whatever headers say
 * @param address the address of the client, from a forwarding header if the configuration trusts one
 * @param credential the first that was found: in the header, the subprotocol, the address or the cookie
 * @param isMalformed whether a credential is malformed, or two were sent where one is allowed
 * @param headers trusted headers of the request, by lower-case name
 * @param at when the request arrived, in milliseconds since 1970 by the database's clock. Headers prove the sender's identity
 *     for this moment, however long the connection lasts
 */
record Attempt(
        String peer,
        String address,
        @Nullable Credential credential,
        boolean isMalformed,
        TrustedValues headers,
        long at) {
    private static final String BEARER = "bearer ";
    private static final String SUBPROTOCOL = "bearer.";
    private static final String PARAMETER = "token";

    /** Returns the values of a header by its name. */
    interface TrustedValues {
        List<String> of(String header);
    }

    /**
     * Which cookie may hold a credential, and for which pages.
     *
     * @param name the name of the cookie; empty if cookies are not accepted
     * @param origins decides whether a request with the cookie comes from a page of the operator
     */
    record CookieRule(String name, Origins origins) {}

    /** Reads a request that arrived at the given time. */
    static Attempt of(Request request, CookieRule cookies, long at) {
        List<Credential> found = new ArrayList<>();
        // read all three even after a malformed one: a second credential is refused as well
        boolean wellFormed = header(request, found);
        wellFormed &= subprotocol(request, found);
        wellFormed &= query(request, found);
        boolean malformed = !wellFormed;
        if (found.isEmpty() && !malformed && !cookies.name().isEmpty()) {
            cookie(request, cookies, found);
        }
        Credential first = found.isEmpty() ? null : found.get(0);
        HttpFields fields = request.getHeaders(); // not the request itself, which a connection would keep alive
        malformed |= first != null && (first.text().isEmpty() || first.text().length() > Credential.MAX);
        return new Attempt(peer(request), Request.getRemoteAddr(request), first, malformed, fields::getValuesList, at);
    }

    /** Returns the same request with a credential that arrived in a message of its connection. */
    Attempt showing(String text) {
        boolean malformed = text.isEmpty() || text.length() > Credential.MAX;
        return new Attempt(peer, address, new Credential(Carrier.MESSAGE, text), malformed, headers, at);
    }

    private static String peer(Request request) {
        SocketAddress peer =
                request.getConnectionMetaData().getConnection().getEndPoint().getRemoteSocketAddress();
        return peer instanceof InetSocketAddress inet && inet.getAddress() != null
                ? inet.getAddress().getHostAddress()
                : "";
    }

    /** Reads the Authorization header. Schemes other than Bearer are ignored: they may be meant for a proxy. */
    private static boolean header(Request request, List<Credential> found) {
        List<String> values = request.getHeaders().getValuesList(HttpHeader.AUTHORIZATION);
        for (String value : values) {
            if (value.toLowerCase(Locale.ROOT).startsWith(BEARER)) {
                found.add(new Credential(
                        Carrier.HEADER, value.substring(BEARER.length()).strip()));
            }
        }
        return values.size() <= 1;
    }

    private static boolean subprotocol(Request request, List<Credential> found) {
        int count = 0;
        for (String offered : request.getHeaders().getCSV("Sec-WebSocket-Protocol", false)) {
            if (offered.toLowerCase(Locale.ROOT).startsWith(SUBPROTOCOL)) {
                found.add(new Credential(Carrier.SUBPROTOCOL, offered.substring(SUBPROTOCOL.length())));
                count++;
            }
        }
        return count <= 1;
    }

    private static boolean query(Request request, List<Credential> found) {
        String query = request.getHttpURI().getQuery();
        int count = 0;
        for (String pair : query == null ? new String[0] : query.split("&", -1)) {
            int equals = pair.indexOf('=');
            if (equals > 0 && PARAMETER.equals(pair.substring(0, equals))) {
                String value = decoded(pair.substring(equals + 1));
                if (value != null && value.isEmpty()) {
                    continue; // clients without a token send an empty parameter
                }
                if (value == null) {
                    return false;
                }
                found.add(new Credential(Carrier.QUERY, value));
                count++;
            }
        }
        return count <= 1;
    }

    private static @Nullable String decoded(String value) {
        try {
            return URLDecoder.decode(value.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private static void cookie(Request request, CookieRule cookies, List<Credential> found) {
        for (HttpCookie cookie : Request.getCookies(request)) {
            if (cookie.getName().equals(cookies.name())
                    && !cookie.getValue().isEmpty()
                    && cookies.origins().allow(request)) {
                found.add(new Credential(Carrier.COOKIE, cookie.getValue()));
            }
        }
    }

    /** Whether the credential is a cookie: a browser sends its newest value by itself when it reconnects. */
    boolean isByCookie() {
        return credential != null && credential.carrier() == Carrier.COOKIE;
    }

    /** Leaves out addresses, headers and the credential. */
    @Override
    public String toString() {
        return "Attempt[" + credential + "]";
    }
}
