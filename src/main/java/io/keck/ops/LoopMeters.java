package io.keck.ops;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxy;
import ch.qos.logback.core.UnsynchronizedAppenderBase;
import com.codahale.metrics.health.HealthCheck.Result;
import io.keck.thread.Guard;
import io.keck.thread.Loop;
import io.keck.thread.OutOfMemory;
import io.keck.wing.Host;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import org.slf4j.LoggerFactory;

/**
 * Monitors recurring work: a health check that names each loop that is stuck or has ended, and metrics of all loops.
 */
public final class LoopMeters {
    private static final String LOOP = "loop";

    private LoopMeters() {}

    /**
     * Registers the health check {@code loops} and the metrics, and passes errors that libraries log to
     * {@link OutOfMemory}.
     */
    public static void register(Host host, PrometheusRegistry registry) {
        host.healthCheck("loops", () -> check(Loop.all()));
        CounterWithCallback.builder()
                .name(MetricNames.LOOP_FAILURES)
                .help("Turns of recurring work that failed")
                .labelNames(LOOP)
                .callback(counter ->
                        Guard.failures().forEach((name, count) -> counter.call((double) count.sum(), name)))
                .register(registry);
        GaugeWithCallback.builder()
                .name(MetricNames.LOOP_LATE)
                .help("Seconds since the turn of a loop should have ended; 0 while it is on time")
                .labelNames(LOOP)
                .callback(gauge -> Loop.all().forEach(loop -> gauge.call(Math.max(0, loop.lateSeconds()), loop.name())))
                .register(registry);
        CounterWithCallback.builder()
                .name(MetricNames.TOO_LARGE_ARRAYS)
                .help("Requested arrays that are too long for any memory")
                .callback(counter -> counter.call((double) OutOfMemory.tooLarge()))
                .register(registry);
        watchTheLog();
    }

    static Result check(Collection<Loop> loops) {
        List<String> broken = new ArrayList<>();
        for (Loop loop : loops) {
            if (loop.isDead()) {
                broken.add(loop.name() + " has ended");
            } else if (loop.lateSeconds() > 0) {
                broken.add(String.format(Locale.ROOT, "%s is stuck, late by %.0f s", loop.name(), loop.lateSeconds()));
            }
        }
        return broken.isEmpty()
                ? Result.healthy("%d loops take their turns", loops.size())
                : Result.unhealthy(
                        "%s. If the checks of the database and of Redis are well, take a thread dump (jstack, or"
                                + " /threads on the admin port) and restart this node",
                        String.join("; ", broken));
    }

    /** Installs a log appender, because libraries catch errors and only log them. */
    private static void watchTheLog() {
        if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
            Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
            if (root.getAppender(LoggedErrors.NAME) == null) {
                LoggedErrors appender = new LoggedErrors();
                appender.setContext(context);
                appender.start();
                root.addAppender(appender);
            }
        }
    }

    /** Checks each logged error in the thread that logs it. */
    private static final class LoggedErrors extends UnsynchronizedAppenderBase<ILoggingEvent> {
        private static final String NAME = "errors-of-memory";

        LoggedErrors() {
            setName(NAME);
        }

        @Override
        protected void append(ILoggingEvent event) {
            if (event.getThrowableProxy() instanceof ThrowableProxy logged) {
                OutOfMemory.check(logged.getThrowable());
            }
        }
    }
}
