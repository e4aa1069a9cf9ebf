package io.keck.ops;

import java.io.Console;
import java.io.PrintStream;
import java.util.Locale;
import java.util.function.LongSupplier;

/**
 * Shows an operator the progress of a command: on a terminal a bar that is redrawn ten times a second, elsewhere a line
 * every five seconds. Used by one thread.
 */
public final class ProgressBar {
    private static final long DRAW_MILLIS = 100;
    private static final long LINE_MILLIS = 5_000;
    private static final int WIDTH = 30;
    private static final int PERCENT = 100;

    private final PrintStream out;
    private final LongSupplier millis;
    private final boolean terminal;
    private final long begun;
    private long next;
    private int drawn;

    /**
     * Starts the time.
     *
     * @param millis a clock in milliseconds that never goes back
     * @param terminal whether printed text can be overwritten
     */
    public ProgressBar(PrintStream out, LongSupplier millis, boolean terminal) {
        this.out = out;
        this.millis = millis;
        this.terminal = terminal;
        this.begun = millis.getAsLong();
        this.next = begun + (terminal ? 0 : LINE_MILLIS);
    }

    /** Whether there is a console that, from Java 22 on, says that it is a terminal. */
    @SuppressWarnings("SystemConsoleNull") // null without a terminal until Java 21; from 22 on Console.isTerminal tells
    public static boolean isTerminal() {
        Console console = System.console();
        if (console == null) {
            return false;
        }
        try {
            return Boolean.TRUE.equals(Console.class.getMethod("isTerminal").invoke(console));
        } catch (NoSuchMethodException e) {
            return true;
        } catch (ReflectiveOperationException e) {
            return false;
        }
    }

    /**
     * Reports progress.
     *
     * @param total 0 if unknown
     * @param details further information, in a few words
     */
    public void at(long done, long total, String details) {
        long now = millis.getAsLong();
        if (now >= next) {
            next = now + (terminal ? DRAW_MILLIS : LINE_MILLIS);
            draw(done, total, details, now);
        }
    }

    private void draw(long done, long total, String details, long now) {
        int filled = total <= 0 ? 0 : (int) Math.min(WIDTH, done * WIDTH / total);
        String line = "[" + "#".repeat(filled) + " ".repeat(WIDTH - filled) + "] "
                + (total <= 0 ? "" : Math.min(PERCENT, done * PERCENT / total) + " % ")
                + done + (total <= 0 ? "" : "/" + total) + " " + details + ", " + (now - begun) / 1_000 + " s";
        if (terminal) {
            out.print("\r" + line + " ".repeat(Math.max(0, drawn - line.length())));
            out.flush();
            drawn = line.length();
        } else {
            out.println(line);
        }
    }

    /** Removes the bar, so that other text can be printed. */
    public void clear() {
        if (drawn > 0) {
            out.print("\r" + " ".repeat(drawn) + "\r");
            out.flush();
            drawn = 0;
        }
    }

    /** Formats a number of bytes for people. */
    public static String bytes(long bytes) {
        return bytes < 1 << 20
                ? (bytes >> 10) + " KiB"
                : String.format(Locale.ROOT, "%.1f MiB", bytes / (double) (1 << 20));
    }
}
