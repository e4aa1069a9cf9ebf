package io.keck.auth;

import io.keck.access.Visit;
import java.util.function.Function;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/** Gives every request its visit before any other handler sees it. */
final class VisitHandler extends Handler.Wrapper {
    private final transient Function<Request, Visit> visits;

    VisitHandler(Function<Request, Visit> visits) {
        this.visits = visits;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        request.setAttribute(Visit.ATTRIBUTE, visits.apply(request));
        return super.handle(request, response, callback);
    }
}
