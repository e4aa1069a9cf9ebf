package io.keck.room;

import io.keck.access.Author;
import io.keck.access.NameRange;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.failure.Refused;
import io.keck.failure.RoomGone;
import io.keck.failure.RoomLost;
import io.keck.failure.RoomMissing;
import io.keck.failure.TooLargeHere;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** The log in memory; answers at once, and never fails by itself ({@link FlakyLog} does). Thread-safe. */
public final class FakeLog implements UpdateLog {
    /** How a key was used. */
    private record Use(String fingerprint, long roomId) {}

    private static final class Life {
        final long id;
        final String name;
        boolean deleted;
        /** Whether a back end has made it; else it is there once it has content. */
        boolean made = true;

        long deletedAt;
        /** Client ids that have written in it. */
        final Set<Long> clients = new HashSet<>();

        long head;
        long snapshotSeq;
        byte @Nullable [] snapshot;
        /** What is still there. */
        final List<Row> rows = new ArrayList<>();
        /** Everything that was ever appended. */
        final List<Row> history = new ArrayList<>();

        /** The authors of that. */
        final List<@Nullable Author> authors = new ArrayList<>();

        Life(long id, String name) {
            this.id = id;
            this.name = name;
        }

        Life copy() {
            Life copy = new Life(id, name);
            copy.deleted = deleted;
            copy.made = made;
            copy.deletedAt = deletedAt;
            copy.clients.addAll(clients);
            copy.head = head;
            copy.snapshotSeq = snapshotSeq;
            copy.snapshot = snapshot;
            copy.rows.addAll(rows);
            copy.history.addAll(history);
            copy.authors.addAll(authors);
            return copy;
        }

        /** The link of a row, of history too. */
        long linkOf(long seq) {
            return seq == 0 ? Link.NONE : history.get((int) seq - 1).link();
        }
    }

    private final Map<Long, Life> lives = new HashMap<>();
    private final Map<String, Life> live = new HashMap<>();
    /** By name and key. */
    private final Map<List<String>, Use> keys = new HashMap<>();

    /** How often batches of several authors were appended together. */
    long together;

    /** How many batches came with a claim, and how many of them were refused because of it. */
    int claims;

    int refusedClaims;

    private long lastId;
    private boolean makesOnConnect;
    /** Off in the twin: a batch that comes twice is written twice. */
    private boolean checksBatchIds = true;

    private boolean checksFolds = true;
    private final Map<Long, Damage> damages = new HashMap<>();
    /** By name, all that was ever appended in any life of it. */
    private final Map<String, StructStore> ever = new HashMap<>();

    /** The deleted rooms of each name, newest first. */
    private final Map<String, List<Life>> deleted = new HashMap<>();

    /** Rooms of which more is stored are not loaded. */
    long loadAtMost = Long.MAX_VALUE;

    private LongSupplier clock = () -> 0;
    private long holdMillis;
    private long copies;

    private final Map<String, List<byte[]>> notInEver = new HashMap<>();

    @Override
    public boolean isShared() {
        return true;
    }

    /** From now on names are held for so long after a deletion; before, not at all. */
    synchronized void hold(LongSupplier millisClock, long millis) {
        clock = millisClock;
        holdMillis = millis;
    }

    private List<Life> held(String name) {
        return deleted.getOrDefault(name, List.of()).stream()
                .filter(life -> clock.getAsLong() - life.deletedAt < holdMillis)
                .toList();
    }

    @Override
    public synchronized CompletionStage<Contents> open(String name) {
        if (!live.containsKey(name) && held(name).isEmpty()) {
            begin(name).made = makesOnConnect;
        }
        return find(name);
    }

    @Override
    public synchronized CompletionStage<List<Named>> names(List<NameRange> ranges, String after, int limit) {
        return CompletableFuture.completedStage(live.values().stream()
                .filter(life -> life.made || life.head > 0)
                .filter(life -> NameRange.ORDER.compare(life.name, after) > 0)
                .filter(life -> ranges.stream().anyMatch(range -> range.contains(life.name)))
                .sorted(Comparator.comparing((Life life) -> life.name, NameRange.ORDER))
                .limit(limit)
                .map(life -> new Named(life.name, life.id, life.head, 0))
                .toList());
    }

    @Override
    public synchronized void forget(long roomId) {
        Life life = lives.get(roomId);
        if (life != null && !life.deleted && !life.made && life.head == 0) {
            lives.remove(roomId);
            live.remove(life.name);
        }
    }

    /** From now on a back end has made each room that clients come to. */
    FakeLog makeOnConnect() {
        makesOnConnect = true;
        return this;
    }

    /** The room of a name that back ends see, or null. */
    private @Nullable Life made(String name) {
        Life life = live.get(name);
        return life == null || life.made || life.head > 0 ? life : null;
    }

    /** How many rooms there are, those included that nobody has made. */
    synchronized int rooms() {
        return live.size();
    }

    /** A room of that name: the one that clients have only connected to, or a new one. */
    private Life make(String name) {
        Life met = live.get(name);
        Life life = met == null ? begin(name) : met;
        life.made = true;
        return life;
    }

    private Life begin(String name) {
        Life fresh = new Life(++lastId, name);
        lives.put(fresh.id, fresh);
        live.put(name, fresh);
        return fresh;
    }

    @Override
    public synchronized CompletionStage<Contents> find(String name) {
        Life life = live.get(name);
        List<Life> held = held(name);
        if (life != null) {
            return read(life.id, 0)
                    .thenApply(contents -> contents.after(EndedLives.of(held.stream()
                            .map(ended -> new EndedLives.Life(
                                    ended.clients.stream()
                                            .mapToLong(client -> client)
                                            .sorted()
                                            .toArray(),
                                    ended.deletedAt + holdMillis - clock.getAsLong()))
                            .toList())));
        }
        return CompletableFuture.failedStage(held.isEmpty() ? new RoomMissing(name) : new RoomGone(held.get(0).id));
    }

    @Override
    public synchronized CompletionStage<Long> heldMillis(String name) {
        return CompletableFuture.completedStage(
                live.containsKey(name)
                        ? 0
                        : held(name).stream()
                                .mapToLong(life -> life.deletedAt + holdMillis - clock.getAsLong())
                                .max()
                                .orElse(0));
    }

    @Override
    public synchronized CompletionStage<Optional<Long>> create(String name, @Nullable RequestKey key) {
        boolean isThere = made(name) != null;
        Refused used = claim(name, key, isThere ? 0 : nextId(name));
        if (used != null) {
            return CompletableFuture.failedStage(used);
        }
        return CompletableFuture.completedStage(isThere ? Optional.empty() : Optional.of(make(name).id));
    }

    @Override
    public synchronized CompletionStage<Optional<Begun>> init(
            String name, Entry first, boolean replace, @Nullable RequestKey key) {
        boolean isKept = made(name) != null && !replace;
        Refused used = claim(name, key, isKept ? 0 : made(name) == null ? nextId(name) : lastId + 1);
        if (used != null) {
            return CompletableFuture.failedStage(used);
        }
        if (isKept) {
            return CompletableFuture.completedStage(Optional.empty());
        }
        CompletionStage<Optional<Long>> before =
                made(name) == null ? CompletableFuture.completedStage(Optional.empty()) : delete(name);
        return before.thenCompose(ended -> {
            Life fresh = make(name);
            return append(fresh.id, first, false, null)
                    .thenApply(
                            at -> Optional.of(new Begun(fresh.id, ended.stream().toList())));
        });
    }

    private long nextId(String name) {
        return live.containsKey(name) ? live.get(name).id : lastId + 1;
    }

    @Override
    public synchronized CompletionStage<Contents> read(long roomId, long seq) {
        Life life = lives.get(roomId);
        if (life != null && !life.deleted && !life.made && life.head == 0) {
            return CompletableFuture.completedStage(
                    new Contents(roomId, headOf(life), Link.UNKNOWN, 0, null, List.of()).unmade());
        }
        if (life == null || life.deleted) {
            return CompletableFuture.failedStage(missing(roomId, life));
        }
        long stored = life.rows.stream().mapToLong(row -> row.payload().length).sum();
        if (seq == 0 && stored > loadAtMost) {
            return CompletableFuture.failedStage(new TooLargeHere(roomId, stored, stored, loadAtMost));
        }
        Damage damage = damages.get(roomId);
        if (damage != null && seq < damage.seq()) {
            return CompletableFuture.completedStage(new Contents(
                    roomId,
                    headOf(life),
                    anchor(life, seq),
                    0,
                    null,
                    after(life, seq).stream()
                            .filter(row -> row.seq() < damage.seq())
                            .toList(),
                    damage));
        }
        List<Row> rows = after(life, seq);
        boolean all = seq > 0 && rows.size() >= life.head - seq;
        if (all || life.snapshotSeq <= seq) {
            return CompletableFuture.completedStage(
                    new Contents(roomId, headOf(life), anchor(life, seq), 0, null, rows));
        }
        return CompletableFuture.completedStage(new Contents(
                roomId,
                headOf(life),
                anchor(life, seq),
                life.snapshotSeq,
                life.snapshot,
                after(life, life.snapshotSeq)));
    }

    private static Head headOf(Life life) {
        return new Head(life.head, life.linkOf(life.head), life.deleted);
    }

    /** The link of that row, if it is still there or the snapshot ends with it. */
    private static long anchor(Life life, long seq) {
        boolean there = life.rows.stream().anyMatch(row -> row.seq() == seq);
        return there || (seq > 0 && seq == life.snapshotSeq) ? life.linkOf(seq) : Link.UNKNOWN;
    }

    @Override
    public synchronized CompletionStage<Introductions> introductions(long roomId, long after) {
        Life life = lives.get(roomId);
        if (life == null) {
            return CompletableFuture.failedStage(missing(roomId, null));
        }
        return CompletableFuture.completedStage(new Introductions(introductions(life), life.head));
    }

    private static Map<Long, String> introductions(Life life) {
        Map<Long, String> by = new HashMap<>();
        for (int i = 0; i < life.history.size(); i++) {
            Author author = life.authors.get(i);
            if (author != null && author.origin().introduces()) {
                for (long client : Update.decode(life.history.get(i).payload()).clients()) {
                    by.putIfAbsent(client, author.principal());
                }
            }
        }
        return by;
    }

    private boolean isTaken(Life life, Entry batch) {
        Author author = batch.author();
        if (batch.claim() == null || author == null) {
            return false;
        }
        Map<Long, String> by = introductions(life);
        claims++;
        boolean isTaken = batch.claim().clients().stream()
                .map(by::get)
                .anyMatch(owner -> owner != null && !owner.equals(author.principal()));
        refusedClaims += isTaken ? 1 : 0;
        return isTaken;
    }

    @Override
    public synchronized CompletionStage<Map<Long, Head>> heads(Collection<Long> roomIds) {
        Map<Long, Head> heads = new HashMap<>();
        for (long id : roomIds) {
            Life life = lives.get(id);
            if (life != null) {
                heads.put(id, headOf(life));
            }
        }
        return CompletableFuture.completedStage(heads);
    }

    @Override
    public synchronized CompletionStage<Optional<Long>> delete(String name, @Nullable RequestKey key) {
        Refused used = claim(name, key, 0);
        if (used != null) {
            return CompletableFuture.failedStage(used);
        }
        Life life = live.remove(name);
        if (life == null) {
            return CompletableFuture.completedStage(Optional.empty());
        }
        life.deleted = true;
        life.deletedAt = clock.getAsLong();
        deleted.computeIfAbsent(name, n -> new ArrayList<>()).add(0, life);
        return CompletableFuture.completedStage(Optional.of(life.id));
    }

    private static List<Row> after(Life life, long seq) {
        return life.rows.stream().filter(row -> row.seq() > seq).toList();
    }

    @Override
    public synchronized CompletionStage<List<Appended>> append(long roomId, List<Entry> batches) {
        Life life = lives.get(roomId);
        if (life == null || life.deleted) {
            return CompletableFuture.failedStage(missing(roomId, life));
        }
        for (Entry batch : batches) {
            if (isTaken(life, batch)) {
                return CompletableFuture.failedStage(new ClientIdsTakenException(introductions(life)));
            }
        }
        together++;
        return CompletableFuture.completedStage(batches.stream()
                .map(batch ->
                        append(roomId, batch, false, null).toCompletableFuture().join())
                .toList());
    }

    @Override
    public synchronized CompletionStage<Appended> append(
            long roomId, Entry batch, boolean again, @Nullable RequestKey key) {
        UUID batchId = batch.batchId();
        long link = batch.link();
        byte[] payload = batch.payload();
        Life life = lives.get(roomId);
        if (life == null || life.deleted) {
            return CompletableFuture.failedStage(missing(roomId, life));
        }
        if (again && checksBatchIds) {
            for (Row row : life.history) { // rows stay longer than anybody retries
                if (row.batchId().equals(batchId)) {
                    return CompletableFuture.completedStage(
                            new Appended(row.seq(), row.link(), life.linkOf(row.seq() - 1)));
                }
            }
        }
        if (isTaken(life, batch)) {
            return CompletableFuture.failedStage(new ClientIdsTakenException(introductions(life)));
        }
        Refused used = claim(life.name, key, life.id);
        if (used != null) {
            return CompletableFuture.failedStage(used);
        }
        if (holdMillis > 0) {
            lookForCopies(life, payload);
        }
        Appended at = new Appended(life.head + 1, link, life.linkOf(life.head));
        Row row = new Row(++life.head, batchId, link, payload);
        life.rows.add(row);
        life.history.add(row);
        life.authors.add(batch.author());
        live.forEach((name, l) -> {
            if (l == life) {
                notInEver.computeIfAbsent(name, n -> new ArrayList<>()).add(payload);
            }
        });
        return CompletableFuture.completedStage(at);
    }

    @Override
    public synchronized CompletionStage<Appended> keep(long roomId, RequestKey key) {
        Life life = lives.get(roomId);
        if (life == null || life.deleted) {
            return CompletableFuture.failedStage(missing(roomId, life));
        }
        Refused used = claim(life.name, key, life.id);
        return used == null
                ? CompletableFuture.completedStage(new Appended(life.head, life.linkOf(life.head), Link.UNKNOWN))
                : CompletableFuture.failedStage(used);
    }

    private @Nullable Refused claim(String name, @Nullable RequestKey key, long roomId) {
        Use before =
                key == null ? null : keys.putIfAbsent(List.of(name, key.key()), new Use(key.fingerprint(), roomId));
        return before == null ? null : new Refused(before.roomId(), key.contradicts(before.fingerprint()));
    }

    private static RuntimeException missing(long roomId, @Nullable Life life) {
        return life == null ? new RoomLost(roomId) : new RoomGone(roomId);
    }

    /** From now on that row is damaged. */
    synchronized void damage(String name, long seq) {
        damages.put(id(name), new Damage(seq, "row " + seq + " does not match its checksum"));
    }

    /** Makes it whole again: what was damaged adds nothing, and the head has moved. */
    synchronized void repair(String name) {
        Damage damage = damages.remove(id(name));
        Life life = lives.get(id(name));
        life.rows.replaceAll(row ->
                row.seq() == damage.seq() ? new Row(row.seq(), row.batchId(), row.link(), new byte[] {0, 0}) : row);
        appendForeign(name, new byte[] {0, 0});
    }

    /** Appends what another node wrote. */
    synchronized void appendForeign(String name, byte[] payload) {
        append(id(name), UUID.randomUUID(), 1 + head(name), payload, false);
    }

    synchronized boolean knowsName(String name) {
        return live.containsKey(name);
    }

    synchronized boolean knows(long roomId) {
        return lives.containsKey(roomId);
    }

    void forgetBatchIds() {
        checksBatchIds = false;
    }

    /** Off in the twin: a fold that lacks something becomes the snapshot. */
    void trustFolds() {
        checksFolds = false;
    }

    void compact(String name, int keep) {
        compact(name, keep, false);
    }

    /**
     * Folds everything into a snapshot and keeps the newest rows.
     *
     * @param wrong whether the fold goes wrong: it lacks the newest row
     */
    synchronized void compact(String name, int keep, boolean wrong) {
        Life life = live.get(name);
        if (life == null || life.head == 0) {
            return;
        }
        StructStore fold = replay(life.id, wrong ? life.head - 1 : life.head);
        StructStore right = replay(life.id, life.head);
        boolean isRight = fold.reduce(Update.decode(right.encode())).isEmpty()
                && right.reduce(Update.decode(fold.encode())).isEmpty(); // the newest row may be a mark that forgets
        if (checksFolds && !isRight) {
            return;
        }
        life.snapshot = fold.encode();
        life.snapshotSeq = life.head;
        life.rows.removeIf(row -> row.seq() <= life.head - keep);
    }

    /** A copy of everything. */
    record Backup(List<Life> lives, Map<String, Long> live, Map<List<String>, Use> keys) {}

    synchronized Backup backup() {
        Map<String, Long> names = new HashMap<>();
        live.forEach((name, life) -> names.put(name, life.id));
        return new Backup(lives.values().stream().map(Life::copy).toList(), names, Map.copyOf(keys));
    }

    /** Puts back what was copied; what came later is gone. Ids that were given out are not given out again. */
    synchronized void restore(Backup backup) {
        lives.clear();
        live.clear();
        keys.clear();
        keys.putAll(backup.keys());
        backup.lives().forEach(life -> lives.put(life.id, life.copy()));
        backup.live().forEach((name, id) -> live.put(name, lives.get(id)));
    }

    private void lookForCopies(Life life, byte[] payload) {
        Set<Long> clients = Update.decode(payload).clients();
        live.forEach((name, l) -> {
            if (l == life) {
                copies += held(name).stream()
                        .filter(ended -> clients.stream()
                                .anyMatch(client -> ended.clients.contains(client) && !life.clients.contains(client)))
                        .count();
            }
        });
        life.clients.addAll(clients);
    }

    /** How many rows have brought content of an ended life into the next within the hold. */
    synchronized long copies() {
        return copies;
    }

    /** The id that was given out last: ids rise here. */
    synchronized long lastId() {
        return lastId;
    }

    synchronized boolean isLive(String name, long id) {
        Life life = live.get(name);
        return life != null && life.id == id;
    }

    synchronized long id(String name) {
        return live.get(name).id;
    }

    /** The seq of the newest row; 0 for a room that there is not. */
    synchronized long head(String name) {
        Life life = live.get(name);
        return life == null ? 0 : life.head;
    }

    synchronized long head(long roomId) {
        return lives.get(roomId).head;
    }

    synchronized long lastLink(long roomId) {
        return headOf(lives.get(roomId)).link();
    }

    synchronized long snapshotSeq(long roomId) {
        Life life = lives.get(roomId);
        return life == null ? 0 : life.snapshotSeq;
    }

    /** All that was ever appended to the room. */
    synchronized List<Row> history(String name) {
        Life life = live.get(name);
        return life == null ? List.of() : List.copyOf(life.history);
    }

    /** Who made all that was ever appended to the room. */
    synchronized List<@Nullable Author> authors(String name) {
        Life life = live.get(name);
        return life == null ? List.of() : new ArrayList<>(life.authors);
    }

    /** The document that the rows make. */
    synchronized StructStore replay(String name) {
        Life life = live.get(name);
        return life == null ? new StructStore() : replay(life.id, life.head);
    }

    /** The document that the rows up to that one make. */
    synchronized StructStore replay(long roomId, long seq) {
        StructStore store = new StructStore();
        lives.get(roomId).history.stream()
                .filter(row -> row.seq() <= seq)
                .forEach(row -> store.apply(Update.decode(row.payload())));
        return store;
    }

    /** Whether everything in that update was appended to the room once, in this life of it or another. */
    synchronized boolean everHeld(String name, Update update) {
        StructStore all = ever.computeIfAbsent(name, n -> new StructStore());
        List<byte[]> more = notInEver.remove(name);
        if (more != null) {
            more.forEach(payload -> all.apply(Update.decode(payload)));
        }
        return all.reduce(update).isEmpty();
    }

    /** Whether everything in that update is in the room now. */
    boolean holds(String name, byte[] update) {
        return replay(name).reduce(Update.decode(update)).isEmpty();
    }

    /** Whether each batch is in the log once. */
    synchronized boolean everyBatchIsThereOnce(String name) {
        Set<UUID> seen = new HashSet<>();
        return history(name).stream().allMatch(row -> seen.add(row.batchId()));
    }
}
