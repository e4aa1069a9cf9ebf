package io.keck.command;

import io.dropwizard.core.cli.Cli;
import io.keck.thread.OutOfMemory;

/** Ends a command with an exit status after the command has printed everything itself. */
final class CommandExit extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final int status;

    CommandExit(int status) {
        super("exit status " + status, null, false, false);
        this.status = status;
    }

    /** Prints the reason why a command failed, unless the command has printed it itself. */
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
