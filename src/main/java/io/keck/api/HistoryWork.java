package io.keck.api;

import io.keck.failure.TooCostly;
import io.keck.failure.Unavailable;
import io.keck.heap.AddressShares;
import io.keck.heap.HeapLedger;
import io.keck.heap.Tally;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;

/**
 * Runs the calls that read history: on threads of their own, since they wait for the database and build whole documents; a
 * limited number at once, of all addresses and of each; with the heap that the ledger grants. Thread-safe.
 */
final class HistoryWork {
    private static final int TOO_MANY_REQUESTS = 429;

    private final Executor threads;
    private final AddressShares places;
    private final HeapLedger ledger;
    private final Spools spools;
    private final long maxSteps;

    /**
     * @param places the places of calls that run or wait for a thread
     * @param maxSteps the steps that one call may take, as in {@link io.keck.room.DocumentLimits}
     */
    HistoryWork(Executor threads, AddressShares places, HeapLedger ledger, Spools spools, long maxSteps) {
        this.threads = threads;
        this.places = places;
        this.ledger = ledger;
        this.spools = spools;
        this.maxSteps = maxSteps;
    }

    /** The heap, steps and files that a call may use while it runs. Used by the thread of the call. */
    final class Means {
        private final Tally tally;
        private final String document;
        private final String address;
        private long taken;

        private Means(String document, String address) {
            this.document = document;
            this.address = address;
            this.tally = ledger.open(HeapLedger.Kind.ANSWER, document, address, null);
        }

        /** Reserves the total bytes of heap that the call uses; fails the call if the ledger refuses them. */
        void take(long bytes) {
            if (bytes > taken) {
                if (!tally.reserve(bytes - taken)) {
                    throw new Unavailable("this node has no memory left for reading history", false);
                }
                taken = bytes;
            }
        }

        /** Reserves further bytes of heap as {@link #take} does. */
        void takeMore(long bytes) {
            take(taken + bytes);
        }

        /** Reserves further bytes of heap; returns false if the ledger refuses them. */
        boolean reserve(long bytes) {
            boolean isGranted = tally.reserve(bytes);
            taken += isGranted ? bytes : 0;
            return isGranted;
        }

        /** Fails the call if it has taken more steps than it may. */
        void checkSteps(long steps) {
            if (steps > maxSteps) {
                throw tooCostly(steps);
            }
        }

        /** Returns the failure of a call that takes too many steps. */
        TooCostly tooCostly(long steps) {
            return new TooCostly(document, steps);
        }

        long maxSteps() {
            return maxSteps;
        }

        /** Opens a file for the bytes of the answer. */
        Spool spool() {
            return spools.open(address);
        }
    }

    /** The steps that one call may take. */
    long maxSteps() {
        return maxSteps;
    }

    /** Runs a call when a thread is free. */
    <T> CompletionStage<T> run(String document, String address, Function<Means, T> call) {
        AddressShares.Answer place = places.enter(address);
        if (place != AddressShares.Answer.TAKEN) {
            return CompletableFuture.failedStage(refusal(place));
        }
        CompletableFuture<T> result = new CompletableFuture<>();
        try {
            threads.execute(() -> {
                Means means = new Means(document, address);
                try {
                    result.complete(call.apply(means));
                } catch (RuntimeException | Error e) {
                    result.completeExceptionally(e);
                } finally {
                    means.tally.close();
                    places.leave(address);
                }
            });
        } catch (RejectedExecutionException e) {
            places.leave(address);
            result.completeExceptionally(new Unavailable("this node is going down", false));
        }
        return result;
    }

    private static Refusal refusal(AddressShares.Answer place) {
        return place == AddressShares.Answer.FULL
                ? new Refusal(Reply.text(503, "Too many calls read history on this node now; please try again."))
                : new Refusal(Reply.text(
                        TOO_MANY_REQUESTS, "Too many calls of this address read history now; please try again."));
    }
}
