package io.keck.room;

import io.keck.crdt.StructStore;
import io.keck.crdt.Update;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** The log in memory; answers at once, and never fails by itself ({@link FlakyLog} does). Thread-safe. */
public final class FakeLog implements UpdateLog {
    private static final class Life {
        final long id;
        boolean deleted;
        long head;
        long snapshotSeq;
        byte @Nullable [] snapshot;
        /** What is still there. */
        final List<Row> rows = new ArrayList<>();
        /** Everything that was ever appended. */
        final List<Row> history = new ArrayList<>();

        private final StructStore whole = new StructStore();
        private int inWhole;

        Life(long id) {
            this.id = id;
        }

        StructStore whole() {
            while (inWhole < history.size()) {
                whole.apply(Update.decode(history.get(inWhole++).payload()));
            }
            return whole;
        }
    }

    private final Map<Long, Life> lives = new HashMap<>();
    private final Map<String, Life> live = new HashMap<>();
    private long lastId;
    /** Off in the twin: a batch that comes twice is written twice. */
    private boolean checksBatchIds = true;

    @Override
    public synchronized CompletionStage<Contents> open(String name) {
        Life life = live.computeIfAbsent(name, n -> {
            Life fresh = new Life(++lastId);
            lives.put(fresh.id, fresh);
            return fresh;
        });
        return read(life.id, 0);
    }

    @Override
    public synchronized CompletionStage<Contents> read(long roomId, long seq) {
        Life life = lives.get(roomId);
        if (life == null || life.deleted) {
            return CompletableFuture.failedStage(new RoomGoneException(roomId));
        }
        List<Row> rows = after(life, seq);
        if (seq > 0 && !rows.isEmpty() && rows.get(0).seq() == seq + 1) {
            return CompletableFuture.completedStage(new Contents(roomId, 0, null, rows));
        }
        rows = after(life, Math.max(seq, life.snapshotSeq));
        return CompletableFuture.completedStage(new Contents(roomId, life.snapshotSeq, life.snapshot, rows));
    }

    private static List<Row> after(Life life, long seq) {
        return life.rows.stream().filter(row -> row.seq() > seq).toList();
    }

    @Override
    public synchronized CompletionStage<Long> append(long roomId, UUID batchId, byte[] payload) {
        Life life = lives.get(roomId);
        if (life == null || life.deleted) {
            return CompletableFuture.failedStage(new RoomGoneException(roomId));
        }
        if (checksBatchIds) {
            for (Row row : life.history) { // rows stay longer than anybody retries
                if (row.batchId().equals(batchId)) {
                    return CompletableFuture.completedStage(row.seq());
                }
            }
        }
        Row row = new Row(++life.head, batchId, payload);
        life.rows.add(row);
        life.history.add(row);
        return CompletableFuture.completedStage(life.head);
    }

    /** Appends what another node wrote. */
    synchronized void appendForeign(String name, byte[] payload) {
        append(id(name), UUID.randomUUID(), payload);
    }

    void forgetBatchIds() {
        checksBatchIds = false;
    }

    /** Folds everything into a snapshot and keeps the newest rows. */
    synchronized void compact(String name, int keep) {
        Life life = live.get(name);
        if (life == null || life.head == 0) {
            return;
        }
        life.snapshot = replay(name).encode();
        life.snapshotSeq = life.head;
        life.rows.removeIf(row -> row.seq() <= life.head - keep);
    }

    public synchronized void delete(String name) {
        live.remove(name).deleted = true;
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

    synchronized long snapshotSeq(String name) {
        return live.get(name).snapshotSeq;
    }

    /** All that was ever appended to the room. */
    synchronized List<Row> history(String name) {
        Life life = live.get(name);
        return life == null ? List.of() : List.copyOf(life.history);
    }

    /** The document that the rows make. */
    synchronized StructStore replay(String name) {
        StructStore store = new StructStore();
        history(name).forEach(row -> store.apply(Update.decode(row.payload())));
        return store;
    }

    /** Whether everything in that update was appended to the room. */
    synchronized boolean holds(String name, Update update) {
        Life life = live.get(name);
        return update.isEmpty() || (life != null && life.whole().reduce(update).isEmpty());
    }

    /** Whether each batch is in the log once. */
    synchronized boolean everyBatchIsThereOnce(String name) {
        Set<UUID> seen = new HashSet<>();
        return history(name).stream().allMatch(row -> seen.add(row.batchId()));
    }
}
