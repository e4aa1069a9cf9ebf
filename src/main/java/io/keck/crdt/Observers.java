package io.keck.crdt;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Calls the observers of the types that a transaction changed. Source: Yjs {@code Transaction.js}. */
final class Observers {
    private Observers() {}

    /** Adds a listener; closing the subscription removes it. */
    static <L> Subscription subscribe(List<L> listeners, L listener) {
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    static void call(Transaction transaction, Failures failures) {
        List<TypeChange> changed = transaction.changedTypes();
        Map<Branch, List<YEvent>> deep = Map.of();
        for (int i = 0; i < changed.size(); i++) {
            TypeChange change = changed.get(i);
            if (change.branch.isDeleted() || !isObserved(change.branch)) {
                continue;
            }
            YEvent event = new YEvent(change);
            for (Branch at = change.branch; at != null; at = at.parent()) {
                if (!at.deepObservers.isEmpty()) {
                    deep = deep.isEmpty() ? new LinkedHashMap<>() : deep;
                    deep.computeIfAbsent(at, b -> new ArrayList<>()).add(event);
                }
            }
            callObservers(change.branch, event, failures);
        }
        if (!deep.isEmpty()) {
            deep.forEach((branch, events) -> callDeep(branch, events, failures));
        }
    }

    private static boolean isObserved(Branch branch) {
        boolean observed = !branch.observers.isEmpty();
        for (Branch at = branch; at != null && !observed; at = at.parent()) {
            observed = !at.deepObservers.isEmpty();
        }
        return observed;
    }

    private static void callObservers(Branch branch, YEvent event, Failures failures) {
        for (Consumer<YEvent> observer : List.copyOf(branch.observers)) {
            failures.run(() -> observer.accept(event));
        }
    }

    private static void callDeep(Branch branch, List<YEvent> all, Failures failures) {
        if (branch.isDeleted()) {
            return;
        }
        List<YEvent> events = new ArrayList<>();
        for (YEvent event : all) {
            if (!event.target().isDeleted()) {
                event.at(branch);
                events.add(event);
            }
        }
        events.sort((a, b) -> Integer.compare(a.depth(), b.depth()));
        for (Consumer<List<YEvent>> observer : List.copyOf(branch.deepObservers)) {
            failures.run(() -> observer.accept(List.copyOf(events)));
        }
    }
}
