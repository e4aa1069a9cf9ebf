package io.keck.crdt;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The root types of one document, by name. Not thread-safe. */
final class Roots {
    private final Doc doc;
    private final Map<String, Branch> byName = new LinkedHashMap<>();

    Roots(Doc doc) {
        this.doc = doc;
    }

    /** The root of that name; null if there is none. */
    @Nullable
    Branch find(String name) {
        return byName.get(name);
    }

    /** The root of that name, which is created if it does not exist. */
    Branch root(String name) {
        Branch branch = byName.get(name);
        if (branch == null) {
            branch = Branch.root(doc, name);
            byName.put(name, branch);
        }
        return branch;
    }

    /**
     * The view of the root of that name, which is of that kind from now on.
     *
     * @throws IllegalStateException if it is of another kind
     */
    AbstractType get(String name, int kind) {
        Branch branch = root(name);
        if (branch.kind() == Branch.UNKNOWN) {
            branch.becomes(kind);
        } else if (branch.kind() != kind) {
            throw new IllegalStateException("root \"" + name + "\" is in use as another type: "
                    + branch.view().getClass().getSimpleName());
        }
        return branch.view();
    }

    Set<String> names() {
        return Collections.unmodifiableSet(byName.keySet());
    }

    /** The content of all roots whose kind is known. */
    Map<String, @Nullable Object> toJson() {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        byName.forEach((name, branch) -> {
            if (branch.kind() != Branch.UNKNOWN) {
                json.put(name, branch.view().toJson());
            }
        });
        return json;
    }
}
