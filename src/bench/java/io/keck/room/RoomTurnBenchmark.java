package io.keck.room;

import com.codahale.metrics.MetricRegistry;
import com.sun.management.ThreadMXBean;
import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.store.DecodeLimits;
import io.keck.metrics.ConnectionMetrics;
import io.keck.metrics.RoomMetrics;
import io.keck.ops.ConnectionMeters;
import io.keck.ops.RoomMeters;
import io.keck.ops.SyncStages;
import io.keck.protocol.CloseReason;
import io.keck.protocol.Message;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.lang.management.ManagementFactory;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * What metrics cost: a message is received, goes through a room's turn and a commit that costs nothing, and is sent to one
 * other connection, with the meters of a server and with those that count nothing.
 *
 * <p>{@link #main} measures the two in turns, in blocks of some milliseconds, by the time of the CPU: the difference is a
 * few percent, which a busy machine hides from two runs one after the other.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class RoomTurnBenchmark {
    private static final int BLOCK = 20_000;

    /** Whether the meters are those of a server. */
    @Param({"false", "true"})
    public boolean metered;

    private World world;

    /** A room with a writer and a reader. */
    private static final class World {
        private final Queue<Runnable> tasks = new ArrayDeque<>();
        private final ConnectionMetrics connections;
        private final Seat writer;
        private final long client;
        private long clock;
        private long sent;

        World(boolean metered) {
            RoomMetrics rooms = RoomMetrics.NONE;
            ConnectionMetrics counts = ConnectionMetrics.NONE;
            if (metered) {
                MetricRegistry registry = new MetricRegistry();
                PrometheusRegistry prometheus = new PrometheusRegistry();
                SyncStages stages = new SyncStages(prometheus);
                rooms = new RoomMeters(registry, prometheus, stages, System::nanoTime);
                counts = new ConnectionMeters(registry, prometheus, stages);
            }
            connections = counts;
            Random random = new Random(1);
            client = 1 + random.nextInt(Integer.MAX_VALUE);
            Rooms all = new Rooms(new RoomContext(
                    log(),
                    Bus.NONE,
                    TurnThreads.shared(tasks::add),
                    RoomMemory.unlimited(new DocumentBudget(1 << 20)),
                    () -> System.nanoTime() / 1_000_000,
                    () -> new UUID(random.nextLong(), random.nextLong()),
                    RoomSettings.DEFAULT,
                    rooms));
            writer = all.join("room", connection(false));
            all.join("room", connection(true));
            run();
        }

        /** Commits at once and keeps nothing. */
        private static UpdateLog log() {
            long[] head = {0, 0};
            return (UpdateLog) Proxy.newProxyInstance(
                    UpdateLog.class.getClassLoader(), new Class<?>[] {UpdateLog.class}, (proxy, method, arguments) -> {
                        switch (method.getName()) {
                            case "open":
                                return done(new UpdateLog.Contents(
                                        1, new UpdateLog.Head(0, 0, false), 0, 0, null, List.of()));
                            case "append":
                                long before = head[1];
                                head[1] = (Long) arguments[2];
                                return done(new UpdateLog.Appended(++head[0], head[1], before));
                            case "isShared":
                                return false;
                            default:
                                throw new InvocationTargetException(null, method.getName());
                        }
                    });
        }

        private static <T> CompletionStage<T> done(T value) {
            return CompletableFuture.completedFuture(value);
        }

        private Connection connection(boolean counted) {
            return new Connection() {
                @Override
                public void send(byte[] frame) {
                    if (counted) {
                        connections.sent(ConnectionMetrics.Kind.of(frame), frame.length);
                        sent++;
                        connections.written(sent & 1);
                    }
                }

                @Override
                public long backlog() {
                    return 0;
                }

                @Override
                public long lastProgress() {
                    return 0;
                }

                @Override
                public long lastSend() {
                    return 0;
                }

                @Override
                public long ping() {
                    return 0;
                }

                @Override
                public boolean hasAnswered(long ping) {
                    return true;
                }

                @Override
                public void pause() {}

                @Override
                public void resume() {}

                @Override
                public void close(CloseReason reason) {
                    throw new IllegalStateException(reason.toString());
                }
            };
        }

        private void run() {
            for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
                task.run();
            }
        }

        /** One character typed after the last. */
        private byte[] frame() {
            Encoder out = new Encoder();
            out.writeVarUint(1);
            out.writeVarUint(1);
            out.writeVarUint(client);
            out.writeVarUint(clock);
            out.writeUint8(clock == 0 ? 4 : 0x84);
            if (clock == 0) {
                out.writeVarUint(1);
                out.writeVarString("t");
            } else {
                out.writeVarUint(client);
                out.writeVarUint(clock - 1);
            }
            out.writeVarString("x");
            out.writeVarUint(0);
            clock++;
            return Message.update(out.toByteArray());
        }

        long message() {
            byte[] frame = frame();
            connections.received(ConnectionMetrics.Kind.of(frame), frame.length);
            writer.receive(Message.readAll(frame, DecodeLimits.DEFAULT), frame.length);
            run();
            return sent;
        }
    }

    @Setup(Level.Iteration)
    public void open() {
        world = new World(metered);
    }

    @Benchmark
    public long message() {
        return world.message();
    }

    /** Prints nanoseconds of the CPU a message, and the difference, as medians of many pairs. */
    public static void main(String[] args) {
        int pairs = args.length > 0 ? Integer.parseInt(args[0]) : 300;
        for (int i = 0; i < 20; i++) {
            block(true);
            block(false);
        }
        double[] with = new double[pairs];
        double[] without = new double[pairs];
        double[] difference = new double[pairs];
        for (int i = 0; i < pairs; i++) {
            boolean first = i % 2 == 0; // who comes first has no advantage
            double a = block(first);
            double b = block(!first);
            with[i] = first ? a : b;
            without[i] = first ? b : a;
            difference[i] = with[i] - without[i];
        }
        Map<String, double[]> rows = new java.util.LinkedHashMap<>();
        rows.put("with metrics", with);
        rows.put("without", without);
        rows.put("difference", difference);
        rows.forEach((name, values) -> {
            Arrays.sort(values);
            System.out.printf(
                    Locale.ROOT,
                    "%-14s median %.0f ns, quartiles %.0f to %.0f%n",
                    name,
                    values[pairs / 2],
                    values[pairs / 4],
                    values[3 * pairs / 4]);
        });
    }

    private static double block(boolean metered) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        World world = new World(metered);
        long before = threads.getCurrentThreadCpuTime();
        long sent = 0;
        for (int i = 0; i < BLOCK; i++) {
            sent = world.message();
        }
        long took = threads.getCurrentThreadCpuTime() - before;
        if (sent < BLOCK) {
            throw new IllegalStateException("only " + sent + " were sent");
        }
        return (double) took / BLOCK;
    }
}
