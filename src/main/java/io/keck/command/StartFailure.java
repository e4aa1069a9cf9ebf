package io.keck.command;

import io.dropwizard.configuration.ConfigurationException;
import java.io.FileNotFoundException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Prints the failure of a command or of a start: first the reason and the remedy, and a stack trace only if the log is
 * at DEBUG.
 */
final class StartFailure {
    /** The largest number of lines that are printed. */
    static final int MOST = 12;

    private static final Logger LOG = LoggerFactory.getLogger(StartFailure.class);

    private StartFailure() {}

    /** Prints the reason of a failure. */
    static void print(Throwable error, PrintWriter err) {
        lines(error).forEach(err::println);
        if (LOG.isDebugEnabled() && !(error instanceof ConfigurationException)) {
            error.printStackTrace(err);
        }
        err.flush();
    }

    /** The reason of a failure, in a few lines. */
    static List<String> lines(Throwable error) {
        String message = error.getMessage();
        if (error instanceof FileNotFoundException) {
            return List.of(message + ". Name an existing configuration file, such as config.yml.");
        }
        boolean isSentence = error instanceof IllegalStateException
                || error instanceof IllegalArgumentException
                || error instanceof ConfigurationException;
        if (isSentence && message != null) {
            List<String> lines = message.lines().toList();
            return lines.subList(0, Math.min(MOST, lines.size()));
        }
        List<String> lines = new ArrayList<>();
        lines.add("Failed with " + line(error) + ".");
        for (Throwable cause = error.getCause(); cause != null && lines.size() < MOST - 1; cause = cause.getCause()) {
            lines.add("caused by " + line(cause));
        }
        lines.add("Set KECK_LOG_LEVEL=DEBUG to see where this comes from.");
        return lines;
    }

    private static String line(Throwable error) {
        return error.toString().lines().findFirst().orElse("").strip().replaceAll("\\.$", "");
    }
}
