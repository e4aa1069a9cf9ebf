package io.keck.api;

import io.keck.access.Allowance;
import io.keck.access.Author;
import io.keck.access.Grant;
import io.keck.access.NameRange;
import io.keck.access.Right;
import io.keck.crdt.Doc;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.failure.OtherLife;
import io.keck.failure.Refused;
import io.keck.failure.RoomMissing;
import io.keck.failure.Unavailable;
import io.keck.protocol.AwarenessState;
import io.keck.room.Documents;
import io.keck.room.Exports;
import io.keck.room.Reading;
import io.keck.room.RequestKey;
import io.keck.room.UpdateLog;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Documents in memory, one per room, all on one thread. A write runs on a fork whose changes reach the document when it is
 * "committed", as updates, so that no kind of a root comes along. A read that leaves a trace fails.
 */
final class FakeDocuments implements Documents, AutoCloseable {
    /** What the database does. */
    enum Database {
        WORKS,
        AWAY,
        AWAY_AND_NOTHING_LOADED,
        COMMITS_BUT_SAYS_NOTHING,
        BREAKS
    }

    private static final class Life {
        final long id;
        final Doc doc = new Doc();
        long seq;

        Life(long id) {
            this.id = id;
        }
    }

    private final ExecutorService thread = Executors.newSingleThreadExecutor(r -> new Thread(r, "fake-documents"));
    private final Map<String, Life> rooms = new TreeMap<>();
    /** By room and key: what the key stands for, and the life that was edited or made; 0 for none. */
    private final Map<List<String>, Use> keys = new HashMap<>();

    private record Use(String fingerprint, long life) {}

    private long nextId = 1;
    volatile Database database = Database.WORKS;
    volatile boolean lastReadWasLocal;
    volatile int forks;
    /** What others do between a write and its answer, or null. */
    volatile Consumer<Doc> beforeAnswer;
    /** The last update that was committed. */
    volatile byte[] lastChange = {};

    @Override
    public <T> CompletionStage<Answer<T>> readInParts(Grant grant, boolean local, Function<Doc, Reading<T>> reader) {
        String room = with(grant, Right.READ);
        lastReadWasLocal = local;
        return run(() -> {
            checkLoaded();
            return answer(life(room), reader);
        });
    }

    @Override
    public <T> CompletionStage<Answer<T>> writeInParts(
            Grant grant, RequestKey key, Consumer<Doc> edit, Function<Doc, Reading<T>> afterwards) {
        String room = with(grant, Right.READ, Right.WRITE);
        author = Author.byRequest(grant);
        return run(() -> {
            checkLoaded();
            Life life = life(room);
            if (database == Database.AWAY) {
                throw new Unavailable("switched off", false);
            }
            if (used(room, key) == null) {
                forks++;
                Doc fork = new Doc();
                fork.applyUpdate(life.doc.encodeStateAsUpdate());
                byte[][] change = new byte[1][];
                try (var listening = fork.onUpdate((update, transaction) -> change[0] = merged(change[0], update))) {
                    edit.accept(fork);
                }
                if (change[0] != null) {
                    life.doc.applyUpdate(change[0]);
                    lastChange = change[0];
                    life.seq++;
                }
                use(room, key, life.id);
            }
            if (database == Database.COMMITS_BUT_SAYS_NOTHING) {
                throw new Unavailable("no answer", true);
            }
            Consumer<Doc> others = beforeAnswer;
            if (others != null) {
                others.accept(life.doc);
            }
            return answer(life, afterwards);
        });
    }

    /** Who wrote last; null where nobody was named. */
    volatile Author author;

    /** The name of the document; a test that is about rights finds that each call asks for the right that it uses. */
    private static String with(Grant grant, Right... rights) {
        grant.demand(rights);
        return grant.document();
    }

    private Use used(String room, RequestKey key) {
        Use use = key == null ? null : keys.get(List.of(room, key.key()));
        if (use != null && key.contradicts(use.fingerprint())) {
            throw new Refused(1, true);
        }
        return use;
    }

    private void use(String room, RequestKey key, long life) {
        if (key != null) {
            keys.put(List.of(room, key.key()), new Use(key.fingerprint(), life));
        }
    }

    private static byte[] merged(byte[] before, byte[] update) {
        if (before == null) {
            return update;
        }
        Doc both = new Doc();
        both.applyUpdate(before);
        both.applyUpdate(update);
        return both.encodeStateAsUpdate();
    }

    private <T> Answer<T> answer(Life life, Function<Doc, Reading<T>> reader) {
        byte[] before = life.doc.encodeStateAsUpdate();
        List<String> roots = List.copyOf(life.doc.rootNames());
        Reading<T> reading = reader.apply(life.doc);
        try {
            while (!reading.goOn(3)) {
                continue; // in parts that are as small as can be
            }
        } catch (RuntimeException e) {
            reading.giveUp();
            throw e;
        }
        T value = reading.result();
        if (!Arrays.equals(before, life.doc.encodeStateAsUpdate())
                || !roots.equals(List.copyOf(life.doc.rootNames()))) {
            throw new AssertionError("a read changed the document");
        }
        return new Answer<>(value, life.id, life.seq, database == Database.AWAY);
    }

    @Override
    public CompletionStage<Answer<Long>> client(Grant grant) {
        String room = with(grant, Right.READ);
        return run(() -> {
            checkLoaded();
            return answer(life(room), doc -> Reading.of(doc.clientId()));
        });
    }

    @Override
    public <T> CompletionStage<Answer<T>> createInParts(Grant grant, RequestKey key, Function<Doc, Reading<T>> reader) {
        String room = with(grant, Right.READ, Right.CREATE);
        return run(() -> {
            checkDatabase();
            if (used(room, key) != null) {
                return answer(life(room), reader);
            }
            Life life = rooms.computeIfAbsent(room, name -> new Life(nextId++));
            use(room, key, life.id);
            return answer(life, reader);
        });
    }

    @Override
    public CompletionStage<Optional<Answer<byte[]>>> init(
            Grant grant, Update content, boolean replace, RequestKey key) {
        String room = with(grant, replace ? new Right[] {Right.CREATE, Right.REPLACE} : new Right[] {Right.CREATE});
        author = Author.byRequest(grant);
        return run(() -> {
            checkDatabase();
            Use used = used(room, key);
            if (used != null) {
                return used.life() == 0
                        ? Optional.<Answer<byte[]>>empty()
                        : Optional.of(answer(life(room), doc -> Reading.of(doc.encodeStateAsUpdate())));
            }
            if (rooms.containsKey(room) && !replace) {
                use(room, key, 0);
                return Optional.<Answer<byte[]>>empty();
            }
            Life life = new Life(nextId++);
            use(room, key, life.id);
            life.doc.applyUpdate(Update.decode(content.encode(), DecodeLimits.OWN), null);
            life.seq = 1;
            rooms.put(room, life);
            return Optional.of(answer(life, doc -> Reading.of(doc.encodeStateAsUpdate())));
        });
    }

    @Override
    public CompletableFuture<Answer<Boolean>> update(
            Grant grant, Update update, Allowance allowance, long epoch, RequestKey key) {
        String room = with(grant, Right.WRITE);
        author = Author.byRequest(grant);
        return run(() -> {
            checkLoaded();
            Life life = life(room);
            if (database == Database.AWAY) {
                throw new Unavailable("switched off", false);
            }
            if (epoch != ANY_LIFE && epoch != life.id) {
                throw new OtherLife(life.id);
            }
            Use used = used(room, key);
            if (used != null && used.life() != life.id) {
                return new Answer<>(true, used.life(), life.seq, false);
            }
            use(room, key, life.id);
            Doc other = new Doc();
            other.applyUpdate(life.doc.encodeStateAsUpdate());
            other.applyUpdate(Update.decode(update.encode(), DecodeLimits.OWN), null);
            boolean isWhole = !other.isWaiting();
            if (isWhole) {
                life.doc.applyUpdate(other.encodeStateAsUpdate());
                life.seq++;
            }
            if (database == Database.COMMITS_BUT_SAYS_NOTHING) {
                throw new Unavailable("no answer", true);
            }
            return answer(life, doc -> Reading.of(isWhole));
        });
    }

    /** What was sent to all clients: the room and the text. */
    final List<List<String>> broadcasts = new ArrayList<>();

    @Override
    public CompletionStage<Answer<Boolean>> broadcast(Grant grant, String text) {
        String room = with(grant, Right.MESSAGES);
        return run(() -> {
            checkLoaded();
            Answer<Boolean> answer = answer(life(room), doc -> Reading.of(true));
            broadcasts.add(List.of(room, text));
            return answer;
        });
    }

    @Override
    public CompletionStage<Answer<List<AwarenessState>>> presence(Grant grant) {
        String room = with(grant, Right.READ, Right.PRESENT);
        return run(() -> {
            checkLoaded();
            return answer(
                    life(room),
                    doc -> Reading.of(
                            List.of(new AwarenessState(9, 2, "{\"name\":\"Bo\"}"), new AwarenessState(7, 1, "{}"))));
        });
    }

    @Override
    public CompletionStage<Names> list(Grant grant, String prefix, String after, int limit) {
        return run(() -> {
            checkDatabase();
            List<UpdateLog.Named> all = rooms.entrySet().stream()
                    .filter(room -> room.getKey().startsWith(prefix))
                    .filter(room -> grant.caller().on(room.getKey()).allows(Right.READ))
                    .filter(room -> NameRange.ORDER.compare(room.getKey(), after) > 0)
                    .map(room ->
                            new UpdateLog.Named(room.getKey(), room.getValue().id, room.getValue().seq, ApiServer.NOW))
                    .sorted(Comparator.comparing(UpdateLog.Named::name, NameRange.ORDER))
                    .toList();
            return all.size() > limit
                    ? new Names(all.subList(0, limit), all.get(limit - 1).name())
                    : new Names(all, null);
        });
    }

    @Override
    public CompletionStage<Answer<Boolean>> find(Grant grant) {
        String room = with(grant, Right.READ);
        return run(() -> {
            checkLoaded();
            return answer(life(room), doc -> Reading.of(true));
        });
    }

    @Override
    public <T> CompletionStage<Answer<T>> export(Grant grant, Exports exports, Function<StructStore, T> writer) {
        String room = with(grant, Right.READ);
        return run(() -> {
            checkLoaded();
            StructStore store = new StructStore();
            store.apply(life(room).doc.encodeStateAsUpdate(), DecodeLimits.OWN);
            return answer(life(room), doc -> Reading.of(writer.apply(store)));
        });
    }

    @Override
    public CompletionStage<Boolean> delete(Grant grant, RequestKey key) {
        String room = with(grant, Right.DELETE);
        return run(() -> {
            checkDatabase();
            if (used(room, key) != null) {
                return false;
            }
            use(room, key, 0);
            return rooms.remove(room) != null;
        });
    }

    private void checkLoaded() {
        if (database == Database.AWAY_AND_NOTHING_LOADED) {
            throw new Unavailable("switched off", false);
        }
    }

    private void checkDatabase() {
        checkLoaded();
        if (database == Database.AWAY) {
            throw new Unavailable("switched off", false);
        }
        if (database == Database.COMMITS_BUT_SAYS_NOTHING) {
            throw new Unavailable("no answer", true);
        }
        if (database == Database.BREAKS) {
            throw new IllegalStateException("the connection broke: password=secret");
        }
    }

    private Life life(String room) {
        Life life = rooms.get(room);
        if (life == null) {
            throw new RoomMissing(room);
        }
        return life;
    }

    private <T> CompletableFuture<T> run(Supplier<T> task) {
        return CompletableFuture.supplyAsync(task, thread);
    }

    // ---- for tests

    /** What some other client does to a document. */
    void edit(String room, Consumer<Doc> edit) {
        run(() -> {
                    Life life = rooms.computeIfAbsent(room, name -> new Life(nextId++));
                    Doc client = new Doc();
                    client.applyUpdate(life.doc.encodeStateAsUpdate());
                    edit.accept(client);
                    life.doc.applyUpdate(client.encodeStateAsUpdate());
                    life.seq++;
                    return true;
                })
                .join();
    }

    /** A copy of a document, as some other client has it. */
    Doc copy(String room) {
        return run(() -> {
                    Doc copy = new Doc();
                    copy.applyUpdate(life(room).doc.encodeStateAsUpdate());
                    return copy;
                })
                .join();
    }

    boolean exists(String room) {
        return run(() -> rooms.containsKey(room)).join();
    }

    void reset() {
        run(() -> {
                    rooms.clear();
                    keys.clear();
                    beforeAnswer = null;
                    nextId = 1;
                    database = Database.WORKS;
                    return true;
                })
                .join();
    }

    /** Remembers the documents and keys that there are; whenever it is run, the result puts them back. */
    Runnable remember() {
        return run(() -> {
                    List<Saved> saved = new ArrayList<>();
                    rooms.forEach((name, life) ->
                            saved.add(new Saved(name, life.id, life.seq, life.doc.encodeStateAsUpdate())));
                    Map<List<String>, Use> used = Map.copyOf(keys);
                    long next = nextId;
                    return (Runnable) () -> putBack(saved, used, next);
                })
                .join();
    }

    private record Saved(String room, long id, long seq, byte[] state) {}

    private void putBack(List<Saved> saved, Map<List<String>, Use> used, long next) {
        reset();
        run(() -> {
                    for (Saved room : saved) {
                        Life life = new Life(room.id());
                        life.doc.applyUpdate(room.state());
                        life.seq = room.seq();
                        rooms.put(room.room(), life);
                    }
                    keys.putAll(used);
                    nextId = next;
                    return true;
                })
                .join();
    }

    @Override
    public void close() throws InterruptedException {
        thread.shutdownNow();
        thread.awaitTermination(10, TimeUnit.SECONDS);
    }
}
