package io.keck.access;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The rules of one credential. For a document only the longest match counts, and an exact name precedes any pattern;
 * the rights of rules with the same match are united. Without a match there is no right. Immutable.
 */
public final class Rules {
    /** The largest number of rules of one credential. */
    public static final int MAX = 1_000;

    /** No right anywhere. */
    public static final Rules NONE = new Rules(List.of());

    /** Every right everywhere. */
    public static final Rules ALL = new Rules(List.of(new Rule("*", Right.all())));

    private final Map<String, Set<Right>> exact = new HashMap<>();
    /** By descending length. */
    private final List<Rule> patterns;
    /** The rights on a document by exact name, and by the index of the pattern: computed once, as every request asks. */
    private final Map<String, Set<Right>> ofNames = new HashMap<>();

    private final List<Set<Right>> ofPatterns = new ArrayList<>();

    /**
     * Creates the rules of a credential.
     *
     * @throws IllegalArgumentException if there are more than {@link #MAX}
     */
    public Rules(List<Rule> rules) {
        if (rules.size() > MAX) {
            throw new IllegalArgumentException("A credential may have " + MAX + " rules at most.");
        }
        Map<String, Set<Right>> prefixes = new HashMap<>();
        for (Rule rule : rules) {
            (rule.isPrefix() ? prefixes : exact)
                    .computeIfAbsent(
                            rule.isPrefix() ? rule.prefix() : rule.match(), match -> EnumSet.noneOf(Right.class))
                    .addAll(rule.rights());
        }
        exact.replaceAll((match, rights) -> Collections.unmodifiableSet(rights));
        List<Rule> sorted = new ArrayList<>();
        prefixes.forEach((prefix, rights) -> sorted.add(new Rule(prefix + "*", rights)));
        sorted.sort(Comparator.comparingInt((Rule rule) -> rule.match().length())
                .reversed()
                .thenComparing(Rule::match));
        patterns = List.copyOf(sorted);
        exact.forEach((name, rights) -> ofNames.put(name, ofDocument(rights)));
        patterns.forEach(rule -> ofPatterns.add(ofDocument(rule.rights())));
    }

    private Rules(String document, Set<Right> rights) {
        exact.put(document, ofDocument(rights));
        ofNames.putAll(exact);
        patterns = List.of();
    }

    /** Returns rights for a single document, whose name may contain a star. */
    public static Rules only(String document, Set<Right> rights) {
        return new Rules(document, rights);
    }

    /** Returns the rights for a document, without those that concern the server. */
    public Set<Right> on(String document) {
        Set<Right> named = ofNames.get(document);
        if (named != null) {
            return named;
        }
        for (int i = 0; i < ofPatterns.size(); i++) {
            if (document.startsWith(patterns.get(i).prefix())) {
                return ofPatterns.get(i);
            }
        }
        return Set.of();
    }

    /**
     * Returns the ranges that hold every name with a right, in order; {@link #on} decides about each name in them. There
     * are at most twice as many as rules.
     */
    public List<NameRange> names(Right right) {
        List<String> named = exact.entrySet().stream()
                .filter(rule -> rule.getValue().contains(right))
                .map(Map.Entry::getKey)
                .toList();
        return NameRange.of(patterns, named, right);
    }

    /** Returns the rights for the whole server, which only a rule that matches every document gives. */
    public Set<Right> onServer() {
        for (Rule rule : patterns) {
            if (rule.prefix().isEmpty()) {
                EnumSet<Right> rights = EnumSet.noneOf(Right.class);
                rights.addAll(rule.rights());
                rights.removeIf(Right::isOfDocument);
                return Collections.unmodifiableSet(rights);
            }
        }
        return Set.of();
    }

    /** Whether there is no rule. */
    public boolean isEmpty() {
        return exact.isEmpty() && patterns.isEmpty();
    }

    private static Set<Right> ofDocument(Set<Right> rights) {
        EnumSet<Right> copy = EnumSet.noneOf(Right.class);
        copy.addAll(rights);
        copy.removeIf(right -> !right.isOfDocument());
        return Collections.unmodifiableSet(copy);
    }

    @Override
    public String toString() {
        return "Rules[" + (exact.size() + patterns.size()) + "]";
    }

    /** Whether both give the same rights by the same matches. */
    @Override
    public boolean equals(Object other) {
        return other instanceof Rules that && exact.equals(that.exact) && patterns.equals(that.patterns);
    }

    @Override
    public int hashCode() {
        return 31 * exact.hashCode() + patterns.hashCode();
    }
}
