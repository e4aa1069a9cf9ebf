package io.keck.crdt;

import java.util.LinkedHashSet;
import java.util.Set;

/** The changes that one transaction made to one shared type. */
final class TypeChange {
    final Transaction transaction;
    final Branch branch;
    boolean children;
    private Set<String> keys = Set.of();

    TypeChange(Transaction transaction, Branch branch) {
        this.transaction = transaction;
        this.branch = branch;
    }

    void addKey(String key) {
        keys = keys.isEmpty() ? new LinkedHashSet<>() : keys;
        keys.add(key);
    }

    Set<String> keys() {
        return keys;
    }
}
