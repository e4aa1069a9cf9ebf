package io.keck.storage.others;

import io.keck.storage.octobase.Names;
import io.keck.storage.octobase.Renames.Rename;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The new names of imported documents: exact names first, then patterns in their order; the first that matches counts. A
 * pattern has one asterisk, which stands for any text, also none; the asterisk of the new name stands for the same text. Not
 * thread-safe, because it remembers which rules were used.
 */
public final class RenameRules {
    private static final String NOTHING = " Nothing was changed.";

    private final Map<String, String> exact = new HashMap<>();
    private final List<Rename> patterns = new ArrayList<>();
    private final Set<String> used = new HashSet<>();

    /**
     * Creates rules.
     *
     * @param options of the form {@code OLD=NEW}, each with an asterisk on both sides or on none
     * @param names further exact names, in which an asterisk is an ordinary character
     * @throws IllegalArgumentException if a rule is malformed, or a name gets two new ones
     */
    public RenameRules(List<String> options, List<Rename> names) {
        names.forEach(this::add);
        for (String option : options) {
            Rename rename = Rename.parse(option);
            long from = asterisks(rename.from());
            if (from > 1 || from != asterisks(rename.to())) {
                throw new IllegalArgumentException("--rename " + Names.quote(option)
                        + " must have an asterisk on each side of the equals sign, or none." + NOTHING);
            }
            if (from == 0) {
                add(rename);
            } else {
                patterns.add(rename);
            }
        }
    }

    private static long asterisks(String text) {
        return text.chars().filter(c -> c == '*').count();
    }

    private void add(Rename rename) {
        String before = exact.putIfAbsent(rename.from(), rename.to());
        if (before != null && !before.equals(rename.to())) {
            throw new IllegalArgumentException("Document " + Names.quote(rename.from()) + " is to be renamed both to "
                    + Names.quote(before) + " and to " + Names.quote(rename.to()) + "." + NOTHING);
        }
    }

    /** The name of a document here. */
    String target(String name) {
        String given = exact.get(name);
        if (given != null) {
            used.add(name);
            return given;
        }
        for (Rename pattern : patterns) {
            Optional<String> found = match(pattern, name);
            if (found.isPresent()) {
                used.add(pattern.from());
                return found.get();
            }
        }
        return name;
    }

    private static Optional<String> match(Rename pattern, String name) {
        int at = pattern.from().indexOf('*');
        String head = pattern.from().substring(0, at);
        String tail = pattern.from().substring(at + 1);
        if (name.length() < head.length() + tail.length() || !name.startsWith(head) || !name.endsWith(tail)) {
            return Optional.empty();
        }
        String middle = name.substring(head.length(), name.length() - tail.length());
        int to = pattern.to().indexOf('*');
        return Optional.of(pattern.to().substring(0, to) + middle + pattern.to().substring(to + 1));
    }

    /** The rules that no document has matched so far, as they were written. */
    List<String> unused() {
        List<String> rest = new ArrayList<>();
        exact.keySet().stream().filter(from -> !used.contains(from)).sorted().forEach(rest::add);
        patterns.stream().map(Rename::from).filter(from -> !used.contains(from)).forEach(rest::add);
        return rest;
    }
}
