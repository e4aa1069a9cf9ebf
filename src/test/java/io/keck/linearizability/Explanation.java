package io.keck.linearizability;

import io.keck.linearizability.Cell.Act;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Prints a history that is not linearizable, as short as it can be. */
final class Explanation {
    private static final Cell MODEL = new Cell();
    private static final int VISITS = 50_000;

    private Explanation() {}

    /**
     * The operations that began before the answer that cannot be, without the reads that are not needed for that: a history
     * stays wrong when its end is cut off, and one that is wrong without a read is wrong with it.
     */
    static String of(
            List<Call> calls, String cell, List<Operation<Act>> history, Checker.Verdict<Cell.State, Act> verdict) {
        Operation<Act> stuck = verdict.stuckAt();
        List<Operation<Act>> shown = history.stream()
                .filter(operation -> stuck == null || operation.invoked() <= stuck.returned())
                .collect(Collectors.toCollection(ArrayList::new));
        for (Operation<Act> operation : List.copyOf(shown)) {
            if (MODEL.isRead(operation.act()) && !operation.equals(stuck)) {
                List<Operation<Act>> without = new ArrayList<>(shown);
                without.remove(operation);
                if (Checker.check(MODEL, without, VISITS).answer() == Checker.Answer.VIOLATION) {
                    shown = without;
                }
            }
        }
        StringBuilder text = new StringBuilder()
                .append(cell)
                .append(": after everything that may come before it, this cannot be: ")
                .append(stuck == null ? "" : stuck.act())
                .append("\npossible there: ")
                .append(verdict.states());
        Map<String, Operation<Act>> inOrder = new TreeMap<>();
        for (Operation<Act> operation : shown) {
            inOrder.put(String.format("%012d%s%d", operation.invoked(), operation.act(), inOrder.size()), operation);
        }
        for (Operation<Act> operation : inOrder.values()) {
            text.append("\n").append(operation.equals(stuck) ? "* " : "  ").append(line(calls, operation));
        }
        return text.toString();
    }

    private static String line(List<Call> calls, Operation<Act> operation) {
        String who = calls.stream()
                .filter(c -> c.invoked() == operation.invoked()
                        && (operation.isUnknown() || c.returned() == operation.returned()))
                .findFirst()
                .map(c -> c.client() + " at n" + c.node() + " by " + c.kind() + ", " + c.status())
                .orElse("?");
        String end = operation.isUnknown() ? "unknown" : String.format("%.3f", operation.returned() / 1e3);
        return String.format("%10.3f .. %10s ms  %s  (%s)", operation.invoked() / 1e3, end, operation.act(), who);
    }
}
