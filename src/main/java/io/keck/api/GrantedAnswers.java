package io.keck.api;

import io.keck.access.Fault;
import io.keck.access.Grant;
import io.keck.access.Visit;
import jakarta.annotation.Priority;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.Priorities;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.ext.WriterInterceptor;
import jakarta.ws.rs.ext.WriterInterceptorContext;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import org.eclipse.jetty.io.EofException;
import org.jspecify.annotations.Nullable;

/**
 * Aborts answers that are still being sent when their grant ends: downloads of blobs, exports, long histories. The
 * connection is closed, so that the client notices the missing part. Small answers are not aborted, because they are
 * already in the buffers of a connection. Thread-safe.
 */
@Priority(Priorities.USER - 1)
final class GrantedAnswers implements WriterInterceptor {
    @Context
    private @Nullable HttpServletRequest request;

    GrantedAnswers() {}

    /** Creates an interceptor for one request, for tests. */
    GrantedAnswers(HttpServletRequest request) {
        this.request = request;
    }

    @Override
    public void aroundWriteTo(WriterInterceptorContext context) throws IOException {
        boolean isSmall = context.getEntity() instanceof byte[] bytes && bytes.length < LargeAnswers.LARGE;
        NeedsFilter.Granted granted = isSmall ? null : NeedsFilter.granted(request);
        if (granted == null || granted.visit() == Visit.OPEN) {
            context.proceed();
            return;
        }
        Cut out = new Cut(context.getOutputStream());
        Visit.Follower follower = new Visit.Follower() {
            @Override
            public void ended(Fault fault) {
                out.end();
            }

            @Override
            public void changed(Grant grant) {}
        };
        Runnable unfollow = granted.visit().follow(granted.grant(), follower, granted.rights());
        try {
            context.setOutputStream(out);
            context.proceed();
        } finally {
            unfollow.run();
        }
    }

    /** Passes bytes on until it is cut, which also wakes a thread that waits for the client. */
    private static final class Cut extends FilterOutputStream {
        private @Nullable Thread writing;
        private boolean isEnded;

        Cut(OutputStream out) {
            super(out);
        }

        synchronized void end() {
            isEnded = true;
            if (writing != null) {
                writing.interrupt();
            }
        }

        private synchronized void begin() throws IOException {
            if (isEnded) {
                throw new EofException("the grant of the answer has ended");
            }
            writing = Thread.currentThread();
        }

        private synchronized void done() throws IOException {
            writing = null;
            if (isEnded) {
                Thread.interrupted(); // the interrupt must not reach the next request
                throw new EofException("the grant of the answer has ended");
            }
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            begin();
            try {
                out.write(bytes, offset, length);
            } finally {
                done();
            }
        }

        @Override
        public void flush() throws IOException {
            begin();
            try {
                out.flush();
            } finally {
                done();
            }
        }
    }
}
