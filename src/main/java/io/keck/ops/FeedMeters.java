package io.keck.ops;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.Meter;
import com.codahale.metrics.MetricRegistry;
import io.keck.metrics.FeedMetrics;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.Locale;
import java.util.function.DoubleSupplier;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;

/** Counts the events and deliveries of the change feed, and large answers, for {@code /metrics} on the admin port. Thread-safe. */
public final class FeedMeters implements FeedMetrics {
    private final MetricRegistry registry;
    private final Meter events;
    private final Counter deliveries;

    /** Registers {@code keck.sse.*} and {@code keck.webhook.*}, and deliveries by their outcome. */
    public FeedMeters(MetricRegistry registry, PrometheusRegistry labelled) {
        this.registry = registry;
        events = registry.meter("keck.sse.events");
        deliveries = Counter.builder()
                .name("keck_webhook_deliveries_total")
                .help("Attempts to deliver changes")
                .labelNames("outcome")
                .withoutExemplars()
                .register(labelled);
        for (Outcome outcome : Outcome.values()) {
            deliveries.initLabelValues(label(outcome));
        }
    }

    private static String label(Outcome outcome) {
        return outcome.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public void watchStreams(IntSupplier streams) {
        registry.register("keck.sse.streams", (Gauge<Integer>) streams::getAsInt);
    }

    @Override
    public void watchDeliveries(IntSupplier backlog, DoubleSupplier oldestSeconds) {
        registry.register("keck.webhook.backlog-rooms", (Gauge<Integer>) backlog::getAsInt);
        registry.register("keck.webhook.oldest-seconds", (Gauge<Double>) oldestSeconds::getAsDouble);
    }

    @Override
    public void watchAnswers(LongSupplier spooledBytes, LongSupplier refused, LongSupplier overRate) {
        registry.register(MetricNames.ANSWERS_HELD, (Gauge<Long>) overRate::getAsLong);
        registry.register(MetricNames.ANSWERS_SPOOLED, (Gauge<Long>) spooledBytes::getAsLong);
        registry.register(MetricNames.ANSWERS_REFUSED, (Gauge<Long>) refused::getAsLong);
    }

    @Override
    public void eventSent() {
        events.mark();
    }

    @Override
    public void delivered(Outcome outcome) {
        deliveries.labelValues(label(outcome)).inc();
    }
}
