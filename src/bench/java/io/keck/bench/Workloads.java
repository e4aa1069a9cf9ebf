package io.keck.bench;

import io.keck.crdt.Doc;
import io.keck.crdt.YArray;
import io.keck.crdt.YText;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.function.ObjIntConsumer;
import java.util.function.Supplier;

/** The workloads B1 to B4 by name, after crdt-benchmarks of Yjs; the same as in {@code workloads.mjs}. */
final class Workloads {
    static final int N = 6000;
    static final int CLIENTS = 20 * (int) Math.sqrt(N);

    private static final Map<String, Supplier<Workload<?>>> ALL = new LinkedHashMap<>();

    private Workloads() {}

    static List<String> names() {
        return List.copyOf(ALL.keySet());
    }

    /** A workload, with what all its runs share. */
    static Workload<?> named(String name) {
        return ALL.get(name).get();
    }

    static void add(String name, Supplier<Workload<?>> workload) {
        ALL.put(name, workload);
    }

    static void require(boolean condition, String otherwise) {
        if (!condition) {
            throw new IllegalStateException(otherwise);
        }
    }

    /** A workload that leaves a document, and those that encode that and read it again. */
    private static void document(String name, Supplier<? extends Workload<?>> workload) {
        add(name, workload::get);
        add(name + " encode", () -> workload.get().encode());
        add(name + " parse", () -> workload.get().parse());
    }

    static Doc doc(long client) {
        Doc doc = new Doc();
        doc.setClientId(client);
        return doc;
    }

    /** A document whose updates are counted. */
    private static final class Local {
        final Doc doc = doc(1);
        final YText text = doc.getText("t");
        final YArray array = doc.getArray("a");
        long bytes;

        void listen() {
            doc.onUpdate((update, transaction) -> bytes += update.length);
        }
    }

    static {
        addB1();
        addB2();
        addB3();
        addB4();
        ServerWorkloads.addTo();
    }

    // ---- B1: one client; every edit is a transaction whose update is encoded and counted

    private static <I> void b1(int n, Function<Xorshift, I> draw, BiConsumer<Local, I> run) {
        document("B1." + n, () -> {
            I input = draw.apply(new Xorshift());
            return Workload.of(
                            () -> {
                                Local local = new Local();
                                local.listen();
                                return local;
                            },
                            local -> {
                                run.accept(local, input);
                                return local.bytes;
                            })
                    .leaving(local -> local.doc);
        });
    }

    private static void addB1() {
        Function<Xorshift, String> letters = r -> r.letters(N);
        BiConsumer<Local, Edit[]> edits = (x, all) -> {
            for (Edit edit : all) {
                edit.apply(x.text);
            }
        };
        Function<Xorshift, Edit[]> append = r -> edits(i -> new Edit(i, 0, "" + r.letter()));
        Function<Xorshift, Edit[]> prepend = r -> edits(i -> new Edit(0, 0, "" + r.letter()));
        b1(1, append, edits);
        b1(2, letters, (x, s) -> x.text.insert(0, s));
        b1(3, prepend, edits);
        b1(4, r -> edits(i -> new Edit(r.below(i + 1), 0, "" + r.letter())), edits);
        b1(5, r -> words(r, 0), edits);
        b1(6, letters, (x, s) -> {
            x.text.insert(0, s);
            x.text.delete(0, N);
        });
        b1(7, r -> insertsAndDeletes(r, 0), edits);
        Function<Xorshift, Double[]> numbers = r -> {
            Double[] all = new Double[N];
            Arrays.setAll(all, i -> (double) r.next());
            return all;
        };
        b1(8, numbers, (x, all) -> {
            for (int i = 0; i < N; i++) {
                x.array.insert(i, List.of(all[i]));
            }
        });
        b1(9, numbers, (x, all) -> x.array.insert(0, Arrays.asList(all)));
        b1(10, numbers, (x, all) -> {
            for (Double number : all) {
                x.array.insert(0, List.of(number));
            }
        });
        b1(
                11,
                r -> {
                    double[][] all = new double[N][];
                    Arrays.setAll(all, i -> new double[] {r.below(i + 1), r.next()});
                    return all;
                },
                (x, all) -> {
                    for (double[] each : all) {
                        x.array.insert((int) each[0], List.of(each[1]));
                    }
                });
    }

    private static Edit[] edits(IntFunction<Edit> edit) {
        Edit[] all = new Edit[N];
        Arrays.setAll(all, edit);
        return all;
    }

    private static Edit[] words(Xorshift random, int initial) {
        int[] length = {initial};
        return edits(i -> {
            String word = random.word();
            int at = random.below(length[0] + 1);
            length[0] += word.length();
            return new Edit(at, 0, word);
        });
    }

    private static Edit[] insertsAndDeletes(Xorshift random, int initial) {
        int[] length = {initial};
        return edits(i -> {
            int at = random.below(length[0] + 1);
            if (at == length[0] || random.below(2) == 0) {
                String word = random.word();
                length[0] += word.length();
                return new Edit(at, 0, word);
            }
            int n = 1 + random.below(Math.min(9, length[0] - at));
            length[0] -= n;
            return new Edit(at, n, "");
        });
    }

    // ---- B2: two clients edit the same text apart, then each applies the updates of the other

    private static final class Pair {
        final Doc[] docs = {doc(1), doc(2)};
        final List<byte[]> updates = new ArrayList<>();

        void exchange(List<List<byte[]>> made) {
            made.get(1).forEach(docs[0]::applyUpdate);
            made.get(0).forEach(docs[1]::applyUpdate);
        }
    }

    private static void b2(int n, Function<Xorshift, Edit[]> draw) {
        document("B2." + n, () -> {
            Edit[][] edits = {draw.apply(new Xorshift(11)), draw.apply(new Xorshift(22))};
            List<List<byte[]>> made = List.of(new ArrayList<>(), new ArrayList<>());
            boolean[] recorded = {false}; // every time the same
            return Workload.of(
                            () -> {
                                Pair pair = new Pair();
                                pair.docs[0].getText("t").insert(0, new Xorshift().letters(100));
                                pair.docs[1].applyUpdate(pair.docs[0].encodeStateAsUpdate());
                                for (int k = 0; k < 2; k++) {
                                    List<byte[]> list = made.get(k);
                                    if (!recorded[0]) {
                                        pair.docs[k].onUpdate((update, transaction) -> {
                                            if (transaction.isLocal()) {
                                                list.add(update);
                                            }
                                        });
                                    }
                                    for (Edit edit : edits[k]) {
                                        edit.apply(pair.docs[k].getText("t"));
                                    }
                                }
                                if (!recorded[0]) {
                                    recorded[0] = true;
                                }
                                return pair;
                            },
                            pair -> {
                                pair.exchange(made);
                                return pair;
                            })
                    .checked(pair -> require(
                            pair.docs[0]
                                    .getText("t")
                                    .toString()
                                    .equals(pair.docs[1].getText("t").toString()),
                            "the two differ"))
                    .leaving(pair -> pair.docs[0]);
        });
    }

    private static void addB2() {
        b2(1, r -> new Edit[] {new Edit(0, 0, r.letters(N))});
        b2(2, r -> edits(i -> new Edit(r.below(101 + i), 0, "" + r.letter())));
        b2(3, r -> words(r, 100));
        b2(4, r -> insertsAndDeletes(r, 100));
    }

    // ---- B3: many clients make one edit each

    private static void b3(int n, ObjIntConsumer<Doc> edit) {
        document("B3." + n, () -> {
            List<byte[]> updates = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                Doc doc = doc(10 + i);
                edit.accept(doc, i);
                updates.add(doc.encodeStateAsUpdate());
            }
            return Workload.of(() -> doc(1), doc -> {
                        updates.forEach(doc::applyUpdate);
                        return doc;
                    })
                    .leaving(doc -> doc);
        });
    }

    private static void addB3() {
        b3(1, (doc, i) -> doc.getMap("m").set("v", i));
        b3(2, (doc, i) -> {
            Map<String, Object> value = new LinkedHashMap<>();
            value.put("name", "user " + i);
            value.put("address", "street " + i);
            doc.getMap("m").set("v", value);
        });
        b3(3, (doc, i) -> doc.getMap("m").set("v", Integer.toString(i).repeat(5)));
        b3(4, (doc, i) -> doc.getText("t").insert(0, "text of " + i));
        b3(5, (doc, i) -> doc.getArray("a").insert(0, List.of(i, "x")));
    }

    // ---- B4: the real trace

    private static Workload<Local> b4(boolean listened) {
        Edit[] edits = Recorded.edits();
        String expected = new String(Recorded.bytes("text.txt"), StandardCharsets.UTF_8);
        return Workload.of(
                        () -> {
                            Local local = new Local();
                            if (listened) {
                                local.listen();
                            }
                            return local;
                        },
                        local -> {
                            for (Edit edit : edits) {
                                edit.apply(local.text);
                            }
                            return local.bytes;
                        })
                .checked(local -> require(local.text.toString().equals(expected), "not the text of the trace"))
                .leaving(local -> local.doc);
    }

    private static void addB4() {
        document("B4", () -> b4(false));
        add("B4 listened", () -> b4(true));
    }

    static List<byte[]> open(List<byte[]> updates) {
        int k = (int) (updates.size() * 0.9);
        List<byte[]> all = new ArrayList<>();
        all.add(Recorded.bytes("snapshot90.bin"));
        all.addAll(updates.subList(k, k + 1000));
        return Collections.unmodifiableList(all);
    }
}
