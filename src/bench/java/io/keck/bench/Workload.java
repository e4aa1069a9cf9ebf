package io.keck.bench;

import io.keck.crdt.Doc;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * One thing that is measured.
 *
 * @param before makes what the run needs; not timed
 * @param run what is timed; its result is only kept from being optimized away
 * @param check looks at the state after a run and throws if it is not what it has to be
 * @param doc the document in the state after a run, for workloads that leave one; else null
 */
record Workload<S>(Supplier<S> before, Function<S, Object> run, Consumer<S> check, Function<S, Doc> doc) {
    static <S> Workload<S> of(Supplier<S> before, Function<S, Object> run) {
        return new Workload<>(before, run, s -> {}, null);
    }

    Workload<S> checked(Consumer<S> newCheck) {
        return new Workload<>(before, run, newCheck, doc);
    }

    Workload<S> leaving(Function<S, Doc> newDoc) {
        return new Workload<>(before, run, check, newDoc);
    }

    /** The state after one run. */
    S ran() {
        S state = before.get();
        Workloads.require(run.apply(state) != null, "nothing came out");
        return state;
    }

    /** Encodes the document that this one leaves. */
    Workload<Doc> encode() {
        Doc left = doc.apply(ran());
        return of(() -> left, Doc::encodeStateAsUpdate);
    }

    /** Reads what {@link #encode} gives into an empty document. */
    Workload<Doc> parse() {
        byte[] encoded = doc.apply(ran()).encodeStateAsUpdate();
        return Workload.<Doc>of(Doc::new, into -> {
                    into.applyUpdate(encoded);
                    return into;
                })
                .checked(into -> Workloads.require(
                        into.encodeStateAsUpdate().length == encoded.length, "encodes to another size"));
    }
}
