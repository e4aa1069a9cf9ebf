package io.keck.api;

import io.keck.heap.AddressShares;
import io.keck.heap.HeapLedger;
import io.keck.heap.Tally;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.ext.WriterInterceptor;
import jakarta.ws.rs.ext.WriterInterceptorContext;
import java.io.IOException;
import org.eclipse.jetty.io.EofException;
import org.jspecify.annotations.Nullable;

/**
 * Bounds what answers hold that their clients take slowly: each is in memory as a whole and holds a thread until it is
 * written. Only those count that do not fit into the buffers of a connection. Beyond the limits, or where the node needs its
 * memory, the connection breaks off. Thread-safe.
 */
final class LargeAnswers implements WriterInterceptor {
    /** Answers below this size fit into the buffers of a connection. */
    static final int LARGE = 64 << 10;

    private final HeapLedger ledger;
    private final AddressShares writing;

    @Context
    private @Nullable HttpServletRequest request;

    /** @param writing places for threads that write large answers */
    LargeAnswers(HeapLedger ledger, AddressShares writing) {
        this.ledger = ledger;
        this.writing = writing;
    }

    @Override
    public void aroundWriteTo(WriterInterceptorContext context) throws IOException {
        if (!(context.getEntity() instanceof byte[] bytes) || bytes.length < LARGE) {
            context.proceed();
            return;
        }
        String address = request == null ? "" : request.getRemoteAddr();
        if (writing.enter(address) != AddressShares.Answer.TAKEN) {
            throw new EofException("too many large answers are being written to this address");
        }
        Writing now = new Writing();
        Tally tally = ledger.open(HeapLedger.Kind.ANSWER, null, address, why -> now.breakOff());
        tally.add(bytes.length);
        try {
            context.proceed();
        } finally {
            now.end();
            tally.close();
            writing.leave(address);
        }
    }

    /** A thread that writes an answer. */
    private static final class Writing {
        private final Thread thread = Thread.currentThread();
        private boolean isOver;

        synchronized void breakOff() {
            if (!isOver) {
                thread.interrupt();
            }
        }

        synchronized void end() {
            isOver = true;
            Thread.interrupted(); // it is not for the next request
        }
    }
}
