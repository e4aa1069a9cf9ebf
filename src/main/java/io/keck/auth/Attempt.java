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
 * What a request shows of its sender. Read when it arrives, since headers are gone when a connection still lives.
 *
 * @param peer the other end of the TCP connection, whatever headers say
 * @param address the client, by a forwarding header where the configuration trusts one
 * @param credential the one that was found first: header, subprotocol, address, cookie
 * @param isMalformed whether a credential stands there that cannot be one, or two where there may be one
 * @param headers of the request, by lower-case name, that may be trusted
 * @param at when it came, in milliseconds since 1970 by the database's clock: headers say who its sender was then, however long
 *     the connection lasts
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

    /** Values of headers by name. */
    interface TrustedValues {
        List<String> of(String header);
    }

    /**
     * Where credentials may stand in a cookie.
     *
     * @param name of the cookie; empty for none
     * @param origins judges whether a request that a browser sends with a cookie comes from a page of one's own
     */
    record CookieRule(String name, Origins origins) {}

    /** Reads a request that came at that time. */
    static Attempt of(Request request, CookieRule cookies, long at) {
        List<Credential> found = new ArrayList<>();
        // all three are read, though one malformed place is enough: a second credential is refused as well
        boolean wellFormed = header(request, found);
        wellFormed &= subprotocol(request, found);
        wellFormed &= query(request, found);
        boolean malformed = !wellFormed;
        if (found.isEmpty() && !malformed && !cookies.name().isEmpty()) {
            cookie(request, cookies, found);
        }
        Credential first = found.isEmpty() ? null : found.get(0);
        HttpFields fields = request.getHeaders(); // and not the request, which a connection would keep alive
        malformed |= first != null && (first.text().isEmpty() || first.text().length() > Credential.MAX);
        return new Attempt(peer(request), Request.getRemoteAddr(request), first, malformed, fields::getValuesList, at);
    }

    /** The same request with a credential that came in a message of its connection. */
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

    /** Ignores other schemes than Bearer: a proxy or another part may use them. */
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
                    continue; // clients without a token leave the parameter empty
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

    /** Whether a browser shows the newest credential by itself when it connects again. */
    boolean isByCookie() {
        return credential != null && credential.carrier() == Carrier.COOKIE;
    }

    /** Without addresses, headers and the credential. */
    @Override
    public String toString() {
        return "Attempt[" + credential + "]";
    }
}
