package io.keck.linearizability;

import io.keck.linearizability.Call.Kind;
import io.keck.linearizability.Call.Outcome;
import io.keck.linearizability.Cell.Act;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Everything that can be said of a history of calls alone. */
final class Analysis {
    /** Configurations of one search; an outage leaves many outcomes open, and campaigns have long ones. */
    private static final int MOST_VISITS = Boolean.getBoolean("keck.campaign") ? 3_000_000 : 400_000;

    private static final Cell MODEL = new Cell();

    private final History history;
    private final List<Finding> findings = new ArrayList<>();
    private int cells;
    private int operations;

    private Analysis(History history) {
        this.history = history;
    }

    /** Looks at a history; what it finds is ordered by document. */
    static List<Finding> of(History history) {
        return run(history).findings;
    }

    /** The same, with the figures. */
    static Analysis run(History history) {
        Analysis analysis = new Analysis(history);
        for (String document : history.documents()) {
            List<Call> calls = history.calls(document);
            analysis.statuses(document, calls);
            analysis.values(document, calls);
            analysis.orders(document, calls);
            analysis.linearizability(document, calls);
        }
        return analysis;
    }

    List<Finding> findings() {
        return findings;
    }

    String figures() {
        return history.calls().size() + " calls, " + cells + " cells with " + operations + " operations searched";
    }

    private void add(Finding.Kind kind, String document, String text) {
        findings.add(new Finding(kind, document, text));
    }

    private void statuses(String document, List<Call> calls) {
        for (Call call : calls) {
            if (call.status() == 500) {
                add(Finding.Kind.SERVER_ERROR, document, call.toString());
            } else if (!isExpected(call)) {
                add(Finding.Kind.UNEXPECTED_STATUS, document, call.toString());
            }
            if (call.kind() == Kind.FORCE && call.status() == 304) {
                add(Finding.Kind.FORCE_KEPT, document, call.toString());
            }
            if ((call.kind() == Kind.FORCE || call.kind() == Kind.INIT)
                    && call.status() == 200
                    && !Call.cells(call.answer()).equals(Call.cells(call.value()))) {
                add(Finding.Kind.ANSWER_OF_ANOTHER_LIFE, document, call.toString());
            }
        }
    }

    /** Those of the contract, and what a node that is gone or a proxy before it gives. */
    private static boolean isExpected(Call call) {
        return switch (call.status()) {
            case 0, 101, Call.SOCKET_REFUSED, 502, 503, 504 -> true;
            case 200, 204 -> call.kind() != Kind.DELETE || call.status() == 204;
            case 304 -> call.kind() == Kind.INIT || call.kind() == Kind.FORCE;
            case 404 ->
                call.kind() != Kind.CREATE
                        && call.kind() != Kind.INIT
                        && call.kind() != Kind.FORCE
                        && call.kind() != Kind.DELETE;
            default -> false;
        };
    }

    /** Values that were read: written by a call, not by a refused one, and each entry once. */
    private void values(String document, List<Call> calls) {
        Set<String> written = new HashSet<>();
        Map<String, Call> refused = new HashMap<>();
        for (Call call : calls) {
            if (call.kind() == Kind.INIT || call.kind() == Kind.FORCE) {
                for (String value : Call.cells(call.value()).values()) {
                    for (String entry : value.split(",")) {
                        note(call, entry, written, refused);
                    }
                }
            } else if (call.kind().changes() && !call.value().isEmpty()) {
                note(call, call.value(), written, refused);
            }
        }
        Set<String> told = new HashSet<>();
        for (Call call : calls) {
            if (!call.found()) {
                continue;
            }
            Call.cells(call.answer()).forEach((cell, value) -> {
                List<String> entries = value.isEmpty() ? List.of() : List.of(value.split(","));
                for (String entry : entries) {
                    if (written.contains(entry) || !told.add(entry)) {
                        continue;
                    }
                    Call refusal = refused.get(entry);
                    if (refusal != null) {
                        add(Finding.Kind.REFUSED_BUT_APPLIED, document, refusal + "\nbut seen by\n" + call);
                    } else {
                        add(Finding.Kind.PHANTOM, document, entry + " in " + call);
                    }
                }
                if (new HashSet<>(entries).size() < entries.size() && told.add("twice " + cell)) {
                    add(Finding.Kind.APPLIED_TWICE, document, cell + " in " + call);
                }
            });
        }
    }

    private static void note(Call call, String value, Set<String> written, Map<String, Call> refused) {
        boolean none = call.outcome() == Outcome.REFUSED || call.status() == 404;
        if (!none) {
            written.add(value);
        } else {
            refused.put(value, call);
        }
    }

    private void orders(String document, List<Call> calls) {
        if (calls.stream().anyMatch(c -> c.kind() == Kind.DELETE || c.kind() == Kind.FORCE)) {
            return; // a list of one life says nothing of the next
        }
        for (String cell : History.cellsOf(calls)) {
            if (History.isBag(cell)) {
                Orders.check(document, cell, calls, findings);
            }
        }
    }

    private void linearizability(String document, List<Call> calls) {
        List<Finding> mine = new ArrayList<>();
        for (String cell : History.cellsOf(calls)) {
            List<Operation<Act>> ofCell = History.operations(calls, cell);
            cells++;
            operations += ofCell.size();
            var verdict = judge(ofCell);
            if (verdict.answer() == Checker.Answer.VIOLATION) {
                mine.add(new Finding(
                        Finding.Kind.NOT_LINEARIZABLE, document, Explanation.of(calls, cell, ofCell, verdict)));
            } else if (verdict.answer() == Checker.Answer.UNDECIDED) {
                mine.add(new Finding(
                        Finding.Kind.UNDECIDED,
                        document,
                        cell + ", " + ofCell.size() + " operations, at " + verdict.stuckAt()));
            }
        }
        // the same answer is wrong for each cell of its document: the shortest history says it best
        mine.sort(Comparator.comparingInt(f -> f.text().length()));
        findings.addAll(mine);
    }

    /**
     * Explains a history, first without the acts of unknown outcome that no reader needs: they may never have happened, and an
     * explanation without them is one. An outage leaves so many of them that a search with all would take too long. Only a
     * search with all of them finds a history wrong.
     */
    private static Checker.Verdict<Cell.State, Cell.Act> judge(List<Operation<Cell.Act>> operations) {
        Set<String> seen = operations.stream()
                .map(Operation::act)
                .filter(act -> act.verb() == Cell.Verb.READ && act.life() != null)
                .map(Cell.Act::life)
                .collect(Collectors.toSet());
        List<Operation<Cell.Act>> needed = operations.stream()
                .filter(operation -> !operation.isUnknown() || isNeeded(operation.act(), seen))
                .toList();
        var simple = Checker.check(MODEL, needed, MOST_VISITS);
        return simple.answer() == Checker.Answer.LINEARIZABLE || needed.size() == operations.size()
                ? simple
                : Checker.check(MODEL, operations, MOST_VISITS);
    }

    /** Whether readers saw what an act of unknown outcome did. */
    private static boolean isNeeded(Cell.Act act, Set<String> livesSeen) {
        return switch (act.verb()) {
            case WRITE, ADD -> true; // those that no reader saw were left out before
            case CREATE, INIT, FORCE -> act.life() != null && livesSeen.contains(act.life());
            default -> false;
        };
    }
}
