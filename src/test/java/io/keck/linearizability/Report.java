package io.keck.linearizability;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Gathers what runs have shown, keeps the histories of those that failed, and fails the test at the end. */
final class Report {
    private static final Path KEPT = Path.of("target", "linearizability");

    private final String name;
    private final List<String> failures = new ArrayList<>();
    private final Map<String, Integer> counts = new TreeMap<>();
    private int runs;

    Report(String name) {
        this.name = name;
    }

    /**
     * Adds a run.
     *
     * @param head lines for the head of the file in which its history is kept if it failed
     */
    void add(long seed, String head, History history, List<Finding> findings) {
        runs++;
        if (findings.isEmpty()) {
            return;
        }
        findings.forEach(f -> counts.merge(f.kind().name(), 1, Integer::sum));
        Path file = KEPT.resolve(name + "-" + runs + "-" + seed + ".history");
        StringBuilder all = new StringBuilder(head);
        findings.forEach(f -> all.append("\n").append(f));
        history.write(file, all.toString());
        StringBuilder shown = new StringBuilder("seed " + seed + ", " + findings.size() + " findings, kept in " + file);
        Set<Finding.Kind> kinds = EnumSet.noneOf(Finding.Kind.class);
        for (Finding finding : findings) {
            if (kinds.add(finding.kind())) {
                shown.append("\n").append(finding);
            }
        }
        System.out.println(name + ": " + shown);
        failures.add(shown.toString());
    }

    /** Fails if a run failed. */
    void judge() {
        System.out.println(name + ": " + runs + " runs, " + failures.size() + " of them with findings " + counts);
        if (!failures.isEmpty()) {
            throw new AssertionError(name + ": " + counts + "\n" + String.join("\n\n", failures));
        }
    }
}
