package io.keck.auth;

import io.keck.access.Rule;
import io.keck.access.Rules;
import java.util.List;

/**
 * Rules of the configuration, for callers whose credential has none. Immutable.
 *
 * @param entries in any order
 */
record ConfiguredRules(List<Entry> entries) {
    /**
     * One rule.
     *
     * @param principal the principal to which the rule applies; empty for all
     * @param group the group to whose members the rule applies; empty for all
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
