package io.keck.node;

import io.dropwizard.core.setup.Environment;
import io.keck.thread.Guard;
import io.keck.wing.Host;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Collects what the wings of a node register. Thread-safe once it has started. */
public final class Node implements Host {
    /** Names of ticks begin with it, in the log and in the metric of failures. */
    private static final String TICK = "room-tick/";

    private record Tick(Guard guard, Runnable work) {}

    private final Environment environment;
    private final List<Tick> ticks = new CopyOnWriteArrayList<>();
    private final List<Runnable> farewells = new ArrayList<>();

    /** A node without wings. */
    public Node(Environment environment) {
        this.environment = environment;
    }

    @Override
    public Environment environment() {
        return environment;
    }

    @Override
    public void everyTick(String name, Runnable work) {
        ticks.add(new Tick(new Guard(TICK + name), work));
    }

    @Override
    public void beforeDrain(Runnable step) {
        farewells.add(step);
    }

    /** Runs everything that was registered for each tick. For one thread. */
    void tick() {
        ticks.forEach(tick -> tick.guard.run(tick.work));
    }

    /** Runs what comes before the drain. */
    void farewell() {
        Guard guard = new Guard("farewell");
        farewells.forEach(guard::run);
    }
}
