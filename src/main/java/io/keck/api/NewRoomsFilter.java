package io.keck.api;

import io.keck.access.Decision;
import io.keck.http.NewRooms;
import io.keck.protocol.PercentEncoding;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.container.ContainerResponseFilter;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.Response;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Counts the documents that each address creates by POST and init, and answers 429 beyond its limit. Thread-safe. */
public final class NewRoomsFilter implements ContainerRequestFilter, ContainerResponseFilter {
    private static final Pattern MAKES = Pattern.compile("block/([^/]+)(/init)?/?|y-sweet/doc/new");
    private static final Pattern PUTS = Pattern.compile("documents/([^/]+)/?");
    private static final String PROPERTY = NewRoomsFilter.class.getName();
    private static final int TOO_MANY = 429;
    private static final int OK = 200;

    private final NewRooms rooms;

    /** Set by Jersey: a proxy for the object of the current request. */
    @Context
    private @Nullable HttpServletRequest servlet;

    /** @param rooms counts the documents by address the documents by address the documents by address */
    public NewRoomsFilter(NewRooms rooms) {
        this.rooms = rooms;
    }

    @Override
    public void filter(ContainerRequestContext request) {
        Matcher path = makes(request);
        if (path == null || servlet == null) {
            return;
        }
        String raw = path.group(1);
        if (raw == null) { // the body has the name
            servlet.setAttribute(PROPERTY, this);
            return;
        }
        String name = PercentEncoding.decode(raw);
        Response refused = name == null ? null : refusal(servlet, name);
        if (refused != null) {
            request.abortWith(refused);
        }
    }

    private @Nullable Response refusal(HttpServletRequest request, String name) {
        String address = request.getRemoteAddr();
        if (!rooms.accepts(address, name)) {
            return Failures.response(Reply.text(TOO_MANY, NewRooms.SENTENCE))
                    .header("Retry-After", "60")
                    .build();
        }
        Decision.Refused refused = NeedsFilter.allowance(request).newDocument();
        return refused != null && !rooms.isThere(address, name) ? NeedsFilter.refusal(refused) : null;
    }

    /** Refuses a call whose body names a document that its sender may not make. */
    static void judge(HttpServletRequest request, String name) {
        Response refused =
                request.getAttribute(PROPERTY) instanceof NewRoomsFilter filter ? filter.refusal(request, name) : null;
        if (refused != null) {
            throw new WebApplicationException(refused);
        }
    }

    @Override
    public void filter(ContainerRequestContext request, ContainerResponseContext response) {
        Matcher path = makes(request);
        if (path == null || servlet == null || response.getStatus() != OK) {
            return;
        }
        // init answers 200 only if it created the document; POST also for an existing one, which is not counted if it
        // has content
        String seq = String.valueOf(response.getHeaders().getFirst("Keck-Seq"));
        boolean isInit = path.groupCount() > 1 && "/init".equals(path.group(2));
        if (isInit || seq.endsWith("-0")) {
            rooms.began(servlet.getRemoteAddr());
            NeedsFilter.allowance(servlet).madeDocument();
        }
    }

    private static @Nullable Matcher makes(ContainerRequestContext request) {
        Pattern makes = switch (request.getMethod()) {
            case "POST" -> MAKES;
            case "PUT" -> PUTS;
            default -> null;
        };
        if (makes == null) {
            return null;
        }
        Matcher path = makes.matcher(request.getUriInfo().getPath(false));
        return path.matches() ? path : null;
    }
}
