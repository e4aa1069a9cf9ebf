package io.keck.linearizability;

import java.util.ArrayList;
import java.util.List;

/** Tries all orders of all choices of operations: for small histories only, and too simple to be wrong. */
final class BruteForce {
    private BruteForce() {}

    static <S, A> boolean isLinearizable(Model<S, A> model, List<Operation<A>> history) {
        return canGoOn(model, model.initial(), new ArrayList<>(history));
    }

    private static <S, A> boolean canGoOn(Model<S, A> model, S state, List<Operation<A>> left) {
        if (left.stream().allMatch(Operation::isUnknown)) {
            return true;
        }
        for (Operation<A> first : left) {
            // nothing that is left may have been answered before this one began
            if (left.stream().anyMatch(other -> other.returned() < first.invoked())) {
                continue;
            }
            S after = model.after(state, first.act(), first.isUnknown());
            if (after == null) {
                continue;
            }
            List<Operation<A>> rest = new ArrayList<>(left);
            rest.remove(first);
            if (canGoOn(model, after, rest)) {
                return true;
            }
        }
        return false;
    }
}
