package io.keck.linearizability;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Says whether a history is linearizable: whether each operation can be given a moment between its beginning and its
 * answer so that the operations, in the order of these moments, are a run of the model.
 *
 * <p>The search is that of Wing and Gong (<i>Testing and Verifying Concurrent Objects</i>, Journal of Parallel and
 * Distributed Computing 17, 1993) with the improvements of Lowe (<i>Testing for Linearizability</i>, Concurrency and
 * Computation: Practice and Experience 29(4), 2017):
 *
 * <ul>
 *   <li>Just in time: the answers are visited in the order of time. An operation is given its moment only when an answer
 *       needs it, be it its own answer or that of an operation that can only come after it.
 *   <li>Memory: a configuration (the operations that have their moment, the state) is visited once. What follows depends on
 *       nothing else.
 *   <li>Locality: a history of many things is linearizable when that of each thing is (Herlihy and Wing, <i>Linearizability:
 *       A Correctness Condition for Concurrent Objects</i>, ACM TOPLAS 12(3), 1990; Horn and Kroening call it
 *       P-compositionality, FORTE 2015). The caller hands in one thing at a time.
 * </ul>
 *
 * <p>Two more cuts change no verdict. A read that is possible now gets its moment now: it restricts nothing that follows. An
 * operation whose outcome is unknown is tried only where it changes the state: where it does not, it may as well never
 * happen.
 *
 * <p>Not thread-safe; one object a search.
 */
final class Checker<S, A> {
    enum Answer {
        LINEARIZABLE,
        VIOLATION,
        /** The search was given up at its limit. */
        UNDECIDED
    }

    /**
     * What the search found.
     *
     * @param stuckAt for a violation the operation whose answer no run of the model reaches, of the run that got furthest
     * @param states possible states just before that answer, for the reader
     */
    record Verdict<S, A>(Answer answer, @Nullable Operation<A> stuckAt, Set<S> states, int visited) {
        boolean isLinearizable() {
            return answer == Answer.LINEARIZABLE;
        }
    }

    /** The operations that have their moment, and the state after them. */
    private record Configuration<S>(BitSet moments, S state) {}

    private record Visit<S>(Configuration<S> at, int next) {}

    private static final int STATES_SHOWN = 20;

    private final Model<S, A> model;
    private final List<Operation<A>> operations; // by answer; those without one at the end
    private final int answered;
    private final Set<Configuration<S>> visited = new HashSet<>();
    private final Deque<Visit<S>> open = new ArrayDeque<>();
    private int furthest = -1;
    private final Set<S> statesThere = new HashSet<>();

    private Checker(Model<S, A> model, List<Operation<A>> history) {
        this.model = model;
        this.operations = new ArrayList<>(history);
        operations.sort(
                Comparator.<Operation<A>>comparingLong(Operation::returned).thenComparingLong(Operation::invoked));
        this.answered = (int) operations.stream().filter(o -> !o.isUnknown()).count();
    }

    /**
     * Checks the history of one thing.
     *
     * @param mostVisits configurations after which the search is given up; memory grows with them
     */
    static <S, A> Verdict<S, A> check(Model<S, A> model, List<Operation<A>> history, int mostVisits) {
        return new Checker<>(model, history).search(mostVisits);
    }

    private Verdict<S, A> search(int mostVisits) {
        push(new BitSet(operations.size()), model.initial(), 0);
        while (!open.isEmpty()) {
            Visit<S> visit = open.pop();
            if (visit.next() == answered) {
                return new Verdict<>(Answer.LINEARIZABLE, null, Set.of(), visited.size());
            }
            if (visited.size() > mostVisits) {
                return new Verdict<>(Answer.UNDECIDED, operations.get(visit.next()), Set.of(), visited.size());
            }
            expand(visit);
        }
        return new Verdict<>(Answer.VIOLATION, operations.get(furthest), statesThere, visited.size());
    }

    /** Notes a configuration, after all reads that are possible in it, unless it is known. */
    private void push(BitSet moments, S state, int from) {
        int next = from;
        while (true) {
            next = moments.nextClearBit(next);
            if (next >= answered) {
                next = answered;
                break;
            }
            if (!takeReads(moments, state, operations.get(next).returned())) {
                break;
            }
        }
        Configuration<S> configuration = new Configuration<>(moments, state);
        if (!visited.add(configuration)) {
            return;
        }
        if (next > furthest) {
            furthest = next;
            statesThere.clear();
        }
        if (next == furthest && statesThere.size() < STATES_SHOWN) {
            statesThere.add(state);
        }
        open.push(new Visit<>(configuration, next));
    }

    private boolean takeReads(BitSet moments, S state, long before) {
        boolean any = false;
        for (int i = moments.nextClearBit(0); i < answered; i = moments.nextClearBit(i + 1)) {
            Operation<A> operation = operations.get(i);
            if (operation.invoked() <= before
                    && model.isRead(operation.act())
                    && model.after(state, operation.act(), false) != null) {
                moments.set(i);
                any = true;
            }
        }
        return any;
    }

    /** Gives each operation that has begun before the next answer its moment, one at a time. */
    private void expand(Visit<S> visit) {
        S state = visit.at().state();
        BitSet moments = visit.at().moments();
        long before = operations.get(visit.next()).returned();
        // the stack gives back what was pushed last: the operation whose answer it is
        for (int i = operations.size() - 1; i >= visit.next(); i--) {
            Operation<A> operation = operations.get(i);
            if (moments.get(i) || operation.invoked() > before) {
                continue;
            }
            S after = model.after(state, operation.act(), operation.isUnknown());
            if (after == null || (operation.isUnknown() && after.equals(state))) {
                continue;
            }
            BitSet more = (BitSet) moments.clone();
            more.set(i);
            push(more, after, visit.next());
        }
    }
}
