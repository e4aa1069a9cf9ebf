package io.keck.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.keck.crdt.Doc;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/**
 * Measures all workloads, warm and cold, and writes {@code {name: {ms, cpu, cold, bytes, docSize}}} as JSON: milliseconds on
 * the clock and of the CPU, those of a first call, bytes allocated by a run.
 *
 * <p>A time is the best of all iterations and forks, since others use the machine too.
 *
 * <p>Arguments: the file, and how the names of the workloads that are wanted begin. System properties: {@code
 * bench.forks} (default 3) processes a workload, {@code bench.iterations} (default 5) seconds of measuring in each after as
 * many of warming up, {@code bench.data} see {@link Recorded}.
 */
public final class Bench {
    private final Map<String, Map<String, Object>> results = new LinkedHashMap<>();

    private final File file;

    private Bench(File file) {
        this.file = file;
    }

    /** See the class. */
    public static void main(String[] args) throws Exception {
        String prefix = args.length > 1 ? args[1] : "";
        Bench bench = new Bench(new File(args[0]));
        String[] names = Workloads.names().stream()
                .filter(name -> name.startsWith(prefix))
                .toArray(String[]::new);
        if (names.length > 0) {
            bench.run(names);
        }
        if ("memory".startsWith(prefix)) {
            bench.memory("memory B4", Recorded.bytes("full.bin"), 20);
            bench.memory("memory small", Recorded.bytes("small.bin"), 1000);
        }
        bench.write();
    }

    private void run(String[] names) throws RunnerException, IOException {
        int iterations = Integer.getInteger("bench.iterations", 5);
        int forks = Integer.getInteger("bench.forks", 3);
        Collection<RunResult> warm = new Runner(options(names, forks)
                        .warmupIterations(iterations)
                        .warmupTime(TimeValue.seconds(1))
                        .measurementIterations(iterations)
                        .measurementTime(TimeValue.seconds(1))
                        .build())
                .run();
        for (RunResult result : warm) {
            Map<String, Object> row = row(result);
            row.put("ms", best(result));
            row.put("cpu", leastPerCall(result, "cpuNanos") / 1e6);
            row.put("bytes", leastPerCall(result, "bytes"));
        }
        for (String name : names) {
            Integer size = size(Workloads.named(name));
            if (size != null) {
                results.get(name).put("docSize", size);
            }
        }
        write();
        String[] first = Arrays.stream(names)
                .filter(name -> !name.endsWith(" encode") && !name.endsWith(" parse"))
                .toArray(String[]::new);
        Collection<RunResult> cold = new Runner(options(first, Math.max(forks, 3))
                        .mode(Mode.SingleShotTime)
                        .warmupIterations(0)
                        .measurementIterations(1)
                        .build())
                .run();
        for (RunResult result : cold) {
            row(result).put("cold", best(result));
        }
        write();
    }

    private static <S> Integer size(Workload<S> workload) {
        return workload.doc() == null
                ? null
                : workload.doc().apply(workload.ran()).encodeStateAsUpdate().length;
    }

    private static ChainedOptionsBuilder options(String[] names, int forks) {
        String data = System.getProperty("bench.data");
        ChainedOptionsBuilder options = new OptionsBuilder()
                .include(EngineBenchmark.class.getName())
                .param("workload", names)
                .forks(forks)
                .shouldFailOnError(true)
                .jvmArgs("-Xms1g", "-Xmx1g");
        return data == null ? options : options.jvmArgsAppend("-Dbench.data=" + data);
    }

    private Map<String, Object> row(RunResult result) {
        return results.computeIfAbsent(result.getParams().getParam("workload"), name -> new LinkedHashMap<>());
    }

    /** The least per call that an iteration had of a cost. */
    private static double leastPerCall(RunResult result, String cost) {
        return result.getBenchmarkResults().stream()
                .flatMap(fork -> fork.getIterationResults().stream())
                .map(IterationResult::getSecondaryResults)
                .mapToDouble(
                        costs -> costs.get(cost).getScore() / costs.get("calls").getScore())
                .min()
                .orElseThrow();
    }

    private void write() throws IOException {
        new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValue(file, results);
    }

    private static double best(RunResult result) {
        return result.getPrimaryResult().getStatistics().getMin() / 1000;
    }

    // ---- memory

    private void memory(String name, byte[] update, int docs) throws InterruptedException {
        measure(name, update, docs, bytes -> {
            Doc doc = Workloads.doc(9);
            doc.applyUpdate(bytes);
            return doc;
        });
        measure(name + " store", update, docs, bytes -> {
            StructStore store = new StructStore();
            store.apply(Update.decode(bytes));
            return store;
        });
    }

    private void measure(String name, byte[] update, int count, Function<byte[], Object> load)
            throws InterruptedException {
        Workloads.require(load.apply(update.clone()) != null, "nothing came out"); // and its classes are loaded
        long before = used();
        List<Object> kept = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            kept.add(load.apply(update.clone())); // who keeps the bytes pays for them
        }
        long each = (used() - before) / count;
        Workloads.require(kept.size() == count, "gone");
        results.put(name, new LinkedHashMap<>(Map.of("bytes", each)));
    }

    private static long used() {
        for (int i = 0; i < 4; i++) { // each full collection may free what the one before only found
            System.gc();
        }
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }
}
