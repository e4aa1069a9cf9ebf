package io.keck.linearizability;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A call of a client as it was made and answered. It has a text form, one line a call, in which histories are printed and
 * kept.
 *
 * @param invoked microseconds since the history began
 * @param returned likewise, whatever the answer was
 * @param node of the cluster that was asked; -1 where a balancer chose
 * @param cell what of the document it is about; empty where it is about all of it
 * @param value what was written, or the first content of a life as {@link #cells} reads it
 * @param life the mark of the life that a client sits in; null where a call names only the document
 * @param answer what a reader found, as {@link #cells} reads it; {@link #NO_DOCUMENT} or {@link #NOTHING} for a 404; empty
 *     where an answer says nothing
 */
record Call(
        long invoked,
        long returned,
        String client,
        int node,
        String document,
        Kind kind,
        String cell,
        String value,
        @Nullable String life,
        Outcome outcome,
        int status,
        String answer) {
    enum Kind {
        CREATE,
        INIT,
        FORCE,
        DELETE,
        WRITE,
        REMOVE,
        ADD,
        /** One cell. */
        READ,
        /** All keys of the map, the mark of the life among them. */
        READ_MAP,
        /** The whole document: an export, or what a fresh socket gets first. */
        READ_ALL;

        boolean changes() {
            return this != READ && this != READ_MAP && this != READ_ALL;
        }
    }

    enum Outcome {
        DONE,
        /** The answer says that nothing was done. */
        REFUSED,
        /** The answer says that the outcome is unknown, or there was none. */
        UNKNOWN
    }

    static final String NO_DOCUMENT = "!";
    static final String NOTHING = "?";
    /** The cell with the mark that a life begins with: the key "life" of the map "m". */
    static final String MARK = "m/life";

    /** The status of a socket that was not let in because the document does not exist. */
    static final int SOCKET_REFUSED = 4404;

    private static final int FIELDS = 12;

    /** Cells with their values, for the text form: names and values have neither spaces nor equals signs. */
    static String text(Map<String, String> cells) {
        List<String> parts = new ArrayList<>();
        new TreeMap<>(cells).forEach((cell, value) -> parts.add(cell + "=" + value));
        return parts.isEmpty() ? "{}" : String.join(" ", parts);
    }

    static Map<String, String> cells(String text) {
        Map<String, String> cells = new TreeMap<>();
        if (text.isEmpty() || text.equals("{}")) {
            return cells;
        }
        for (String part : text.split(" ")) {
            int equals = part.indexOf('=');
            cells.put(part.substring(0, equals), part.substring(equals + 1));
        }
        return cells;
    }

    boolean found() {
        return !answer.isEmpty() && !answer.equals(NO_DOCUMENT) && !answer.equals(NOTHING);
    }

    /** The text form. */
    String line() {
        return String.join(
                "\t",
                String.valueOf(invoked),
                String.valueOf(returned),
                client,
                String.valueOf(node),
                document,
                kind.name(),
                cell,
                value,
                life == null ? "-" : life,
                outcome.name(),
                String.valueOf(status),
                answer);
    }

    static Call of(String line) {
        String[] fields = line.split("\t", -1);
        if (fields.length != FIELDS) {
            throw new IllegalArgumentException("not a call: " + line);
        }
        return new Call(
                Long.parseLong(fields[0]),
                Long.parseLong(fields[1]),
                fields[2],
                Integer.parseInt(fields[3]),
                fields[4],
                Kind.valueOf(fields[5]),
                fields[6],
                fields[7],
                fields[8].equals("-") ? null : fields[8],
                Outcome.valueOf(fields[9]),
                Integer.parseInt(fields[10]),
                fields[11]);
    }

    /** Whether the time between beginning and answer has a moment in common with that of another call. */
    boolean overlaps(Call other) {
        return invoked <= other.lastMoment() && other.invoked <= lastMoment();
    }

    private long lastMoment() {
        return outcome == Outcome.UNKNOWN ? Operation.NEVER : returned;
    }

    /** For people. */
    @Override
    public String toString() {
        return String.format(
                "%10.3f .. %10.3f ms  %-4s n%-2d %-9s %s %s%s -> %s %d %s",
                invoked / 1e3,
                returned / 1e3,
                client,
                node,
                kind,
                cell,
                value,
                life == null ? "" : " [in life " + life + "]",
                outcome,
                status,
                answer.equals(NO_DOCUMENT) ? "no such document" : answer.equals(NOTHING) ? "no such thing" : answer);
    }
}
