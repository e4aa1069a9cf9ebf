package io.keck.thread;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class LoopTest {
    private static void await(CountDownLatch latch) throws InterruptedException {
        assertThat(latch.await(1, TimeUnit.MINUTES)).isTrue();
    }

    private static long failures(String name) {
        return Objects.requireNonNull(Guard.failures().get(name)).sum();
    }

    @Test
    void turnThatThrowsAnything_isCountedAndFollowedByTheNext() throws Exception {
        Throwable[] thrown = {
            new IllegalStateException("an exception"),
            new StackOverflowError("an error"),
            new OutOfMemoryError("Java heap space"), // of a process that is not to end
            new NoClassDefFoundError("an error of linkage"),
            new ThreadDeath(),
        };
        AtomicInteger turns = new AtomicInteger();
        CountDownLatch survived = new CountDownLatch(1);
        Loop loop = Loop.paced("throws", 1_000, () -> {
                    int turn = turns.getAndIncrement();
                    if (turn < thrown.length) {
                        sneak(thrown[turn]);
                    }
                    survived.countDown();
                    return 60_000;
                })
                .start();
        for (int i = 0; i <= thrown.length; i++) {
            loop.wake(); // does not wait for the backoff
        }
        await(survived);
        assertThat(failures("throws")).isEqualTo(thrown.length);
        assertThat(loop.isDead()).isFalse();
        loop.stop(60_000);
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> void sneak(Throwable error) throws T {
        throw (T) error;
    }

    /** The twin: the executor of the class library takes no further turn after one that threw. */
    @Test
    void schedulerOfTheClassLibrary_endsWithTheFirstError() throws Exception {
        AtomicInteger turns = new AtomicInteger();
        var scheduler = Threads.scheduler("twin", 1);
        var turn = scheduler.scheduleWithFixedDelay(
                () -> {
                    turns.incrementAndGet();
                    throw new StackOverflowError("an error");
                },
                1,
                1,
                TimeUnit.MILLISECONDS);
        while (!turn.isDone()) {
            Thread.onSpinWait();
        }
        var after = scheduler.schedule(() -> {}, 20, TimeUnit.MILLISECONDS);
        after.get();
        assertThat(turns).hasValue(1);
        scheduler.shutdownNow();
    }

    @Test
    void turnThatHangs_makesTheLoopLateUntilItGoesOn() throws Exception {
        AtomicLong nanos = new AtomicLong();
        Semaphore begun = new Semaphore(0);
        Semaphore goesOn = new Semaphore(0);
        Loop loop = Loop.paced(
                        "hangs",
                        1_000,
                        () -> {
                            begun.release();
                            goesOn.acquire();
                            return 0;
                        },
                        nanos::get)
                .start();
        begun.acquire();
        assertThat(loop.lateSeconds()).isNegative();
        nanos.addAndGet(1_000_000_000);
        assertThat(loop.lateSeconds()).isZero();
        nanos.addAndGet(5_000_000_000L);
        assertThat(loop.lateSeconds()).isEqualTo(5);
        assertThat(Loop.all()).contains(loop);
        goesOn.release();
        begun.acquire();
        assertThat(loop.lateSeconds()).isNegative();
        nanos.addAndGet(5_000_000_000L);
        loop.goesOn();
        assertThat(loop.lateSeconds()).as("a long turn that says so").isNegative();
        loop.stop(1); // interrupts the turn
        loop.join(0);
        assertThat(Loop.all()).doesNotContain(loop);
    }

    @Test
    void pause_isPartOfWhatALoopMayTake() throws Exception {
        AtomicLong nanos = new AtomicLong();
        CountDownLatch turned = new CountDownLatch(2);
        Loop loop = Loop.paced(
                        "pauses",
                        1_000,
                        () -> {
                            turned.countDown();
                            return turned.getCount() == 0 ? 3_600_000 : 0;
                        },
                        nanos::get)
                .start();
        await(turned);
        while (loop.lateSeconds() > -3_000) { // until the pause has begun
            Thread.onSpinWait();
        }
        nanos.addAndGet(3_600_000_000_000L);
        assertThat(loop.lateSeconds()).isEqualTo(-1);
        loop.stop(60_000);
        loop.join(0);
    }

    @Test
    void loopThatHasNothingMoreToDo_isNoDeadLoop() throws Exception {
        Loop loop = Loop.paced("ends", 1_000, () -> Loop.END).start();
        loop.join(0);
        assertThat(Loop.all()).doesNotContain(loop);
    }

    @Test
    void wake_endsThePause() throws Exception {
        Semaphore turns = new Semaphore(0);
        Loop loop = Loop.every("sleeps", 3_600_000, turns::release).start();
        loop.wake();
        turns.acquire();
        loop.wake();
        turns.acquire();
        loop.stop(60_000);
    }

    @Test
    void interrupt_endsNoLoopThatIsNotStopped() throws Exception {
        Semaphore turns = new Semaphore(0);
        Thread[] thread = new Thread[1];
        Loop loop = Loop.every("interrupted", 1, () -> {
                    thread[0] = Thread.currentThread();
                    turns.release();
                })
                .start();
        turns.acquire();
        thread[0].interrupt();
        turns.acquire(3);
        loop.stop(60_000);
    }
}
