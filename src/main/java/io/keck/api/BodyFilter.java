package io.keck.api;

import io.keck.heap.AddressShares;
import io.keck.heap.HeapLedger;
import io.keck.heap.Tally;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.ws.rs.core.Response.Status;
import java.io.IOException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Bounds the threads and the memory that bodies of requests take.
 *
 * <p><b>Threads.</b> A thread of the server reads a body and waits if the body arrives slowly. The number of waiting
 * threads is limited, in all and per address; a further request whose body has not arrived is refused. A body that has
 * arrived when it is read needs no place, so fast clients never meet this limit. The other threads are left for
 * WebSockets, health checks and answers.
 *
 * <p><b>Memory.</b> The bytes read, multiplied by the factor by which they grow when parsed, count in the ledger of the
 * heap until the request is answered. Thread-safe.
 */
final class BodyFilter extends HttpFilter {
    private static final long serialVersionUID = 1L;

    /** Bytes on the heap for each byte of JSON: the bytes, the text, and the values, which are boxed. */
    private static final int JSON = 8;
    /** Bytes on the heap for each byte of another body: the growing buffer, and the parsed content. */
    private static final int OTHER = 3;

    private static final int TOO_MANY_REQUESTS = 429;

    private final transient AddressShares waiting;
    private final transient HeapLedger ledger;

    /** @param waiting the places for threads that wait for a body */
    BodyFilter(AddressShares waiting, HeapLedger ledger) {
        this.waiting = waiting;
        this.ledger = ledger;
    }

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        boolean hasBody = request.getContentLengthLong() > 0 || request.getHeader("Transfer-Encoding") != null;
        if (!hasBody || isOfBlobs(request)) {
            chain.doFilter(request, response);
            return;
        }
        Tally tally = ledger.open(HeapLedger.Kind.BODY, null, request.getRemoteAddr(), null);
        try {
            chain.doFilter(new Bounded(request, response, tally), response);
        } catch (Refusal refusal) { // a body that no resource reads
            if (response.isCommitted() || !(refusal.reply().body() instanceof Reply.Bytes sentence)) {
                throw refusal;
            }
            response.setStatus(refusal.reply().status());
            response.setContentType(refusal.reply().type());
            response.getOutputStream().write(sentence.bytes());
        } finally {
            if (request.isAsyncStarted()) {
                request.getAsyncContext().addListener(new Closing(tally));
            } else {
                tally.close();
            }
        }
    }

    /** Uploads have places of their own, and are not held in memory. The path is decoded, and without dot segments. */
    private static boolean isOfBlobs(HttpServletRequest request) {
        String path = request.getServletPath() + (request.getPathInfo() == null ? "" : request.getPathInfo());
        return path.startsWith("/api/blobs/") || path.startsWith("/api/workspace/");
    }

    private final class Bounded extends HttpServletRequestWrapper {
        private final HttpServletResponse response;
        private final Tally tally;
        private @Nullable ServletInputStream stream;

        Bounded(HttpServletRequest request, HttpServletResponse response, Tally tally) {
            super(request);
            this.response = response;
            this.tally = tally;
        }

        @Override
        public ServletInputStream getInputStream() throws IOException {
            if (stream == null) {
                String type = getContentType();
                boolean json = type != null && type.toLowerCase(Locale.ROOT).contains("json");
                stream = new Body(
                        super.getInputStream(),
                        getRemoteAddr(),
                        response,
                        tally,
                        json ? JSON : OTHER,
                        getContentLengthLong());
            }
            return stream;
        }
    }

    private final class Body extends ServletInputStream {
        private final ServletInputStream in;
        private final String address;
        private final HttpServletResponse response;
        private final Tally tally;
        private final int perByte;
        /** The bytes still to arrive; negative if the length was not announced. */
        private long left;

        Body(
                ServletInputStream in,
                String address,
                HttpServletResponse response,
                Tally tally,
                int perByte,
                long announced) {
            this.left = announced < 0 ? Long.MIN_VALUE : announced;
            this.in = in;
            this.address = address;
            this.response = response;
            this.tally = tally;
            this.perByte = perByte;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] into, int from, int length) throws IOException {
            boolean isThere = left == 0 || in.isFinished() || in.available() > 0;
            int n = isThere ? in.read(into, from, length) : wait(into, from, length);
            left -= Math.max(0, n);
            if (n > 0 && !tally.reserve((long) n * perByte)) {
                throw refuse(Status.SERVICE_UNAVAILABLE.getStatusCode(), "This node has no memory for this body now.");
            }
            return n;
        }

        private int wait(byte[] into, int from, int length) throws IOException {
            AddressShares.Answer place = waiting.enter(address);
            if (place != AddressShares.Answer.TAKEN) {
                throw place == AddressShares.Answer.FULL
                        ? refuse(
                                Status.SERVICE_UNAVAILABLE.getStatusCode(),
                                "Too many slow bodies are being received; please send this one without delay.")
                        : refuse(
                                TOO_MANY_REQUESTS,
                                "Too many slow bodies are being received from your address; please send this one"
                                        + " without delay.");
            }
            try {
                return in.read(into, from, length);
            } finally {
                waiting.leave(address);
            }
        }

        private Refusal refuse(int status, String sentence) {
            response.setHeader("Retry-After", "1");
            response.setHeader("Connection", "close");
            return new Refusal(Reply.text(status, sentence));
        }

        @Override
        public int available() throws IOException {
            return in.available();
        }

        @Override
        public boolean isFinished() {
            return in.isFinished();
        }

        @Override
        public boolean isReady() {
            return in.isReady();
        }

        @Override
        public void setReadListener(ReadListener listener) {
            in.setReadListener(listener);
        }
    }

    private record Closing(Tally tally) implements AsyncListener {
        @Override
        public void onComplete(AsyncEvent event) {
            tally.close();
        }

        @Override
        public void onTimeout(AsyncEvent event) {}

        @Override
        public void onError(AsyncEvent event) {}

        @Override
        public void onStartAsync(AsyncEvent event) {
            event.getAsyncContext().addListener(this);
        }
    }
}
