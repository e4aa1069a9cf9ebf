package io.keck.api;

import io.keck.heap.AddressShares;
import io.keck.heap.HeapLedger;
import io.keck.heap.Tally;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.ext.WriterInterceptor;
import jakarta.ws.rs.ext.WriterInterceptorContext;
import java.io.IOException;
import java.io.OutputStream;
import java.util.function.LongSupplier;
import org.eclipse.jetty.io.EofException;
import org.jspecify.annotations.Nullable;

/**
 * Bounds the threads and the memory of answers that clients read slowly. Each answer holds a thread until it is
 * written, and is in memory as a whole or in slices ({@link Spool}). Large answers do not fit into the buffers of a
 * connection and count in the ledger of the heap. A small answer fits, unless hundreds of unread ones precede it on the
 * connection, so small answers have places of their own while they are being written. The connection is aborted beyond
 * these limits, if the node needs the memory, or if the client reads a large answer below the least rate. Thread-safe.
 */
final class LargeAnswers implements WriterInterceptor {
    /** Answers below this size fit into the buffers of a connection. */
    static final int LARGE = 64 << 10;

    /** The bytes after which the rate of the client is compared with the least rate. */
    static final int SLICE = 32 << 10;

    private final HeapLedger ledger;
    private final AddressShares writing;
    private final AddressShares writingSmall;
    private final AnswerRates rates;
    private final long minRate;
    private final LongSupplier nanos;

    @Context
    private @Nullable HttpServletRequest request;

    /**
     * Creates the interceptor.
     *
     * @param writing the places for threads that write large answers
     * @param writingSmall the places for threads that write small answers
     * @param rates limits the bytes per second to each address
     * @param minRate the bytes per second below which a large answer is aborted; see {@link Pace}
     * @param nanos a steady clock
     */
    LargeAnswers(
            HeapLedger ledger,
            AddressShares writing,
            AddressShares writingSmall,
            AnswerRates rates,
            long minRate,
            LongSupplier nanos) {
        this.rates = rates;
        this.ledger = ledger;
        this.writing = writing;
        this.writingSmall = writingSmall;
        this.minRate = minRate;
        this.nanos = nanos;
    }

    @Override
    public void aroundWriteTo(WriterInterceptorContext context) throws IOException {
        String address = request == null ? "" : request.getRemoteAddr();
        if (context.getEntity() instanceof byte[] bytes && bytes.length >= LARGE) {
            writeLarge(context, bytes.length, address);
            return;
        }
        if (context.getEntity() instanceof Spool) {
            writeLarge(context, SLICE, address);
            return;
        }
        if (writingSmall.enter(address) != AddressShares.Answer.TAKEN) {
            throw new EofException("too many answers are being written to this address");
        }
        try {
            context.setOutputStream(rates.stream(context.getOutputStream(), address));
            context.proceed();
        } finally {
            writingSmall.leave(address);
        }
    }

    private void writeLarge(WriterInterceptorContext context, int bytes, String address) throws IOException {
        if (writing.enter(address) != AddressShares.Answer.TAKEN) {
            throw new EofException("too many large answers are being written to this address");
        }
        Writing now = new Writing();
        Tally tally = ledger.open(HeapLedger.Kind.ANSWER, null, address, why -> now.breakOff());
        tally.add(bytes);
        try {
            OutputStream out = rates.stream(context.getOutputStream(), address);
            context.setOutputStream(new Paced(out, new Pace(nanos, minRate)));
            context.proceed();
        } finally {
            now.end();
            tally.close();
            writing.leave(address);
        }
    }

    /** Aborts an answer that is read too slowly. */
    private static final class Paced extends SlicedOutput {
        private final Pace pace;

        Paced(OutputStream out, Pace pace) {
            super(out);
            this.pace = pace;
        }

        @Override
        void passed(int bytes) throws IOException {
            if (!pace.keptWith(bytes)) {
                throw new EofException("the client reads the answer too slowly");
            }
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
            Thread.interrupted(); // the interrupt must not reach the next request
        }
    }
}
