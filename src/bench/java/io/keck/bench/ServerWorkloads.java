package io.keck.bench;

import static io.keck.bench.Workloads.add;
import static io.keck.bench.Workloads.require;

import io.keck.crdt.Doc;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.StateVector;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * What a server does with the document of the trace. Each once with a {@link Doc}, and once, named {@code store}, with the
 * {@link StructStore}, which does not integrate; what works on bytes alone has one form.
 */
final class ServerWorkloads {
    private ServerWorkloads() {}

    private interface Engine<D> {
        D create();

        void apply(D into, byte[] update);

        byte[] encode(D from, StateVector known);

        StateVector vector(D of);

        /** Throws if it does not hold the whole trace. */
        void check(D doc);
    }

    private static final Engine<Doc> DOC = new Engine<>() {
        @Override
        public Doc create() {
            return Workloads.doc(9);
        }

        @Override
        public void apply(Doc into, byte[] update) {
            into.applyUpdate(update);
        }

        @Override
        public byte[] encode(Doc from, StateVector known) {
            return from.encodeStateAsUpdate(known);
        }

        @Override
        public StateVector vector(Doc of) {
            return of.stateVector();
        }

        @Override
        public void check(Doc doc) {
            checkText(doc);
            require(Arrays.equals(doc.encodeStateAsUpdate(), Recorded.bytes("full.bin")), "not the bytes of Yjs");
        }
    };

    private static final Engine<StructStore> STORE = new Engine<>() {
        @Override
        public StructStore create() {
            return new StructStore();
        }

        @Override
        public void apply(StructStore into, byte[] update) {
            into.apply(update, DecodeLimits.DEFAULT);
        }

        @Override
        public byte[] encode(StructStore from, StateVector known) {
            return from.diff(known);
        }

        @Override
        public StateVector vector(StructStore of) {
            return of.stateVector();
        }

        @Override
        public void check(StructStore store) {
            checkText(Doc.of(store));
            require(store.encode().length <= Recorded.bytes("full.bin").length, "larger than that of Yjs");
        }
    };

    private static void checkText(Doc doc) {
        String expected = new String(Recorded.bytes("text.txt"), StandardCharsets.UTF_8);
        require(doc.getText("t").toString().equals(expected), "not the text of the trace");
    }

    /** A document and what is to be done with it. */
    private record Task<D, T>(D doc, T input) {}

    private static <D> Workload<Task<D, List<byte[]>>> applying(
            Engine<D> engine, byte[] loaded, List<byte[]> updates, boolean complete) {
        Workload<Task<D, List<byte[]>>> workload =
                Workload.of(() -> new Task<>(loaded(engine, loaded), updates), task -> {
                    for (byte[] update : task.input) {
                        engine.apply(task.doc, update);
                    }
                    return task;
                });
        return complete ? workload.checked(task -> engine.check(task.doc)) : workload;
    }

    private static <D> D loaded(Engine<D> engine, byte[] update) {
        D doc = engine.create();
        if (update != null) {
            engine.apply(doc, update);
        }
        return doc;
    }

    static void addTo() {
        addFor(DOC, "");
        addFor(STORE, " store");
        for (int n : new int[] {1000, 10_000}) {
            add("Sb " + n, () -> merging(Recorded.blobs("updates.bin").subList(100_000, 100_000 + n)));
        }
        add(
                "Sb2",
                () -> merging(List.of(
                        Recorded.bytes("full.bin"), Recorded.blobs("extra.bin").get(0))));
        add("Sc1", () -> {
            StateVector known = StateVector.decode(Recorded.bytes("vector99.bin"));
            return onFull(full -> Update.decode(full).diff(known));
        });
        add("Sd", () -> onFull(full -> Update.stateVector(full).encode()));
    }

    private static Workload<byte[]> onFull(Function<byte[], Object> run) {
        byte[] full = Recorded.bytes("full.bin");
        return Workload.of(() -> full, run);
    }

    private static Workload<List<byte[]>> merging(List<byte[]> updates) {
        List<byte[]> all = List.copyOf(updates);
        return Workload.of(() -> all, ServerWorkloads::merge);
    }

    private static byte[] merge(List<byte[]> updates) {
        return Update.merge(updates.stream().map(Update::decode).toList()).encode();
    }

    private static <D> void addFor(Engine<D> engine, String suffix) {
        Supplier<List<byte[]>> updates = () -> Recorded.blobs("updates.bin");
        Supplier<byte[]> full = () -> Recorded.bytes("full.bin");
        add("S0" + suffix, () -> applying(engine, null, updates.get(), true));
        add("Sp" + suffix, () -> applying(engine, null, List.of(full.get()), true));
        add("Sa" + suffix, () -> applying(engine, full.get(), Recorded.blobs("extra.bin"), false));
        add("Sa2" + suffix, () -> {
            byte[] loaded = full.get();
            List<byte[]> extra = Recorded.blobs("extra.bin").subList(0, 500);
            return Workload.of(() -> new Task<>(loaded(engine, loaded), extra), task -> {
                StateVector known = engine.vector(task.doc);
                for (byte[] update : task.input) {
                    engine.apply(task.doc, update);
                    engine.encode(task.doc, known);
                    known = engine.vector(task.doc);
                }
                return known;
            });
        });
        add("Sc2" + suffix, () -> {
            D doc = loaded(engine, full.get());
            StateVector known = StateVector.decode(Recorded.bytes("vector99.bin"));
            return Workload.of(() -> doc, d -> engine.encode(d, known));
        });
        add("Sc3" + suffix, () -> {
            D doc = loaded(engine, full.get());
            return Workload.of(() -> doc, d -> {
                byte[] last = {};
                for (int i = 0; i < 1000; i++) {
                    last = engine.vector(d).encode();
                }
                return last;
            });
        });
        add("Sc4" + suffix, () -> {
            D doc = loaded(engine, full.get());
            StateVector known = engine.vector(doc);
            return Workload.of(() -> doc, d -> engine.encode(d, known));
        });
        add("Se" + suffix, () -> applying(engine, null, Workloads.open(updates.get()), false));
        for (int missing : new int[] {0, 1}) {
            add("Sm" + missing + suffix, () -> {
                List<byte[]> all = updates.get();
                int k = (int) (all.size() * 0.9) + missing;
                return applying(engine, Recorded.bytes("snapshot90.bin"), all.subList(k, k + 1000), false);
            });
        }
        add("Se2" + suffix, () -> {
            List<byte[]> all = Workloads.open(updates.get());
            return Workload.of(engine::create, doc -> {
                engine.apply(doc, merge(all));
                return doc;
            });
        });
    }
}
