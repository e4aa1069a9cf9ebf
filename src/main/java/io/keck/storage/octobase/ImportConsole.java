package io.keck.storage.octobase;

import java.io.PrintStream;
import java.util.function.LongSupplier;

/** Prints the progress of an import: a line about once a second, and each problem at once. Used by one thread. */
public final class ImportConsole implements ImportListener {
    private static final long EVERY_MILLIS = 1_000;

    private final PrintStream out;
    private final LongSupplier millis;
    private final long begun;
    private long lastLine;

    /**
     * Creates a console and starts measuring the time.
     *
     * @param out the target of the lines
     * @param millis a steady clock in milliseconds
     */
    public ImportConsole(PrintStream out, LongSupplier millis) {
        this.out = out;
        this.millis = millis;
        this.begun = millis.getAsLong();
        this.lastLine = begun;
    }

    @Override
    public void progress(ImportReport report) {
        long now = millis.getAsLong();
        if (now - lastLine >= EVERY_MILLIS) {
            lastLine = now;
            out.println(report.line() + ", " + (now - begun) / 1_000 + " s");
        }
    }

    @Override
    public void problem(String sentence) {
        out.println(sentence);
    }

    /** Milliseconds since the console was created. */
    public long elapsed() {
        return millis.getAsLong() - begun;
    }
}
