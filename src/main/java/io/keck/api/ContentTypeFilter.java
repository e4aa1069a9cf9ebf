package io.keck.api;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.ws.rs.core.MediaType;
import java.io.IOException;
import java.text.ParseException;
import java.util.Collections;
import java.util.Enumeration;
import org.glassfish.jersey.message.internal.HttpHeaderReader;
import org.jspecify.annotations.Nullable;

/**
 * Treats a malformed media type as a missing one: most calls accept a body of any type, and the others refuse it with a
 * sentence. Jersey would answer 400 without a sentence before it selects the call. Refuses a malformed {@code Accept}
 * with 406. Thread-safe.
 */
final class ContentTypeFilter extends HttpFilter {
    private static final long serialVersionUID = 1L;
    private static final String CONTENT_TYPE = "Content-Type";

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        String accept = request.getHeader("Accept");
        if (accept != null && !accept.equals("*/*") && !isAcceptable(accept)) {
            response.setStatus(HttpServletResponse.SC_NOT_ACCEPTABLE);
            response.setContentType("text/plain;charset=utf-8");
            response.getOutputStream().print("The Accept header is not a list of media types.");
            return;
        }
        String type = request.getHeader(CONTENT_TYPE);
        chain.doFilter(type == null || isMediaType(type) ? request : new Untyped(request), response);
    }

    /**
     * Whether Jersey can parse the header; otherwise it would fail the call without a sentence after carrying it out.
     */
    private static boolean isAcceptable(String accept) {
        try {
            var unused = HttpHeaderReader.readAcceptMediaType(accept);
            return true;
        } catch (ParseException | IllegalArgumentException e) {
            return false;
        }
    }

    private static boolean isMediaType(String type) {
        if (type.equals(MediaType.APPLICATION_JSON)) {
            return true;
        }
        try {
            var unused = MediaType.valueOf(type);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static final class Untyped extends HttpServletRequestWrapper {
        Untyped(HttpServletRequest request) {
            super(request);
        }

        @Override
        public @Nullable String getContentType() {
            return null;
        }

        @Override
        public @Nullable String getHeader(String name) {
            return name.equalsIgnoreCase(CONTENT_TYPE) ? null : super.getHeader(name);
        }

        @Override
        public Enumeration<String> getHeaders(String name) {
            return name.equalsIgnoreCase(CONTENT_TYPE) ? Collections.emptyEnumeration() : super.getHeaders(name);
        }

        @Override
        public Enumeration<String> getHeaderNames() {
            return Collections.enumeration(Collections.list(super.getHeaderNames()).stream()
                    .filter(name -> !name.equalsIgnoreCase(CONTENT_TYPE))
                    .toList());
        }
    }
}
