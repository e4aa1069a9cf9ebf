package io.keck.room;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executor;

/** Runs turns by hand, in an order that the seed decides. */
final class ManualExecutor implements Executor {
    /** Above this, turns make turns without end. */
    private static final int MANY = 100_000;

    private final List<Runnable> tasks = new ArrayList<>();
    private final Random random;
    private boolean dead;

    ManualExecutor(long seed) {
        random = new Random(seed);
    }

    @Override
    public void execute(Runnable task) {
        if (!dead) {
            tasks.add(task);
        }
    }

    /** Runs one turn; false when there is none. */
    boolean runOne() {
        if (tasks.isEmpty()) {
            return false;
        }
        int last = tasks.size() - 1;
        int i = random.nextInt(tasks.size());
        Runnable task = tasks.get(i);
        tasks.set(i, tasks.get(last));
        tasks.remove(last);
        task.run();
        return true;
    }

    void runAll() {
        for (int i = 0; runOne(); i++) {
            if (i == MANY) {
                throw new AssertionError("turns without end");
            }
        }
    }

    /** The node is killed: nothing runs any more. */
    void die() {
        dead = true;
        tasks.clear();
    }
}
