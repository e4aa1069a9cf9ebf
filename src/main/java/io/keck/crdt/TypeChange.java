package io.keck.crdt;

import java.util.LinkedHashSet;
import java.util.Set;

/** What one transaction changed in one shared type. */
final class TypeChange {
    final Transaction transaction;
    final Branch branch;
    boolean children;
    final Set<String> keys = new LinkedHashSet<>(0);

    TypeChange(Transaction transaction, Branch branch) {
        this.transaction = transaction;
        this.branch = branch;
    }
}
