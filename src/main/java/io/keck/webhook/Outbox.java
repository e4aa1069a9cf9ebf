package io.keck.webhook;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongPredicate;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Deliveries that are to be sent now, and how those went that were sent. Sends a few at a time, the next one as soon as one
 * has ended, so the thread that decides on them only looks in now and then. Stops after some failures in a row. Thread-safe.
 */
final class Outbox {
    /** How one went: {@code failure} is null when it was taken. */
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

    /** @param maySend whether this node delivers at that time of the clock */
    Outbox(Sender sender, LongSupplier clock, LongPredicate maySend, int failuresUntilStop) {
        this.sender = sender;
        this.clock = clock;
        this.maySend = maySend;
        this.failuresUntilStop = failuresUntilStop;
    }

    /** Sends these, too, so many at a time; failures before are forgotten. */
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

    /** What has ended since this was asked last. */
    synchronized List<Result> results() {
        List<Result> taken = results;
        results = new ArrayList<>();
        return taken;
    }

    /** What was not sent yet, and will not be. */
    synchronized List<Delivery> takeBack() {
        List<Delivery> taken = List.copyOf(ready);
        ready.clear();
        return taken;
    }

    /** How many are to be sent or under way. */
    synchronized int size() {
        return ready.size() + underWay;
    }

    /** Sends nothing any more. */
    synchronized void close() {
        closed = true;
        ready.clear();
    }
}
