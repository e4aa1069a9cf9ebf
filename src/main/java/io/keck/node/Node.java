package io.keck.node;

import io.dropwizard.core.setup.Environment;
import io.keck.thread.Guard;
import io.keck.wing.Host;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Collects the ticks and drain steps that the wings of a node register. Registration ends before the start; then
 * thread-safe.
 */
public final class Node implements Host {
    /** The prefix of tick names in the log and in the failure metric. */
    private static final String TICK = "room-tick/";

    private record Tick(Guard guard, Runnable work) {}

    private final Environment environment;
    private final List<Tick> ticks = new CopyOnWriteArrayList<>();
    private final List<Runnable> farewells = new ArrayList<>();

    /** Creates a node without wings. */
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

    /** Runs the registered work of one tick. Called by one thread. */
    void tick() {
        ticks.forEach(tick -> tick.guard.run(tick.work));
    }

    /** Runs the registered steps before the drain. */
    void farewell() {
        Guard guard = new Guard("farewell");
        farewells.forEach(guard::run);
    }
}
