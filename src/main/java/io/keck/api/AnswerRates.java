package io.keck.api;

import io.keck.heap.AddressFlow;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;

/** Slows down answers to an address that gets more bytes a second than it may: their threads wait. Thread-safe. */
final class AnswerRates {
    /** Waits for milliseconds. */
    @FunctionalInterface
    interface Sleep {
        /** Waits. */
        void millis(long millis) throws InterruptedException;
    }

    /** The longest wait before the next look whether the address may go on. */
    private static final long STEP_MILLIS = 1_000;

    private final AddressFlow flow;
    private final Sleep sleep;

    AnswerRates(AddressFlow flow, Sleep sleep) {
        this.flow = flow;
        this.sleep = sleep;
    }

    /** The stream of an answer to that address. */
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
                        "the answer was broken off while it waited for the rate of its address");
            }
        }
    }
}
