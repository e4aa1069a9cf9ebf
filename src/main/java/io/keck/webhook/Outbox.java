package io.keck.webhook;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongPredicate;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The deliveries to send now, and the results of those that were sent. Sends a few at a time, the next one as soon as
 * one has ended, so the thread that plans deliveries need not wait for them. Stops after some failures in a row.
 * Thread-safe.
 */
final class Outbox {
    /** The result of a delivery; {@code failure} is null if the receiver accepted it. */
    record Result(Delivery delivery, long sentAt, @Nullable Throwable failure) {}

    private final Sender sender;
    private final LongSupplier clock;
    private final LongPredicate maySend;
    private final int failuresUntilStop;
    private final ArrayDeque<Delivery> ready = new ArrayDeque<>();
    private List<Result> results = new ArrayList<>();
    private int most;
    private int underWay;
    private int failuresInRow;
    private boolean closed;

    /** @param maySend whether this node may deliver at a given time of the clock */
    Outbox(Sender sender, LongSupplier clock, LongPredicate maySend, int failuresUntilStop) {
        this.sender = sender;
        this.clock = clock;
        this.maySend = maySend;
        this.failuresUntilStop = failuresUntilStop;
    }

    /** Sends these deliveries after those that wait, at most {@code atATime} at a time; forgets earlier failures. */
    void send(List<Delivery> deliveries, int atATime) {
        synchronized (this) {
            ready.addAll(deliveries);
            most = atATime;
            failuresInRow = 0;
        }
        sendMore();
    }

    private void sendMore() {
        for (Delivery next = next(); next != null; next = next()) {
            Delivery delivery = next;
            long sentAt = clock.getAsLong();
            var unused = sender.post(delivery.endpoint(), delivery.id(), delivery.body())
                    .whenComplete((done, failure) -> {
                        ended(new Result(delivery, sentAt, failure));
                        sendMore();
                    });
        }
    }

    private synchronized @Nullable Delivery next() {
        if (closed || underWay >= most || failuresInRow >= failuresUntilStop || !maySend.test(clock.getAsLong())) {
            return null;
        }
        Delivery next = ready.poll();
        underWay += next == null ? 0 : 1;
        return next;
    }

    private synchronized void ended(Result result) {
        underWay--;
        failuresInRow = result.failure() == null ? 0 : failuresInRow + 1;
        results.add(result);
    }

    /** Returns the results since the last call. */
    synchronized List<Result> results() {
        List<Result> taken = results;
        results = new ArrayList<>();
        return taken;
    }

    /** Removes and returns the deliveries that were not sent yet. */
    synchronized List<Delivery> takeBack() {
        List<Delivery> taken = List.copyOf(ready);
        ready.clear();
        return taken;
    }

    /** The number of deliveries that wait or are under way. */
    synchronized int size() {
        return ready.size() + underWay;
    }

    /** Stops sending for good. */
    synchronized void close() {
        closed = true;
        ready.clear();
    }
}
