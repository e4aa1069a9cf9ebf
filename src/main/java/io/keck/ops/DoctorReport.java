package io.keck.ops;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.keck.check.Findings;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;

/**
 * The findings of the commands doctor and drill: each printed as a line when it is found, or all of them as JSON at the
 * end. Used by one thread.
 */
public final class DoctorReport implements Findings {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int UNKNOWN_STATUS = 2;

    private final PrintStream out;
    private final boolean json;
    private final Runnable beforeLine;
    private final List<Finding> all = new ArrayList<>();

    /**
     * Creates an empty report.
     *
     * @param beforeLine called before a line is printed
     */
    public DoctorReport(PrintStream out, boolean json, Runnable beforeLine) {
        this.out = out;
        this.json = json;
        this.beforeLine = beforeLine;
    }

    @Override
    public void add(Finding finding) {
        all.add(finding);
        if (!json) {
            beforeLine.run();
            out.println(line(finding));
        }
    }

    private static String line(Finding f) {
        StringBuilder line = new StringBuilder();
        line.append(
                switch (f.level()) {
                    case OK -> "ok       ";
                    case HINT -> "hint     ";
                    case PROBLEM -> "PROBLEM  ";
                    case UNKNOWN -> "UNKNOWN  ";
                });
        line.append(f.area()).append(": ");
        if (!f.room().isEmpty()) {
            line.append("room ").append(quote(f.room()));
            if (f.roomId() != 0) {
                line.append(" (id ").append(f.roomId()).append(')');
            }
            line.append(": ");
        }
        line.append(f.what());
        if (!f.todo().isEmpty()) {
            line.append("\n         -> ").append(f.todo());
        }
        return line.toString();
    }

    /** Returns a name as a JSON string. */
    public static String quote(String name) {
        try {
            return JSON.writeValueAsString(name);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The problems of stored rooms and blobs. */
    public List<Finding> damage() {
        return all.stream()
                .filter(f -> f.level() == Level.PROBLEM)
                .filter(f -> f.area().equals("room") || f.area().equals("blob"))
                .toList();
    }

    private long count(Level level) {
        return all.stream().filter(f -> f.level() == level).count();
    }

    /** The exit status: 0 if all is well, 1 if there are problems, 2 if something could not be checked. */
    public int status() {
        return count(Level.UNKNOWN) > 0 ? UNKNOWN_STATUS : count(Level.PROBLEM) > 0 ? 1 : 0;
    }

    /** How many problems were found. */
    public long problems() {
        return count(Level.PROBLEM);
    }

    /** Prints the summary, or the whole report as JSON. */
    public void end() {
        end("Keck is well.");
    }

    /**
     * As {@link #end()}.
     *
     * @param well the last line where all is well, a sentence
     */
    public void end(String well) {
        beforeLine.run();
        if (json) {
            ObjectNode report = JSON.createObjectNode();
            report.put("status", status());
            report.put("problems", count(Level.PROBLEM));
            report.put("hints", count(Level.HINT));
            report.put("unknown", count(Level.UNKNOWN));
            ArrayNode findings = report.putArray("findings");
            all.forEach(f -> findings.add(node(f)));
            out.println(report.toPrettyString());
        } else if (status() == 0) {
            long documents = all.stream()
                    .filter(f -> f.level() == Level.HINT && f.area().equals("document"))
                    .count();
            out.println(
                    documents == 0
                            ? well
                            : well.replaceAll("\\.$", "")
                                    + ", but some documents are incomplete or contradictory, see the hints above: "
                                    + documents + ".");
        } else {
            out.println("Problems: " + count(Level.PROBLEM) + ", could not be examined: " + count(Level.UNKNOWN) + ".");
        }
    }

    private static ObjectNode node(Finding f) {
        ObjectNode node = JSON.createObjectNode();
        node.put("level", f.level().name().toLowerCase(java.util.Locale.ROOT));
        node.put("area", f.area());
        if (!f.room().isEmpty()) {
            node.put("room", f.room());
        }
        if (f.roomId() != 0) {
            node.put("roomId", f.roomId());
        }
        if (!f.kind().isEmpty()) {
            node.put("kind", f.kind());
            node.put("seq", f.seq());
        }
        node.put("what", f.what());
        if (!f.todo().isEmpty()) {
            node.put("todo", f.todo());
        }
        return node;
    }
}
