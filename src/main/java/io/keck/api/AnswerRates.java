package io.keck.api;

import io.keck.heap.AddressFlow;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;

/** Slows down answers to an address above its limit of bytes per second, by making their threads wait. Thread-safe. */
final class AnswerRates {
    /** A way to wait. */
    @FunctionalInterface
    interface Sleep {
        /** Waits for a number of milliseconds. */
        void millis(long millis) throws InterruptedException;
    }

    /** The longest wait before the rate of the address is checked again. */
    private static final long STEP_MILLIS = 1_000;

    private final AddressFlow flow;
    private final Sleep sleep;

    AnswerRates(AddressFlow flow, Sleep sleep) {
        this.flow = flow;
        this.sleep = sleep;
    }

    /** Wraps the stream of an answer to an address. */
    OutputStream stream(OutputStream out, String address) {
        return flow.isLimited() ? new Stream(out, address) : out;
    }

    private final class Stream extends SlicedOutput {
        private final String address;

        Stream(OutputStream out, String address) {
            super(out);
            this.address = address;
        }

        @Override
        void passed(int bytes) throws IOException {
            hold(flow.pass(address, bytes));
        }

        private void hold(long first) throws IOException {
            try {
                for (long wait = first; wait > 0; wait = flow.wait(address)) {
                    sleep.millis(Math.min(wait, STEP_MILLIS));
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException(
                        "the answer was aborted while it waited for the rate limit of its address");
            }
        }
    }
}
