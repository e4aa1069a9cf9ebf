package io.keck.linearizability;

import io.keck.linearizability.Call.Outcome;
import io.keck.testing.PostgresServer;
import io.keck.testing.SseReader;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntConsumer;

/**
 * Histories that are not left to chance: each is a few calls in one order that once were, or easily would be, answered wrongly.
 * The calls are noted like all others and judged by {@link Analysis}; what a history of calls cannot say is added here. Two
 * nodes stand for any two that share a database; on one node both are the same.
 */
final class Directed {
    private final Site site;
    private final History history = new History();
    private final List<Finding> findings = Collections.synchronizedList(new ArrayList<>());
    private final String prefix;
    private final Caller caller;
    private final int a = 0;
    private final int b;
    private int documents;
    private int tokens;

    Directed(Site site, long seed) {
        this.site = site;
        this.prefix = "d" + Long.toString(Math.abs(seed % 100_000), 36) + "-";
        this.caller = caller("main");
        this.b = site.size() - 1;
    }

    private Caller caller(String name) {
        return new Caller(history, name, site::port);
    }

    History history() {
        return history;
    }

    /** What the cases that ran so far have shown. */
    List<Finding> findings() {
        List<Finding> all = new ArrayList<>(findings);
        all.addAll(Analysis.of(history));
        return all;
    }

    private String document(String which) {
        return prefix + which + "-" + documents++;
    }

    private String token() {
        return "v" + tokens++;
    }

    /** The first content of a life, with its mark. */
    private Map<String, String> content() {
        String mark = "L" + tokens++;
        return Caller.content(Call.MARK, mark, "m/k", mark + "k");
    }

    /** A document that both nodes have loaded and that holds something old. */
    private String old(String which) {
        String document = document(which);
        caller.init(document, a, content(), false);
        caller.put(document, a, "k", token(), null);
        caller.getMap(document, b);
        return document;
    }

    /** What a forced init has answered is what begins after it sees, on both nodes. */
    void force(int times) {
        for (int i = 0; i < times; i++) {
            String document = old("force");
            caller.init(document, a, content(), true);
            caller.getMap(document, i % 2 == 0 ? b : a);
            caller.export(document, i % 2 == 0 ? a : b);
        }
    }

    /** The first call elsewhere after a forced init is a write: it is made, in the new life. */
    void forceThenWrite(int times) {
        for (int i = 0; i < times; i++) {
            String document = old("forcewrite");
            caller.init(document, a, content(), true);
            caller.put(document, b, "k2", token(), null);
            caller.export(document, a);
        }
    }

    /** The first that comes elsewhere after a forced init is a socket: it gets in, and gets the new life. */
    void forceThenSocket(int times) {
        for (int i = 0; i < times; i++) {
            String document = old("forcews");
            caller.init(document, a, content(), true);
            comeIn(document, b);
        }
    }

    private void comeIn(String document, int node) {
        try (Seat seat = Seat.join(history, "ws", document, site.port(node), node, () -> true)) {
            if (seat == null) {
                findings.add(new Finding(
                        Finding.Kind.SOCKET_REFUSED, document, "a newcomer at node " + node + " is not let in"));
            }
        }
    }

    /** Creations, replacements, deletions and reads of one document, all at the same time. */
    void race(int times, long seed) {
        for (int i = 0; i < times; i++) {
            String document = document("race");
            long mine = seed + i;
            together(4, who -> {
                Random random = new Random(mine * 31 + who);
                Caller caller = caller("r" + who);
                for (int step = 0; step < 6; step++) {
                    int node = random.nextBoolean() ? a : b;
                    switch (random.nextInt(7)) {
                        case 0 -> caller.create(document, node);
                        case 1, 2 -> caller.init(document, node, mark(who, step), true);
                        case 3 -> caller.init(document, node, mark(who, step), false);
                        case 4 -> caller.delete(document, node);
                        case 5 -> caller.getMap(document, node);
                        default -> caller.export(document, node);
                    }
                }
            });
        }
    }

    private Map<String, String> mark(int who, int step) {
        return Caller.content(Call.MARK, "L" + who + "s" + step + "d" + documents);
    }

    private void together(int count, IntConsumer what) {
        CountDownLatch begin = new CountDownLatch(1);
        List<Thread> threads = new ArrayList<>();
        List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
        for (int i = 0; i < count; i++) {
            int who = i;
            Thread thread = new Thread(() -> {
                try {
                    begin.await();
                    what.accept(who);
                } catch (Throwable e) {
                    failures.add(e);
                }
            });
            threads.add(thread);
            thread.start();
        }
        begin.countDown();
        threads.forEach(Directed::join);
        if (!failures.isEmpty()) {
            throw new AssertionError("a client failed", failures.get(0));
        }
    }

    /** A node is stopped while a life ends and the next one begins; the first call to it afterwards meets the new life. */
    void pausedWhileALifeEnds(int times) {
        List<String> replaced = new ArrayList<>();
        for (int i = 0; i < 4 * times; i++) {
            replaced.add(old("pausedlife"));
        }
        site.node(b).pause();
        try {
            for (String document : replaced) {
                caller.delete(document, a);
                caller.init(document, a, content(), false);
            }
        } finally {
            site.node(b).resume();
        }
        for (int i = 0; i < replaced.size(); i++) {
            String document = replaced.get(i);
            switch (i % 4) {
                case 0 -> caller.getMap(document, b);
                case 1 -> caller.put(document, b, "k", token(), null);
                case 2 -> created(caller.create(document, b));
                default -> comeIn(document, b);
            }
            caller.export(document, b);
        }
    }

    /** What begins after the answer to DELETE finds nothing. */
    void delete(int times) {
        for (int i = 0; i < times; i++) {
            String document = old("del");
            caller.delete(document, a);
            if (i % 2 == 0) {
                caller.getMap(document, a);
                caller.getMap(document, b);
            } else {
                caller.export(document, a);
                caller.export(document, b);
            }
            caller.put(document, b, "k", token(), null);
        }
    }

    /** Creations while connections to the database break: what is refused as not done is not there. */
    void createWhileConnectionsBreak(int documentsOfEach) {
        PostgresServer postgres = Objects.requireNonNull(site.postgres());
        AtomicBoolean done = new AtomicBoolean();
        Thread breaking = new Thread(() -> {
            while (!done.get()) {
                Nemesis.breakConnections(postgres, 1);
            }
        });
        breaking.start();
        List<String> made = Collections.synchronizedList(new ArrayList<>());
        List<String> names = new ArrayList<>();
        for (int i = 0; i < documentsOfEach; i++) {
            names.add(document("createno"));
        }
        together(4, who -> {
            Caller caller = caller("c" + who);
            for (int i = who; i < names.size(); i += 4) {
                String document = names.get(i);
                int node = i % 8 < 4 ? a : b;
                if (i / 4 % 2 == 0) {
                    caller.create(document, node);
                } else {
                    caller.init(document, node, Caller.content(Call.MARK, "Lno" + i), false);
                }
                made.add(document);
            }
        });
        done.set(true);
        join(breaking);
        for (String document : made) {
            readUntilAnswered(document);
        }
    }

    private void readUntilAnswered(String document) {
        for (int i = 0; i < 50; i++) {
            if (caller.export(document, b).outcome() == Outcome.DONE) {
                return;
            }
            Nemesis.rest(100);
        }
        findings.add(new Finding(Finding.Kind.NOT_CONVERGED, document, "is not readable after the faults have ended"));
    }

    /** Writers of documents that push each other out of the heap for documents. */
    void evict(int writes) {
        List<String> large = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            String document = document("evict");
            large.add(document);
            caller.init(document, a, Caller.content(Call.MARK, "E" + i, "m/filling", "x".repeat(20_000)), false);
        }
        together(large.size(), who -> {
            Caller caller = caller("e" + who);
            for (int i = 0; i < writes; i++) {
                caller.push(large.get(who), a, "e" + who + "w" + i, null);
            }
        });
        large.forEach(document -> caller.list(document, b));
    }

    /** A repeat of a keyed edit that changed nothing changes nothing, whatever came between. */
    void keyOfAnEditThatChangedNothing(int times) {
        for (int i = 0; i < times; i++) {
            String document = old("key");
            caller.remove(document, a, "x", prefix + "key" + i);
            caller.put(document, b, "x", token(), null);
            // the repeat has no effect of its own, so it is no operation of the history
            caller.quiet().remove(document, b, "x", prefix + "key" + i);
            caller.getMap(document, a);
        }
    }

    /** Two forced inits at the same moment: each of them replaces. */
    void forcedInitsMeet(int times) {
        for (int i = 0; i < times; i++) {
            String document = old("force304");
            int round = i;
            together(
                    2,
                    who -> caller("f" + who)
                            .init(
                                    document,
                                    who == 0 ? a : b,
                                    Caller.content(Call.MARK, "F" + who + "r" + round),
                                    true));
            caller.export(document, b);
        }
    }

    /** A deleted name is made again by a back end at once, and newcomers get in on both nodes. */
    void createAfterDelete(int times) {
        for (int i = 0; i < times; i++) {
            String document = old("held");
            caller.delete(document, i % 2 == 0 ? a : b);
            created(i % 4 < 2 ? caller.create(document, b) : caller.init(document, b, content(), false));
            comeIn(document, a);
            comeIn(document, b);
            caller.put(document, a, "k", token(), null);
            caller.export(document, b);
        }
    }

    /** A deletion that closed sockets is no offence of theirs: a newcomer from the same address gets into the next life. */
    void createAfterSocketsWereClosed(int times) {
        for (int i = 0; i < times; i++) {
            String document = old("closed");
            List<Seat> seats = new ArrayList<>();
            for (int n = 0; n < 4; n++) {
                Seat seat = Seat.join(
                        history, "sat", document, site.port(n % 2 == 0 ? a : b), n % 2 == 0 ? a : b, () -> true);
                if (seat != null) {
                    seats.add(seat);
                }
            }
            caller.delete(document, a);
            Nemesis.comes(() -> seats.stream().allMatch(Seat::isEnded));
            seats.forEach(Seat::close);
            caller.init(document, b, content(), i % 2 == 0);
            comeIn(document, a);
            comeIn(document, b);
        }
    }

    /** A deleted name is made again after the other node heard of the deletion late, by a read of its own. */
    void createAfterALateLook(int times) {
        for (int i = 0; i < times; i++) {
            String document = old("heldtwice");
            caller.delete(document, a);
            caller.export(document, b);
            created(caller.create(document, a));
            comeIn(document, b);
            comeIn(document, a);
        }
    }

    private void created(Call call) {
        if (call.status() != 200) {
            findings.add(new Finding(
                    Finding.Kind.UNEXPECTED_STATUS, call.document(), "a creation is not carried out: " + call));
        }
    }

    /**
     * A node begins to load a document for a reader, over a slow way to the database; meanwhile the other node answers a write,
     * then a socket comes to the first. What it gets first has the write, however far the load was.
     */
    void firstSyncWhileLoading(int times) {
        for (int i = 0; i < times; i++) {
            List<String> four = new ArrayList<>();
            for (int n = 0; n < 4; n++) {
                String document = document("fresh");
                caller.init(document, a, content(), false);
                four.add(document);
            }
            int round = i;
            site.slowDatabaseOfLastNode(250);
            try {
                together(4, who -> {
                    Thread reader = new Thread(() -> caller("read" + who).getMap(four.get(who), b));
                    reader.start();
                    Nemesis.rest(80 + 250L * who + 120L * round);
                    caller("write" + who).put(four.get(who), a, "k", "fresh" + round + who, null);
                    comeIn(four.get(who), b);
                    join(reader);
                });
            } finally {
                site.slowDatabaseOfLastNode(0);
            }
        }
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** An event stream tells of all that was committed in a life before it ends with it. */
    void eventsBeforeTheEnd(int times) {
        for (int i = 0; i < times; i++) {
            String document = old("sse");
            SseReader reader = new SseReader(document, () -> site.port(b), i, 0);
            Thread reading = new Thread(reader, "sse");
            reading.setDaemon(true);
            reading.start();
            Nemesis.await(reader::hasBegun);
            List<String> expected = new ArrayList<>();
            for (int n = 0; n < 4; n++) {
                String value = token();
                expected.add(value);
                caller.push(document, a, value, null);
            }
            if (i % 2 == 0) {
                caller.delete(document, a);
            } else {
                caller.init(document, a, content(), true);
            }
            Nemesis.await(reader::isEnded);
            String told = told(reader);
            for (String value : expected) {
                if (!told.contains("\"" + value + "\"")) {
                    findings.add(new Finding(
                            Finding.Kind.EVENTS,
                            document,
                            value + " was committed before the life ended, and the stream does not tell: " + told));
                }
            }
        }
    }

    private static String told(SseReader reader) {
        StringBuilder told = new StringBuilder();
        reader.events()
                .forEach(event -> event.data()
                        .path("histories")
                        .forEach(entry -> told.append('"')
                                .append(entry.path("content").asText().replace("\"", ""))
                                .append("\" ")));
        return told.toString();
    }
}
