package io.keck.linearizability;

import io.keck.testing.PostgresServer;
import io.keck.testing.RedisServer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Makes faults, one at a time, in a thread of its own, and mends each of them before the next. */
final class Nemesis implements Runnable {
    enum Fault {
        KILL_NODE,
        PAUSE_NODE,
        KILL_REDIS,
        PAUSE_REDIS,
        DAMAGE_MESSAGES,
        BREAK_CONNECTIONS,
        KILL_POSTGRES,
        LOCK_TABLE,
        LOCK_ROW,
        SLOW_DATABASE
    }

    private static final long PATIENCE_MILLIS = 180_000;
    /** How long after a fault of the database documents may still be in unsaved mode. */
    private static final long UNSAVED_NANOS = 6_000_000_000L;

    private static final String[] TABLES = {"rooms", "room_log", "room_snapshots"};

    private final Site site;
    private final History history;
    private final List<String> timeline = Collections.synchronizedList(new ArrayList<>());
    private final Random random;
    private final List<String> documents;
    private final List<Fault> faults = new ArrayList<>();
    private final Map<Fault, Integer> made = new TreeMap<>();
    private final long shortestRest;
    private volatile boolean enough;
    private volatile boolean troubled;
    private volatile long calmSince = System.nanoTime() - UNSAVED_NANOS;

    Nemesis(Site site, History history, long seed, List<String> documents, long shortestRest) {
        this.site = site;
        this.history = history;
        this.random = new Random(seed);
        this.documents = documents;
        this.shortestRest = shortestRest;
        faults.addAll(List.of(Fault.KILL_NODE, Fault.PAUSE_NODE));
        if (site.redis() != null) {
            faults.addAll(List.of(Fault.KILL_REDIS, Fault.PAUSE_REDIS, Fault.DAMAGE_MESSAGES, Fault.DAMAGE_MESSAGES));
        }
        if (site.postgres() != null) {
            faults.addAll(List.of(
                    Fault.BREAK_CONNECTIONS,
                    Fault.BREAK_CONNECTIONS,
                    Fault.KILL_POSTGRES,
                    Fault.LOCK_TABLE,
                    Fault.LOCK_ROW,
                    Fault.SLOW_DATABASE));
        }
    }

    /** Makes no other faults than these, where the site has what they need. */
    Nemesis only(List<Fault> some) {
        faults.retainAll(some);
        return this;
    }

    /** Ends after the fault that is under way. */
    void enough() {
        enough = true;
    }

    /**
     * Whether the database has answered for a while: then sockets see only what is committed, and all of it. (In unsaved mode
     * they see more, and less.)
     */
    boolean isCalm() {
        return !troubled && System.nanoTime() - calmSince >= UNSAVED_NANOS;
    }

    /** The faults with their times, one a line. */
    String timeline() {
        return String.join("\n", timeline);
    }

    String figures() {
        return made.toString();
    }

    @Override
    public void run() {
        while (!enough && !faults.isEmpty()) {
            rest(shortestRest + random.nextInt((int) shortestRest + 1));
            if (!enough) {
                Fault fault = faults.get(random.nextInt(faults.size()));
                long begin = history.now();
                make(fault);
                timeline.add(String.format("%10.3f .. %10.3f ms  %s", begin / 1e3, history.now() / 1e3, fault));
                made.merge(fault, 1, Integer::sum);
            }
        }
    }

    private void make(Fault fault) {
        int node = random.nextInt(site.size());
        switch (fault) {
            case KILL_NODE -> {
                site.kill(node);
                rest(random.nextInt(500));
                site.start(node);
            }
            case PAUSE_NODE -> {
                site.node(node).pause();
                rest(500
                        + random.nextInt(3_500)); // beyond saveTimeout, a beat, and the time after which a node is gone
                site.node(node).resume();
            }
            case KILL_REDIS, PAUSE_REDIS, DAMAGE_MESSAGES -> makeForTheBus(fault);
            case BREAK_CONNECTIONS, KILL_POSTGRES, LOCK_TABLE, LOCK_ROW, SLOW_DATABASE -> {
                troubled = true;
                makeForTheDatabase(fault, site.postgres());
                calmSince = System.nanoTime();
                troubled = false;
            }
        }
    }

    private void makeForTheBus(Fault fault) {
        RedisServer redis = site.redis();
        UnreliableBus bus = site.bus();
        if (redis == null || bus == null) {
            return;
        }
        switch (fault) {
            case KILL_REDIS -> {
                redis.kill();
                rest(random.nextInt(2_500));
                redis.restart();
            }
            case PAUSE_REDIS -> {
                redis.pause();
                rest(random.nextInt(3_500));
                redis.resume();
            }
            default -> {
                bus.damage(true);
                rest(500 + random.nextInt(2_000));
                bus.damage(false);
            }
        }
    }

    private void makeForTheDatabase(Fault fault, @Nullable PostgresServer postgres) {
        if (postgres == null) {
            return;
        }
        switch (fault) {
            case BREAK_CONNECTIONS -> breakConnections(postgres, 1 + random.nextInt(20));
            case KILL_POSTGRES -> {
                postgres.kill();
                rest(random.nextInt(2_500));
                postgres.start();
            }
            case LOCK_TABLE -> hold(Lock.table(postgres, TABLES[random.nextInt(TABLES.length)]));
            case LOCK_ROW -> hold(Lock.row(postgres, documents.get(random.nextInt(documents.size()))));
            default -> {
                site.slowDatabaseOfLastNode(5 + random.nextInt(60));
                rest(500 + random.nextInt(2_000));
                site.slowDatabaseOfLastNode(0);
            }
        }
    }

    private void hold(Lock lock) {
        try (lock) {
            rest(100 + random.nextInt(3_000));
        }
    }

    /** Ends all connections of all nodes, some times, 30 ms apart. */
    static void breakConnections(PostgresServer postgres, int times) {
        for (int i = 0; i < times; i++) {
            postgres.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    + " WHERE application_name = 'keck' AND pid <> pg_backend_pid()");
            rest(30);
        }
    }

    /** Lets others work. */
    static void rest(long millis) {
        try {
            TimeUnit.MILLISECONDS.sleep(millis);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    static void await(BooleanSupplier condition) {
        if (!comes(condition)) {
            throw new AssertionError("waited in vain");
        }
    }

    /** Waits until something is so; false when it does not come. */
    static boolean comes(BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(PATIENCE_MILLIS);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                return false;
            }
            rest(10);
        }
        return true;
    }
}
