package io.keck.linearizability;

import io.keck.linearizability.Call.Kind;
import io.keck.linearizability.Call.Outcome;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * A random history: clients that call, sockets that come and go and stay, followers of events, and faults. The seed fixes what
 * each of them does in which order; it does not fix how they interleave.
 *
 * <p>Some documents are steady: made at the beginning, never deleted, with everything that a document can hold, keyed writes
 * and their repeats among them. The others are created, replaced and deleted all the time.
 */
final class Round {
    private static final int STEADY = 2;
    private static final int SHORT_LIVED = 3;
    private static final int CALLERS = 5;
    private static final int SEATS = 2;
    private static final int MOST_ATTEMPTS = 6;
    private static final int MOST_ENTRIES = 70; // of a list: what a search can take

    private final Site site;
    private final long seed;
    private final long millis;
    private final String prefix;
    private final History history = new History();
    private final List<Finding> findings = new ArrayList<>();
    private final List<String> steady = new ArrayList<>();
    private final List<String> shortLived = new ArrayList<>();
    private final AtomicInteger tokens = new AtomicInteger();
    private final AtomicInteger children = new AtomicInteger();
    private final AtomicInteger pushes = new AtomicInteger();
    private final AtomicInteger inserts = new AtomicInteger();
    private final Nemesis nemesis;
    private final List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
    private volatile boolean enough;

    Round(Site site, long seed, long millis, long restBetweenFaults) {
        this.site = site;
        this.seed = seed;
        this.millis = millis;
        this.prefix = "h" + Long.toString(seed & 0xffffff, 36) + "-";
        for (int i = 0; i < STEADY; i++) {
            steady.add(prefix + "steady" + i);
        }
        for (int i = 0; i < SHORT_LIVED; i++) {
            shortLived.add(prefix + "lives" + i);
        }
        List<String> all = new ArrayList<>(steady);
        all.addAll(shortLived);
        this.nemesis = new Nemesis(site, history, seed, all, restBetweenFaults);
    }

    Round only(List<Nemesis.Fault> faults) {
        nemesis.only(faults);
        return this;
    }

    /** What was done to whom and when, for the head of a history that is kept. */
    String timeline() {
        return "seed " + seed + "\n" + nemesis.timeline();
    }

    History history() {
        return history;
    }

    /** Runs it and says what was wrong. */
    List<Finding> run() {
        Followers followers = new Followers(site, seed);
        prepare(followers);
        Thread faults = thread("nemesis", nemesis);
        List<Thread> clients = new ArrayList<>();
        for (int i = 0; i < CALLERS; i++) {
            String name = "c" + i;
            Random random = new Random(seed * 31 + i);
            clients.add(thread(name, () -> call(new Caller(history, name, site::port), random)));
        }
        for (int i = 0; i < SEATS; i++) {
            String name = "w" + i;
            Random random = new Random(seed * 37 + i);
            clients.add(thread(name, () -> sit(name, random)));
        }
        Nemesis.rest(millis);
        enough = true;
        nemesis.enough();
        join(faults);
        clients.forEach(Round::join);
        readAtTheEnd();
        followers.judge(steady, history, findings);
        if (!failures.isEmpty()) {
            throw new AssertionError("a part of the test failed", failures.get(0));
        }
        Analysis analysis = Analysis.run(history);
        findings.addAll(analysis.findings());
        System.out.println("  seed " + seed + ": " + analysis.figures() + ", faults " + nemesis.figures() + ", "
                + followers.figures() + ", findings " + findings.size());
        return findings;
    }

    private Thread thread(String name, Runnable work) {
        Thread thread = new Thread(
                () -> {
                    try {
                        work.run();
                    } catch (Throwable e) {
                        failures.add(e);
                    }
                },
                name);
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private void prepare(Followers followers) {
        Caller caller = new Caller(history, "prep", site::port);
        for (String document : steady) {
            create(caller, document);
            followers.follow(document);
            caller.makeBlock(document, 0, "p0");
            for (int i = 0; i < MOST_ENTRIES / 2; i++) {
                caller.makeBlock(document, 0, Contents.CHILD + i);
            }
        }
        // a socket that comes to a name without a document may make one; after a deletion the name is held against that
        shortLived.forEach(document -> create(caller, document));
        shortLived.forEach(followers::watchLives);
    }

    /** What was done to the nodes before may still keep them from answering. */
    private static void create(Caller caller, String document) {
        Nemesis.await(() -> caller.create(document, 0).status() == 200);
    }

    private String token() {
        return "v" + tokens.getAndIncrement() + "s" + Long.toString(seed & 0xffffff, 36);
    }

    private int node(Random random) {
        return site.isBalanced() ? -1 : random.nextInt(site.size());
    }

    private static String any(List<String> list, Random random) {
        return list.get(random.nextInt(list.size()));
    }

    // ------------------------------------------------------------------ callers

    private void call(Caller caller, Random random) {
        while (!enough) {
            Call last = random.nextInt(5) < 3
                    ? callSteady(caller, random, any(steady, random))
                    : callShortLived(caller, random, any(shortLived, random));
            // a node that is away refuses at once: do not fill the history with that
            Nemesis.rest(last.status() == 0 ? 60 : random.nextInt(25));
        }
    }

    private Call callSteady(Caller caller, Random random, String document) {
        int node = node(random);
        return switch (random.nextInt(20)) {
            case 0, 1 -> write(caller, random, Kind.WRITE, document, "k" + random.nextInt(3));
            case 2 -> write(caller, random, Kind.REMOVE, document, "k" + random.nextInt(3));
            case 3, 4, 5 -> caller.getMap(document, node);
            case 6 -> caller.get(document, node, "k" + random.nextInt(3));
            case 7 ->
                pushes.incrementAndGet() < MOST_ENTRIES * STEADY
                        ? write(caller, random, Kind.ADD, document, "a")
                        : caller.list(document, node);
            case 8 -> caller.list(document, node);
            case 9 ->
                inserts.incrementAndGet() < MOST_ENTRIES * STEADY
                        ? write(caller, random, Kind.ADD, document, "t")
                        : caller.text(document, node);
            case 10 -> caller.text(document, node);
            case 11 -> caller.putBlock(document, node, "b" + random.nextInt(2), token());
            case 12 -> caller.removeBlock(document, node, "b" + random.nextInt(2));
            case 13 -> caller.getBlock(document, node, "b" + random.nextInt(2));
            case 14 ->
                children.get() < MOST_ENTRIES / 2
                        ? write(caller, random, Kind.ADD, document, "c/p0")
                        : caller.children(document, node, "p0");
            case 15 -> caller.children(document, node, "p0");
            case 16 -> caller.putBlob(document, node, "x" + random.nextInt(2));
            case 17 -> caller.getBlob(document, node, "x" + random.nextInt(2));
            case 18 -> caller.removeBlob(document, node, "x" + random.nextInt(2));
            default -> caller.export(document, node);
        };
    }

    private Call callShortLived(Caller caller, Random random, String document) {
        int node = node(random);
        return switch (random.nextInt(16)) {
            case 0 -> caller.create(document, node);
            case 1 -> caller.init(document, node, content(), false);
            case 2 -> caller.init(document, node, content(), true);
            case 3 -> caller.delete(document, node);
            case 4, 5, 6 -> caller.put(document, node, "k" + random.nextInt(2), token(), null);
            case 7 -> caller.remove(document, node, "k" + random.nextInt(2), null);
            case 8 -> caller.push(document, node, token(), null);
            case 9 -> caller.list(document, node);
            case 10 -> caller.export(document, node);
            default -> caller.getMap(document, node);
        };
    }

    private Map<String, String> content() {
        String mark = "L" + token();
        return Caller.content(Call.MARK, mark, "m/k0", mark + "k");
    }

    // ------------------------------------------------------------------ keyed writes

    /** A write, in half of the cases with an Idempotency-Key, and then repeated until it is answered, and maybe once more. */
    private Call write(Caller caller, Random random, Kind kind, String document, String where) {
        String value = kind == Kind.REMOVE ? "" : where.equals("c/p0") ? nextChild() : token();
        if (random.nextBoolean()) {
            return attempt(caller, kind, document, where, value, node(random), null);
        }
        String key = prefix + token();
        return repeat(random, at -> attempt(caller.quiet(), kind, document, where, value, at, key));
    }

    private String nextChild() {
        return Contents.CHILD + children.getAndIncrement() % (MOST_ENTRIES / 2);
    }

    private static Call attempt(
            Caller caller, Kind kind, String document, String where, String value, int node, @Nullable String key) {
        if (kind == Kind.REMOVE) {
            return caller.remove(document, node, where, key);
        }
        return switch (where) {
            case "a" -> caller.push(document, node, value, key);
            case "t" -> caller.insert(document, node, value, key);
            case "c/p0" -> caller.pushChild(document, node, "p0", value, key);
            default -> caller.put(document, node, where, value, key);
        };
    }

    /**
     * All attempts under one key are one operation: it took effect once, after the first attempt whose outcome is not a refusal
     * began and before the first success was answered. What comes after that has no effect, and its answer is that of a read.
     */
    private Call repeat(Random random, IntFunction<Call> attempt) {
        Call begun = null;
        Call last = null;
        for (int i = 0; i < MOST_ATTEMPTS; i++) {
            last = attempt.apply(node(random));
            if (last.outcome() != Outcome.REFUSED && begun == null) {
                begun = last;
            }
            if (last.outcome() == Outcome.DONE) {
                history.add(from(begun == null ? last : begun, last, last.kind(), last.value()));
                if (random.nextInt(3) == 0) {
                    Nemesis.rest(random.nextInt(200));
                    Call again = attempt.apply(node(random));
                    Kind asRead = again.cell().startsWith("m/") ? Kind.READ_MAP : Kind.READ;
                    history.add(from(again, again, asRead, ""));
                }
                return last;
            }
            Nemesis.rest(random.nextInt(120));
        }
        Call whole = begun == null ? last : begun;
        history.add(Objects.requireNonNull(whole));
        return whole;
    }

    private static Call from(Call first, Call last, Kind kind, String value) {
        return new Call(
                first.invoked(),
                last.returned(),
                last.client(),
                last.node(),
                last.document(),
                kind,
                last.cell(),
                value,
                last.life(),
                last.outcome(),
                last.status(),
                last.answer());
    }

    // ------------------------------------------------------------------ sockets

    private void sit(String name, Random random) {
        while (!enough) {
            boolean isSteady = random.nextInt(3) == 0;
            String document = any(isSteady ? steady : shortLived, random);
            int node = node(random);
            boolean calm = nemesis.isCalm();
            try (Seat seat =
                    Seat.join(history, name, document, site.port(node), node, () -> calm && nemesis.isCalm())) {
                if (seat == null) {
                    Nemesis.rest(50);
                    continue;
                }
                // without a mark, lives cannot be told apart, and a socket that writes may make one
                boolean writes = isSteady || !seat.life().isEmpty();
                for (int i = random.nextInt(4); i > 0 && writes && !seat.isEnded() && !enough; i--) {
                    seat.put("k" + (random.nextBoolean() ? 0 : name), token());
                    Nemesis.rest(random.nextInt(200));
                }
                Nemesis.rest(random.nextInt(400));
            }
        }
    }

    // ------------------------------------------------------------------ the end

    /** Everything is mended: all nodes answer, and answer the same, to readers and to newcomers. */
    private void readAtTheEnd() {
        Caller caller = new Caller(history, "end", site::port);
        List<String> all = new ArrayList<>(steady);
        all.addAll(shortLived);
        for (String document : all) {
            for (int node = 0; node < site.size(); node++) {
                int at = node;
                boolean answers = Nemesis.comes(() -> {
                    Call read = caller.quiet().export(document, at);
                    return read.outcome() == Outcome.DONE && !read.answer().isEmpty();
                });
                if (!answers) {
                    findings.add(new Finding(Finding.Kind.NOT_CONVERGED, document, "node " + at + " does not answer"));
                }
                caller.export(document, node);
                caller.getMap(document, node);
                caller.list(document, node);
                caller.text(document, node);
                caller.children(document, node, "p0");
            }
        }
        Nemesis.comes(nemesis::isCalm);
        for (String document : all) {
            for (int node = 0; node < site.size(); node++) {
                Seat seat = Seat.join(history, "end", document, site.port(node), node, () -> true);
                if (seat != null) {
                    seat.close();
                }
            }
        }
    }
}
