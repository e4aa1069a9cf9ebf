package io.keck.api;

import io.keck.access.Allowance;
import io.keck.access.Decision;
import io.keck.access.Fault;
import io.keck.access.Grant;
import io.keck.access.Needs;
import io.keck.access.Public;
import io.keck.access.Purpose;
import io.keck.access.Right;
import io.keck.access.Visit;
import io.keck.failure.Forbidden;
import jakarta.annotation.Priority;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.Priorities;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.container.ContainerResponseFilter;
import jakarta.ws.rs.container.ResourceInfo;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Admits a call if the caller has the rights that its method names ({@link Needs}). The check comes before the body is
 * read and before the existence of the document is looked up, so that a refusal reveals nothing about the document. A
 * method that names no right is refused for all callers, except under open access. Stateless.
 */
@Priority(Priorities.AUTHORIZATION)
final class NeedsFilter implements ContainerRequestFilter, ContainerResponseFilter {
    /** The parameters of a path that may hold the name of the document; a path has one of them. */
    private static final List<String> NAMES = List.of("document", "workspace");

    private static final String SHARED = "public";
    private static final Set<Right> STORING = EnumSet.of(Right.WRITE, Right.CREATE, Right.BLOB_WRITE);
    /** The property of a request that holds the id of its principal; absent while access is open. */
    static final String PRINCIPAL = NeedsFilter.class.getName() + ".principal";
    /** The property of a request that holds the remaining allowance of its grant; absent while access is open. */
    static final String ALLOWANCE = NeedsFilter.class.getName() + ".allowance";

    /** The property of a request that holds by which grant it is answered; absent where the call is for no document. */
    private static final String GRANTED = NeedsFilter.class.getName() + ".granted";

    /** The grant under which a request is answered, and the rights that it needs. */
    @SuppressWarnings("ArrayRecordComponent") // the array of the annotation
    record Granted(Visit visit, Grant grant, Right... rights) {}

    /** The property of a request that holds the right for which it is audited. */
    private static final String REMOVES = NeedsFilter.class.getName() + ".removes";

    /** The property of a request that holds the event by which it is audited, and the one with a detail of it. */
    private static final String EVENT = NeedsFilter.class.getName() + ".event";

    private static final String DETAIL = NeedsFilter.class.getName() + ".detail";

    private static final Set<Right> REMOVING = EnumSet.of(Right.REPLACE, Right.DELETE, Right.BLOB_DELETE, Right.PURGE);
    /** The property of a request that holds the grant of a call on the server as a whole. */
    private static final String ON_SERVER = NeedsFilter.class.getName() + ".server";

    @Context
    private @Nullable ResourceInfo resource;

    NeedsFilter() {}

    @Override
    public void filter(ContainerRequestContext request) {
        Visit visit = Visit.of(request.getProperty(Visit.ATTRIBUTE));
        Method method = resource == null ? null : resource.getResourceMethod();
        if (method == null || isJerseysOwn(method) || isPublic(method)) {
            return;
        }
        Needs needs = method.getAnnotation(Needs.class);
        if (visit == Visit.OPEN) {
            open(request, visit, needs);
            return;
        }
        Response refused =
                needs == null ? refusal(new Decision.Refused(Fault.FORBIDDEN)) : judge(request, visit, needs);
        if (refused != null) {
            request.abortWith(refused);
        }
    }

    /** With open access every call has a grant as well, because the called parts demand one. */
    private static void open(ContainerRequestContext request, Visit visit, @Nullable Needs needs) {
        if (needs != null && needs.ofEach()) {
            request.setProperty(ON_SERVER, granted(visit.onNames()));
        } else if (needs != null && !needs.value()[0].isOfDocument()) {
            request.setProperty(ON_SERVER, granted(visit.onServer(needs.value()[0])));
        } else if (NAMES.stream().anyMatch(request.getUriInfo().getPathParameters(false)::containsKey)) {
            Grant grant = granted(visit.on(document(request), null));
            request.setProperty(GRANTED, grant == null ? null : new Granted(visit, grant));
        }
    }

    private static @Nullable Grant granted(Decision decision) {
        return decision instanceof Decision.Admitted admitted ? admitted.grant() : null;
    }

    /** Whether Jersey added the method itself, as for OPTIONS. */
    private static boolean isJerseysOwn(Method method) {
        return method.getDeclaringClass().getName().startsWith("org.glassfish.jersey.");
    }

    static boolean isPublic(Method method) {
        return method.isAnnotationPresent(Public.class)
                || method.getDeclaringClass().isAnnotationPresent(Public.class);
    }

    /** Whether a method of a resource answers calls. */
    static boolean isCall(Method method) {
        return Arrays.stream(method.getAnnotations())
                .map(Annotation::annotationType)
                .anyMatch(type -> type.isAnnotationPresent(HttpMethod.class));
    }

    /** Keeps shared caches from storing answers, which are meant for one caller. */
    @Override
    public void filter(ContainerRequestContext request, ContainerResponseContext response) {
        Visit visit = Visit.of(request.getProperty(Visit.ATTRIBUTE));
        if (visit == Visit.OPEN) {
            return;
        }
        if (request.getProperty(EVENT) instanceof String event
                && request.getProperty(GRANTED) instanceof Granted granted) {
            Object detail = request.getProperty(DETAIL);
            visit.decided(
                    granted.grant().document(), event, detail instanceof String text ? text : "", response.getStatus());
        } else if (request.getProperty(REMOVES) instanceof Right right) {
            visit.done(right, detail(request, right), response.getStatus());
        }
        Object caching = response.getHeaders().getFirst(HttpHeaders.CACHE_CONTROL);
        if (caching == null) {
            response.getHeaders().putSingle(HttpHeaders.CACHE_CONTROL, "private, no-store");
        } else if (caching.toString().startsWith(SHARED)) {
            response.getHeaders()
                    .putSingle(
                            HttpHeaders.CACHE_CONTROL,
                            "private" + caching.toString().substring(SHARED.length()));
        }
    }

    private static String detail(ContainerRequestContext request, Right right) {
        if (right == Right.BLOB_DELETE) {
            List<String> ids = request.getUriInfo().getPathParameters(true).get("id");
            return ids == null || ids.isEmpty() ? "" : ids.get(0);
        }
        return right.isOfDocument() ? "" : "/api/" + request.getUriInfo().getPath(false);
    }

    private static @Nullable Response judge(ContainerRequestContext request, Visit visit, Needs needs) {
        if (needs.inBody()) {
            return null; // the method calls admit
        }
        if (needs.ofEach()) {
            return ofEach(request, visit.onNames());
        }
        Right[] rights = needs.value();
        if (!rights[0].isOfDocument()) {
            Decision decision = visit.onServer(rights[0]);
            if (decision instanceof Decision.Admitted) {
                request.setProperty(REMOVES, rights[0]);
                request.setProperty(ON_SERVER, granted(decision));
            }
            return answer(decision);
        }
        String document = document(request);
        Purpose purpose = needs.tickets().length == 0 ? null : needs.tickets()[0];
        Decision decision = visit.demand(document, purpose, rights);
        if (decision instanceof Decision.Admitted admitted) {
            for (Right right : rights) {
                if (REMOVING.contains(right)) {
                    request.setProperty(REMOVES, right);
                }
            }
            if (!needs.audited().isEmpty()) {
                request.setProperty(EVENT, needs.audited());
            }
            request.setProperty(GRANTED, new Granted(visit, admitted.grant(), rights));
            request.setProperty(PRINCIPAL, admitted.grant().principal().id());
            return limited(request, visit.allowance(admitted.grant()), Set.of(rights));
        }
        return answer(decision);
    }

    private static @Nullable Response ofEach(ContainerRequestContext request, Decision decision) {
        if (decision instanceof Decision.Admitted admitted) {
            request.setProperty(ON_SERVER, admitted.grant());
            request.setProperty(PRINCIPAL, admitted.grant().principal().id());
        }
        return answer(decision);
    }

    /** Refuses a request beyond the limits of a grant, and counts its body. */
    private static @Nullable Response limited(ContainerRequestContext request, Allowance allowance, Set<Right> rights) {
        if (allowance == Allowance.ALL) {
            return null;
        }
        request.setProperty(ALLOWANCE, allowance);
        boolean stores = STORING.stream().anyMatch(rights::contains)
                && !request.getMethod().equals(HttpMethod.DELETE);
        Decision.Refused refused = stores ? allowance.storage() : null;
        if (refused == null && request.hasEntity()) {
            refused = allowance.bytes();
            request.setEntityStream(new CountedBody(request.getEntityStream(), allowance, stores));
        }
        return refused == null ? null : refusal(refused);
    }

    /** The name of the document, decoded exactly as the resource decodes it, so that both see the same document. */
    private static String document(ContainerRequestContext request) {
        String parameter =
                request.getUriInfo().getPathParameters(false).containsKey(NAMES.get(0)) ? NAMES.get(0) : NAMES.get(1);
        List<String> raw = request.getUriInfo().getPathParameters(false).get(parameter);
        List<String> decoded = request.getUriInfo().getPathParameters(true).get(parameter);
        String name = raw == null || raw.size() != 1 ? null : Call.decode(raw.get(0));
        if (name == null || decoded == null || !decoded.equals(List.of(name))) {
            throw Refusal.bad("The path is not percent-encoded UTF-8.");
        }
        return name;
    }

    private static @Nullable Response answer(Decision decision) {
        return decision instanceof Decision.Refused refused ? refusal(refused) : null;
    }

    static Response refusal(Decision.Refused refused) {
        Fault fault = refused.fault();
        Response.ResponseBuilder builder = Failures.response(Reply.text(fault.status(), fault.sentence() + "\n"));
        if (fault.status() == Response.Status.UNAUTHORIZED.getStatusCode()) {
            builder.header(HttpHeaders.WWW_AUTHENTICATE, "Bearer");
        }
        if (refused.retryAfterSeconds() > 0) {
            builder.header(HttpHeaders.RETRY_AFTER, refused.retryAfterSeconds());
        }
        return builder.build();
    }

    /** The remaining allowance of a call's grant. */
    static Allowance allowance(@Nullable HttpServletRequest request) {
        Object allowance = request == null ? null : request.getAttribute(ALLOWANCE);
        return allowance instanceof Allowance left ? left : Allowance.ALL;
    }

    /**
     * The grant of a call on a document.
     *
     * @throws Refusal if the call has no grant, which cannot happen after {@link #filter}
     */
    static Grant grant(@Nullable HttpServletRequest request) {
        Granted granted = granted(request);
        if (granted == null) {
            throw new Forbidden("to be judged for a document");
        }
        return granted.grant();
    }

    /** The grant of a call on the server as a whole or on many documents; refuses as {@link #grant} does. */
    static Grant onServer(HttpServletRequest request) {
        if (request.getAttribute(ON_SERVER) instanceof Grant grant) {
            return grant;
        }
        throw new Forbidden("to be judged for the server");
    }

    /** By which grant a call is answered; null if it is for no document. */
    static @Nullable Granted granted(@Nullable HttpServletRequest request) {
        Object granted = request == null ? null : request.getAttribute(GRANTED);
        return granted instanceof Granted by ? by : null;
    }

    /** Judges a call whose body names its document ({@link Needs#inBody}), or refuses it; its grant. */
    static Grant admit(HttpServletRequest request, String document, Right... rights) {
        Visit visit = Visit.of(request.getAttribute(Visit.ATTRIBUTE));
        Decision decision = visit.demand(document, null, rights);
        if (decision instanceof Decision.Refused refused) {
            throw new WebApplicationException(refusal(refused));
        }
        Grant grant = ((Decision.Admitted) decision).grant();
        request.setAttribute(GRANTED, new Granted(visit, grant, rights));
        if (visit == Visit.OPEN) {
            return grant;
        }
        Allowance allowance = visit.allowance(grant);
        Decision.Refused full = allowance.storage();
        if (full != null) {
            throw new WebApplicationException(refusal(full));
        }
        request.setAttribute(PRINCIPAL, grant.principal().id());
        request.setAttribute(ALLOWANCE, allowance);
        return grant;
    }

    /** Adds a detail to the entry of the audit log about a call that {@link Needs#audited} names. */
    static void audit(HttpServletRequest request, String detail) {
        request.setAttribute(DETAIL, detail);
    }

    /** Leaves a call out of the audit log, since it changes nothing. */
    static void unaudited(HttpServletRequest request) {
        request.removeAttribute(EVENT);
    }

    /** Refuses a call that needs another right for a document, which shows only while it runs. */
    static void demand(HttpServletRequest request, String document, Right right) {
        if (Visit.of(request.getAttribute(Visit.ATTRIBUTE)).demand(document, null, right)
                instanceof Decision.Refused refused) {
            throw new WebApplicationException(refusal(refused));
        }
        if (REMOVING.contains(right)) {
            request.setAttribute(REMOVES, right);
        }
    }
}
