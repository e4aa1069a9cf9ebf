package io.keck.ops;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import com.codahale.metrics.health.HealthCheck;
import com.codahale.metrics.health.HealthCheckRegistry;
import com.sun.management.HotSpotDiagnosticMXBean;
import io.keck.heap.HeapLedger;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Metrics of the heap that peers use, according to the ledger, and of direct memory. */
public final class MemoryMeters {
    private static final double NEARLY_ALL = 0.9;

    private MemoryMeters() {}

    /** Registers the metrics and the health check {@code memory}. */
    public static void register(
            MetricRegistry registry, PrometheusRegistry labelled, HealthCheckRegistry checks, HeapLedger ledger) {
        registry.register(MetricNames.LEDGER_BYTES, (Gauge<Long>) ledger::used);
        registry.register(MetricNames.LEDGER_LIMIT, (Gauge<Long>) ledger::total);
        registry.register(MetricNames.LEDGER_WAITING, (Gauge<Integer>) ledger::waiting);
        registry.register(MetricNames.LEDGER_SENT_AWAY, (Gauge<Long>) ledger::sentAway);
        registry.register(MetricNames.DIRECT_BYTES, (Gauge<Long>) MemoryMeters::direct);
        registry.register(MetricNames.DIRECT_LIMIT, (Gauge<Long>) MemoryMeters::directLimit);
        GaugeWithCallback.builder()
                .name(MetricNames.LEDGER_KINDS)
                .help("Estimated bytes of heap in use for peers")
                .labelNames("kind")
                .callback(gauge -> {
                    for (HeapLedger.Kind kind : HeapLedger.Kind.values()) {
                        gauge.call((double) ledger.used(kind), word(kind));
                    }
                })
                .register(labelled);
        CounterWithCallback.builder()
                .name(MetricNames.LEDGER_REFUSALS)
                .help("Allocations that were refused because the node has no memory for them")
                .labelNames("kind")
                .callback(counter -> {
                    for (HeapLedger.Kind kind : HeapLedger.Kind.values()) {
                        counter.call((double) ledger.refusals(kind), word(kind));
                    }
                })
                .register(labelled);
        checks.register("memory", new HealthCheck() {
            @Override
            protected Result check() {
                return judge(ledger, direct(), directLimit());
            }
        });
    }

    private static String word(HeapLedger.Kind kind) {
        return kind.name().toLowerCase(Locale.ROOT);
    }

    /** Judges whether there is memory left; if not, the message names its uses. */
    static HealthCheck.Result judge(HeapLedger ledger, long direct, long directLimit) {
        if (direct > directLimit * NEARLY_ALL) {
            return HealthCheck.Result.unhealthy(
                    "%d of %d bytes of direct memory are used; raise -XX:MaxDirectMemorySize", direct, directLimit);
        }
        if (ledger.isTight()) {
            return HealthCheck.Result.unhealthy(
                    "%d of %d bytes are used for peers, so no more documents are loaded; give the node more heap."
                            + " By kind: %s",
                    ledger.used(), ledger.total(), kinds(ledger));
        }
        return HealthCheck.Result.healthy(
                "%d of %d bytes are used for peers, %d of %d of direct memory",
                ledger.used(), ledger.total(), direct, directLimit);
    }

    private static Map<String, Long> kinds(HeapLedger ledger) {
        Map<String, Long> kinds = new TreeMap<>();
        for (HeapLedger.Kind kind : HeapLedger.Kind.values()) {
            if (ledger.used(kind) > 0) {
                kinds.put(word(kind), ledger.used(kind));
            }
        }
        return kinds;
    }

    /** The bytes of direct memory in use. */
    private static long direct() {
        return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
    }

    /** The limit of direct memory in bytes: that of the heap unless it is configured. */
    private static long directLimit() {
        HotSpotDiagnosticMXBean vm = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
        long said = vm == null
                ? 0
                : Long.parseLong(vm.getVMOption("MaxDirectMemorySize").getValue());
        return said > 0 ? said : Runtime.getRuntime().maxMemory();
    }
}
