package io.keck.api;

import io.keck.access.Decision;
import io.keck.http.NewRooms;
import io.keck.protocol.PercentEncoding;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.container.ContainerResponseFilter;
import jakarta.ws.rs.core.Context;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Counts the documents that each address makes by POST and init, and refuses more than its share with 429. Thread-safe. */
public final class NewRoomsFilter implements ContainerRequestFilter, ContainerResponseFilter {
    private static final Pattern MAKES = Pattern.compile("block/([^/]+)(/init)?/?");
    private static final int TOO_MANY = 429;
    private static final int OK = 200;

    private final NewRooms rooms;

    /** Set by Jersey: a proxy for that of each request. */
    @Context
    private @Nullable HttpServletRequest servlet;

    /** @param rooms counts */
    public NewRoomsFilter(NewRooms rooms) {
        this.rooms = rooms;
    }

    @Override
    public void filter(ContainerRequestContext request) {
        Matcher path = makes(request);
        String name = path == null ? null : PercentEncoding.decode(Objects.requireNonNull(path.group(1)));
        if (name != null && servlet != null && !rooms.accepts(servlet.getRemoteAddr(), name)) {
            request.abortWith(Failures.response(Reply.text(TOO_MANY, NewRooms.SENTENCE))
                    .header("Retry-After", "60")
                    .build());
            return;
        }
        Decision.Refused refused =
                name == null ? null : NeedsFilter.allowance(servlet).newDocument();
        if (refused != null && name != null && servlet != null && !rooms.isThere(servlet.getRemoteAddr(), name)) {
            request.abortWith(NeedsFilter.refusal(refused));
        }
    }

    @Override
    public void filter(ContainerRequestContext request, ContainerResponseContext response) {
        Matcher path = makes(request);
        if (path == null || servlet == null || response.getStatus() != OK) {
            return;
        }
        // init answers 200 only where it made the document; POST also where there is one, which costs nothing if it has
        // content
        String seq = String.valueOf(response.getHeaders().getFirst("Keck-Seq"));
        if (path.group(2) != null || seq.endsWith("-0")) {
            rooms.began(servlet.getRemoteAddr());
            NeedsFilter.allowance(servlet).madeDocument();
        }
    }

    private static @Nullable Matcher makes(ContainerRequestContext request) {
        if (!request.getMethod().equals("POST")) {
            return null;
        }
        Matcher path = MAKES.matcher(request.getUriInfo().getPath(false));
        return path.matches() ? path : null;
    }
}
