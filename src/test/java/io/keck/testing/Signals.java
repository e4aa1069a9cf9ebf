package io.keck.testing;

import java.io.IOException;
import java.io.UncheckedIOException;

/** Sends signals of the operating system to processes that a test has started. Stateless. */
final class Signals {
    private Signals() {}

    /** Sends SIGSTOP: the process keeps its connections and does nothing until {@link #resume}. */
    static void pause(Process process) {
        send("STOP", process);
    }

    /** Sends SIGCONT to a paused process. */
    static void resume(Process process) {
        send("CONT", process);
    }

    private static void send(String name, Process process) {
        try {
            new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid()))
                    .start()
                    .waitFor();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
