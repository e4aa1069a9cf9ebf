package io.keck.linearizability;

import io.keck.linearizability.Call.Kind;
import io.keck.linearizability.Call.Outcome;
import io.keck.linearizability.Cell.Act;
import io.keck.linearizability.Cell.Verb;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * All calls of a run, and what of them concerns one cell. Calls may be added by any thread; everything else is for afterwards.
 *
 * <p>A call is more than one operation where that asks for less: the answer to a write is a read beside it with the same
 * times, since Keck promises that a write is seen by what begins after its answer, not that write and answer are one moment.
 */
final class History {
    private final long begin = System.nanoTime();
    private final List<Call> calls = new ArrayList<>();

    /** Microseconds since it began. */
    long now() {
        return (System.nanoTime() - begin) / 1_000;
    }

    synchronized void add(Call call) {
        calls.add(call);
    }

    synchronized List<Call> calls() {
        List<Call> sorted = new ArrayList<>(calls);
        sorted.sort(Comparator.comparingLong(Call::invoked));
        return sorted;
    }

    List<Call> calls(String document) {
        return calls().stream().filter(c -> c.document().equals(document)).toList();
    }

    Set<String> documents() {
        Set<String> documents = new TreeSet<>();
        calls().forEach(c -> documents.add(c.document()));
        return documents;
    }

    static History of(List<String> lines) {
        History history = new History();
        lines.stream()
                .filter(line -> !line.isBlank() && !line.startsWith("#"))
                .forEach(line -> history.add(Call.of(line)));
        return history;
    }

    void write(Path file, String head) {
        List<String> lines = new ArrayList<>();
        head.lines().forEach(line -> lines.add("# " + line));
        calls().forEach(call -> lines.add(call.line()));
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            Files.write(file, lines);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** All cells of a document that a call speaks of, the mark of its lives included. */
    static Set<String> cellsOf(List<Call> calls) {
        Set<String> cells = new TreeSet<>();
        for (Call call : calls) {
            if (!call.cell().isEmpty()) {
                cells.add(call.cell());
            }
            if (call.kind() == Kind.INIT || call.kind() == Kind.FORCE) {
                cells.addAll(Call.cells(call.value()).keySet());
            }
            if (call.found()) {
                cells.addAll(Call.cells(call.answer()).keySet());
            }
        }
        if (cells.isEmpty() && !calls.isEmpty()) {
            cells.add(Call.MARK);
        }
        return cells;
    }

    /** Whether a cell holds many entries. */
    static boolean isBag(String cell) {
        return cell.equals("a") || cell.equals("t") || cell.startsWith("c/");
    }

    private static boolean isMap(String cell) {
        return cell.startsWith("m/");
    }

    /** Whether a call concerns a cell. */
    static boolean concerns(Call call, String cell) {
        return switch (call.kind()) {
            case WRITE, REMOVE, ADD, READ ->
                call.cell().equals(cell)
                        || call.answer().equals(Call.NO_DOCUMENT)
                        || (call.found() && call.kind() != Kind.READ && isMap(cell) && isMap(call.cell()));
            case READ_MAP -> isMap(cell) || !call.found();
            case READ_ALL -> !cell.startsWith("blob/") || !call.found();
            case CREATE, INIT, FORCE, DELETE -> true;
        };
    }

    /** The operations of one cell, out of the calls of its document. */
    static List<Operation<Act>> operations(List<Call> calls, String cell) {
        Set<String> seen = new TreeSet<>();
        for (Call call : calls) {
            if (call.found()) {
                String there = Call.cells(call.answer()).get(cell);
                if (there != null) {
                    seen.addAll(List.of(there.split(",")));
                }
            }
        }
        List<Operation<Act>> operations = new ArrayList<>();
        for (Call call : calls) {
            if (!concerns(call, cell) || isExcused(call, calls)) {
                continue;
            }
            boolean none = call.outcome() == Outcome.REFUSED || (call.status() == 404 && !isLife(call));
            Act effect = none ? null : effect(call, cell);
            boolean unknown = call.outcome() == Outcome.UNKNOWN;
            if (effect != null && !(unknown && isUnseen(effect, seen))) {
                operations.add(new Operation<>(effect, call.invoked(), unknown ? Operation.NEVER : call.returned()));
            }
            Act read = unknown ? null : read(call, cell);
            if (read != null) {
                operations.add(new Operation<>(read, call.invoked(), call.returned()));
            }
        }
        return operations;
    }

    /** A socket that came while a life ended may have joined that life, and tells nothing of the next one. */
    private static boolean isExcused(Call call, List<Call> calls) {
        return call.status() == Call.SOCKET_REFUSED
                && calls.stream()
                        .anyMatch(other -> (other.kind() == Kind.DELETE || other.kind() == Kind.FORCE)
                                && other.outcome() != Outcome.REFUSED
                                && other.overlaps(call));
    }

    private static boolean isLife(Call call) {
        return call.kind() == Kind.DELETE || call.kind() == Kind.CREATE;
    }

    /**
     * Whether an operation of unknown outcome may be left out: nothing that was read needs a write of a value of its own
     * that no reader found.
     */
    private static boolean isUnseen(Act effect, Set<String> seen) {
        return (effect.verb() == Verb.WRITE || effect.verb() == Verb.ADD) && !seen.contains(effect.value());
    }

    private static @Nullable Act effect(Call call, String cell) {
        boolean here = call.cell().equals(cell);
        return switch (call.kind()) {
            case CREATE -> new Act(Verb.CREATE, Cell.ABSENT, Cell.UNMARKED + call.invoked() + call.client());
            case INIT ->
                call.status() == 304 ? new Act(Verb.INIT_KEPT, Cell.ABSENT, null) : begin(Verb.INIT, call, cell);
            case FORCE -> call.status() == 304 ? null : begin(Verb.FORCE, call, cell);
            case DELETE -> new Act(Verb.DELETE, Cell.ABSENT, null);
            case WRITE -> here ? new Act(Verb.WRITE, call.value(), call.life()) : null;
            case REMOVE -> here ? new Act(Verb.REMOVE, Cell.ABSENT, call.life()) : null;
            case ADD -> here ? new Act(Verb.ADD, call.value(), call.life()) : null;
            case READ, READ_MAP, READ_ALL -> null;
        };
    }

    private static Act begin(Verb verb, Call call, String cell) {
        var content = Call.cells(call.value());
        return new Act(verb, content.getOrDefault(cell, Cell.ABSENT), content.get(Call.MARK));
    }

    private static @Nullable Act read(Call call, String cell) {
        if (call.answer().equals(Call.NO_DOCUMENT)) {
            return isLife(call) ? null : new Act(Verb.READ_NO_DOCUMENT, Cell.ABSENT, null);
        }
        if (call.answer().equals(Call.NOTHING)) {
            return call.kind() == Kind.READ_ALL || call.cell().equals(cell)
                    ? new Act(Verb.READ_NOTHING, Cell.ABSENT, null)
                    : null;
        }
        if (!call.found()) {
            return null;
        }
        var cells = Call.cells(call.answer());
        boolean whole = call.kind() == Kind.READ_ALL;
        boolean map = isMap(cell) && call.kind() != Kind.READ;
        if (!whole && !map && !call.cell().equals(cell)) {
            return null;
        }
        String value = cells.getOrDefault(cell, Cell.ABSENT);
        return new Act(
                Verb.READ,
                isBag(cell) && !value.isEmpty() ? Cell.bag(List.of(value.split(","))) : value,
                whole || map ? cells.getOrDefault(Call.MARK, "") : null);
    }
}
