package io.keck.auth;

import io.keck.access.Rule;
import io.keck.access.Rules;
import java.util.List;

/**
 * Rules of the configuration, for those whose credential has none of its own. Immutable.
 *
 * @param entries in any order
 */
record ConfiguredRules(List<Entry> entries) {
    /**
     * One rule.
     *
     * @param principal whom it concerns; empty for all
     * @param group whose members it concerns; empty for all
     */
    record Entry(String principal, String group, Rule rule) {}

    ConfiguredRules {
        entries = List.copyOf(entries);
    }

    Rules of(Identified who) {
        return new Rules(entries.stream()
                .filter(entry -> (entry.principal().isEmpty()
                                || entry.principal().equals(who.principal().id()))
                        && (entry.group().isEmpty() || who.groups().contains(entry.group())))
                .map(Entry::rule)
                .toList());
    }
}
