package io.keck.command;

import io.dropwizard.core.cli.Cli;
import io.keck.thread.OutOfMemory;

/** A command has said all there is to say, and ends with a status. */
final class CommandExit extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final int status;

    CommandExit(int status) {
        super("exit status " + status, null, false, false);
        this.status = status;
    }

    /** Prints why a command failed, unless it has said so itself. */
    static void say(Cli cli, Throwable error) {
        OutOfMemory.check(error);
        if (!(error instanceof CommandExit)) {
            StartFailure.print(error, cli.getStdErr());
        }
    }

    int status() {
        return status;
    }
}
