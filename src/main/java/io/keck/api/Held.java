package io.keck.api;

import io.keck.heap.AddressFlow;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;

/** Holds answers back whose address gets more bytes a second than it may: the threads that write them wait. Thread-safe. */
final class Held {
    /** Waits for milliseconds. */
    @FunctionalInterface
    interface Sleep {
        /** Waits. */
        void millis(long millis) throws InterruptedException;
    }

    /** The longest wait before somebody looks again whether the client is still there. */
    private static final long STEP_MILLIS = 1_000;

    private static final int SLICE = LargeAnswers.SLICE;

    private final AddressFlow flow;
    private final Sleep sleep;

    Held(AddressFlow flow, Sleep sleep) {
        this.flow = flow;
        this.sleep = sleep;
    }

    /** The stream of an answer to that address. */
    OutputStream stream(OutputStream out, String address) {
        return flow.isLimited() ? new Stream(out, address) : out;
    }

    private final class Stream extends FilterOutputStream {
        private final String address;

        Stream(OutputStream out, String address) {
            super(out);
            this.address = address;
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            int end = offset + length;
            for (int from = offset; from < end; from += SLICE) {
                int n = Math.min(SLICE, end - from);
                out.write(bytes, from, n);
                hold(flow.pass(address, n));
            }
        }

        private void hold(long first) throws IOException {
            try {
                for (long wait = first; wait > 0; wait = flow.wait(address)) {
                    sleep.millis(Math.min(wait, STEP_MILLIS));
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("the node needs what this answer takes");
            }
        }
    }
}
