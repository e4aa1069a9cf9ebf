package io.keck.ops;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.lang.management.MemoryUsage;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Measures how much of the heap is really in use: the part of the old generation that was left after its last
 * collection. The use at any other moment says little, since it includes garbage. Also measures the time that all
 * collections take.
 */
public final class HeapMeters {
    /** Names of the memory pools of long-lived objects: of the Serial, Parallel and G1 collectors, ZGC and Shenandoah. */
    private static final Pattern OLD = Pattern.compile(".*(Old|Tenured|ZHeap|ZGC Old|Shenandoah).*");

    private HeapMeters() {}

    /** Registers the gauge and the counter. */
    public static void register(MetricRegistry registry, PrometheusRegistry counters) {
        List<MemoryPoolMXBean> pools = ManagementFactory.getMemoryPoolMXBeans().stream()
                .filter(pool -> pool.getType() == MemoryType.HEAP
                        && OLD.matcher(pool.getName()).matches())
                .toList();
        registry.register(MetricNames.HEAP_LIVE, (Gauge<Double>) () -> live(pools));
        List<GarbageCollectorMXBean> collectors = ManagementFactory.getGarbageCollectorMXBeans();
        CounterWithCallback.builder()
                .name(MetricNames.GC_SECONDS)
                .help("Time that all garbage collectors took together")
                .callback(counter -> counter.call(seconds(collectors)))
                .register(counters);
    }

    private static double seconds(List<GarbageCollectorMXBean> collectors) {
        return collectors.stream()
                        .mapToLong(GarbageCollectorMXBean::getCollectionTime)
                        .filter(millis -> millis > 0) // -1 means unknown
                        .sum()
                / 1e3;
    }

    private static double live(List<MemoryPoolMXBean> pools) {
        double used = 0;
        double max = 0;
        for (MemoryPoolMXBean pool : pools) {
            MemoryUsage left = pool.getCollectionUsage();
            if (left != null) {
                used += left.getUsed();
                max += left.getMax() < 0 ? Runtime.getRuntime().maxMemory() : left.getMax();
            }
        }
        return max == 0 ? 0 : used / max;
    }
}
