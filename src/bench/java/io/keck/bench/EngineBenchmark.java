package io.keck.bench;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Runs one {@link Workload}. What it needs is made afresh for each run and is neither timed nor, in {@link Costs},
 * counted; JMH's own {@code -prof gc} counts it too.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class EngineBenchmark {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /** One of {@link Workloads#names}. */
    @Param("B4")
    public String workload;

    private Case<?> runs;
    private long allocatedBefore;
    private long cpuBefore;

    /** What all runs of an iteration took together, on the measuring thread. */
    @State(Scope.Thread)
    @AuxCounters(AuxCounters.Type.EVENTS)
    public static class Costs {
        public long cpuNanos;
        public long bytes;
        public long calls;
    }

    private static final class Case<S> {
        final Workload<S> workload;
        S state;

        Case(Workload<S> workload) {
            this.workload = workload;
        }

        void before() {
            state = workload.before().get();
        }

        Object run() {
            return workload.run().apply(state);
        }

        void check() {
            workload.check().accept(state);
        }
    }

    @Setup(Level.Trial)
    public void prepare() {
        runs = new Case<>(Workloads.named(workload));
    }

    @Setup(Level.Invocation)
    public void before() {
        runs.before();
        allocatedBefore = THREADS.getCurrentThreadAllocatedBytes();
        cpuBefore = THREADS.getCurrentThreadCpuTime();
    }

    @TearDown(Level.Invocation)
    public void after(Costs costs) {
        costs.cpuNanos += THREADS.getCurrentThreadCpuTime() - cpuBefore;
        costs.bytes += THREADS.getCurrentThreadAllocatedBytes() - allocatedBefore;
        costs.calls++;
    }

    @TearDown(Level.Iteration)
    public void check() {
        runs.check();
    }

    @Benchmark
    public Object run() {
        return runs.run();
    }
}
