package io.keck.api;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Encodes what a URI may not hold as it is, before Jersey refuses it: clients send keys of maps and queries as they are,
 * with braces, pipes and percent signs in them. A percent sign that begins no escape stands for itself. Thread-safe.
 */
final class UriFilter extends HttpFilter {
    private static final long serialVersionUID = 1L;

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        String path = request.getRequestURI();
        String query = request.getQueryString();
        String encodedPath = UriText.encoded(path, UriText.IN_PATH);
        String encodedQuery = query == null ? null : UriText.encoded(query, UriText.IN_QUERY);
        boolean same = encodedPath.equals(path) && (query == null || query.equals(encodedQuery));
        chain.doFilter(same ? request : new Encoded(request, encodedPath, encodedQuery), response);
    }

    private static final class Encoded extends HttpServletRequestWrapper {
        private final String path;
        private final @Nullable String query;

        Encoded(HttpServletRequest request, String path, @Nullable String query) {
            super(request);
            this.path = path;
            this.query = query;
        }

        @Override
        public String getRequestURI() {
            return path;
        }

        @Override
        public StringBuffer getRequestURL() {
            StringBuffer url = super.getRequestURL();
            url.setLength(url.length() - super.getRequestURI().length());
            return url.append(path);
        }

        @Override
        public @Nullable String getQueryString() {
            return query;
        }
    }
}
