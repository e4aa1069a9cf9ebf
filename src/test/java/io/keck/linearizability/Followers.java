package io.keck.linearizability;

import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.linearizability.Call.Kind;
import io.keck.linearizability.Call.Outcome;
import io.keck.testing.HookReceiver;
import io.keck.testing.SseReader;
import io.keck.testing.SyncClient;
import java.net.URI;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Those who are told without asking: event streams and sockets that stay, over whatever happens to their nodes, and the
 * receiver of webhooks. At the end each of them has to have the whole document, once, and nothing of another life.
 */
final class Followers {
    private static final Pattern VALUE = Pattern.compile("\"content\":\"([A-Za-z]+[0-9][A-Za-z0-9]*)");
    private static final int CUTS = 4;

    private final Site site;
    private final Random random;
    private final Map<String, SseReader> readers = new LinkedHashMap<>();
    private final List<Stayer> stayers = new ArrayList<>();
    private final List<SseReader> ofLives = Collections.synchronizedList(new ArrayList<>());
    private volatile boolean enough;
    private int events;

    Followers(Site site, long seed) {
        this.site = site;
        this.random = new Random(seed);
    }

    private int anyPort(Random own) {
        return site.port(site.isBalanced() ? -1 : own.nextInt(site.size()));
    }

    /** Follows a document that is there and empty. */
    void follow(String document) {
        Random own = new Random(random.nextLong());
        SseReader reader = new SseReader(document, () -> anyPort(own), own.nextLong(), CUTS);
        readers.put(document, reader);
        daemon(reader);
        Nemesis.await(reader::hasBegun);
        for (int node = 0; node < site.size(); node++) {
            Stayer stayer = new Stayer(document, site.isBalanced() ? -1 : node);
            stayers.add(stayer);
            daemon(stayer);
        }
    }

    /** Follows one life after the other. */
    void watchLives(String document) {
        Random own = new Random(random.nextLong());
        daemon(() -> {
            while (!enough) {
                SseReader reader = new SseReader(document, () -> anyPort(own), own.nextLong(), 0);
                ofLives.add(reader);
                reader.run();
                Nemesis.rest(20);
            }
        });
    }

    private static void daemon(Runnable work) {
        Thread thread = new Thread(work, "follower");
        thread.setDaemon(true);
        thread.start();
    }

    /** A socket that comes back with what it has. */
    private final class Stayer implements Runnable {
        private final String document;
        private final int node;
        private volatile byte[] content = {0, 0};

        Stayer(String document, int node) {
            this.document = document;
            this.node = node;
        }

        @Override
        public void run() {
            while (!enough) {
                URI uri = URI.create("ws://127.0.0.1:" + site.port(node) + "/collaboration/" + document);
                StructStore known = new StructStore();
                known.apply(Update.decode(content));
                try (SyncClient client = SyncClient.join(uri, known)) {
                    while (!enough && !client.raw().isEnded()) {
                        content = client.encode();
                        Nemesis.rest(20);
                    }
                    content = client.encode();
                } catch (RuntimeException | AssertionError e) {
                    Nemesis.rest(100); // its node is away
                }
            }
        }
    }

    String figures() {
        return events + " events, " + site.hooks().deliveries().size() + " webhooks";
    }

    /** Compares what they have with what the document holds now. */
    void judge(List<String> steady, History history, List<Finding> findings) {
        for (String document : steady) {
            Map<String, String> expected = current(history, document);
            converge(document, expected, findings);
        }
        enough = true;
        readers.values().forEach(SseReader::finish);
        readers.values().forEach(reader -> events += reader.events().size());
        Map<String, Set<String>> livesOfValues = new TreeMap<>();
        ofLives.forEach(reader -> {
            reader.finish();
            reader.events().forEach(e -> note(livesOfValues, e.id(), e.data().toString()));
            events += reader.events().size();
        });
        webhooks(steady, history, livesOfValues, findings);
        Set<String> unique = unique(history);
        livesOfValues.forEach((value, lives) -> {
            if (lives.size() > 1 && unique.contains(value)) {
                findings.add(new Finding(
                        Finding.Kind.EVENTS, "", value + " was told as part of more than one life: " + lives));
            }
        });
    }

    private static Map<String, String> current(History history, String document) {
        return history.calls(document).stream()
                .filter(c -> c.kind() == Kind.READ_ALL && c.client().equals("end") && c.found())
                .reduce((one, two) -> two)
                .map(c -> Call.cells(c.answer()))
                .orElse(Map.of());
    }

    private void converge(String document, Map<String, String> expected, List<Finding> findings) {
        for (Stayer stayer : stayers) {
            if (stayer.document.equals(document)
                    && !Nemesis.comes(() -> Contents.of(stayer.content).equals(expected))) {
                findings.add(new Finding(
                        Finding.Kind.NOT_CONVERGED,
                        document,
                        "a socket that stayed at node " + stayer.node + " has " + Contents.of(stayer.content)
                                + " instead of " + expected));
            }
        }
        SseReader reader = readers.get(document);
        if (reader == null) {
            return;
        }
        if (!Nemesis.comes(() -> sum(reader).equals(expected))) {
            findings.add(new Finding(
                    Finding.Kind.EVENTS, document, "the events sum to " + sum(reader) + " instead of " + expected));
        }
        Set<String> ids = new HashSet<>();
        for (SseReader.Event event : reader.events()) {
            if (!ids.add(event.id())) {
                findings.add(new Finding(Finding.Kind.EVENTS, document, "event " + event.id() + " came twice"));
            }
            if (event.name().equals("reset")) {
                findings.add(new Finding(Finding.Kind.EVENTS, document, "a reset at " + event.id()));
            }
        }
    }

    private static Map<String, String> sum(SseReader reader) {
        StructStore store = new StructStore();
        for (SseReader.Event event : reader.events()) {
            store.apply(Update.decode(SseReader.update(event)));
        }
        return Contents.of(store.encode());
    }

    private static void note(Map<String, Set<String>> lives, String id, String text) {
        Matcher matcher = VALUE.matcher(text);
        while (matcher.find()) {
            lives.computeIfAbsent(matcher.group(1), v -> new HashSet<>()).add(id.split("-")[0]);
        }
    }

    /** Values that one call wrote, into one document. */
    private static Set<String> unique(History history) {
        Set<String> values = new HashSet<>();
        for (Call call : history.calls()) {
            if (!call.value().isEmpty() && (call.kind() == Kind.WRITE || call.kind() == Kind.ADD)) {
                values.add(call.value());
            }
            if (call.kind() == Kind.INIT || call.kind() == Kind.FORCE) {
                values.addAll(Call.cells(call.value()).values());
            }
        }
        values.removeIf(value -> value.startsWith("x") || value.startsWith(Contents.CHILD));
        return values;
    }

    private void webhooks(
            List<String> steady, History history, Map<String, Set<String>> livesOfValues, List<Finding> findings) {
        Set<String> expected = new HashSet<>();
        for (String document : steady) {
            history.calls(document).stream()
                    .filter(c -> c.kind() == Kind.ADD
                            && c.outcome() == Outcome.DONE
                            && c.status() == 200
                            && c.cell().equals("a"))
                    .forEach(c -> expected.add(c.value()));
        }
        Nemesis.comes(() -> told().containsAll(expected));
        expected.removeAll(told());
        if (!expected.isEmpty()) {
            findings.add(new Finding(Finding.Kind.WEBHOOKS, "", "not told: " + expected));
        }
        Map<String, String> bodies = new HashMap<>();
        Map<String, Long> last = new HashMap<>();
        for (HookReceiver.Delivery delivery : site.hooks().deliveries()) {
            note(livesOfValues, delivery.id(), delivery.body());
            String before = bodies.putIfAbsent(delivery.id(), delivery.body());
            if (before != null) {
                if (!before.equals(delivery.body())) {
                    findings.add(new Finding(Finding.Kind.WEBHOOKS, "", delivery.id() + " came with two bodies"));
                }
                continue;
            }
            String[] parts = delivery.id().split("-");
            long seq = Long.parseLong(parts[1]);
            Long previous = last.put(parts[0], seq);
            if (previous != null && previous >= seq) {
                findings.add(new Finding(Finding.Kind.WEBHOOKS, "", delivery.id() + " came after " + previous));
            }
        }
        pushedOnce(bodies, history, steady, findings);
    }

    private Set<String> told() {
        Set<String> told = new HashSet<>();
        for (HookReceiver.Delivery delivery : site.hooks().deliveries()) {
            Matcher matcher = VALUE.matcher(delivery.body());
            while (matcher.find()) {
                told.add(matcher.group(1));
            }
        }
        return told;
    }

    private static void pushedOnce(
            Map<String, String> bodies, History history, List<String> steady, List<Finding> findings) {
        Map<String, Integer> times = new HashMap<>();
        for (String body : bodies.values()) {
            Matcher matcher = VALUE.matcher(body);
            while (matcher.find()) {
                times.merge(matcher.group(1), 1, Integer::sum);
            }
        }
        for (String document : steady) {
            for (Call call : history.calls(document)) {
                if (call.kind() == Kind.ADD && call.cell().equals("a") && times.getOrDefault(call.value(), 0) > 1) {
                    findings.add(
                            new Finding(Finding.Kind.WEBHOOKS, document, call.value() + " was told more than once"));
                }
            }
        }
    }
}
