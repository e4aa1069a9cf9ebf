package io.keck.history;

import io.keck.crdt.AbstractType;
import io.keck.crdt.Doc;
import io.keck.crdt.DocOptions;
import io.keck.crdt.History;
import io.keck.crdt.Restoration;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.DeleteSet;
import io.keck.crdt.store.StateVector;
import io.keck.crdt.store.StructRows;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.failure.HistoryGone;
import io.keck.failure.TooCostly;
import io.keck.failure.Unavailable;
import io.keck.history.RestoreRequest.Earlier;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Prepares restorations of documents: updates on top of the current state, which clients receive as ordinary changes.
 * Reads the history and changes nothing. Thread-safe.
 */
public final class Restorer {
    /** The largest number of changes that {@link Prepared#changes} lists. */
    public static final int MAX_CHANGES = 1_000;

    /** Integration steps by which each byte of a document raises its limit, see {@link Doc#work}. */
    private static final long STEPS_PER_BYTE = 16;

    /** Bytes of heap for each byte of a document that is integrated, and for each byte of a row. */
    private static final long PER_BYTE = 12;

    /**
     * The current state of a document.
     *
     * @param seq the last row that {@code state} includes
     * @param state a V1 update
     */
    public record Now(String name, long roomId, long seq, byte[] state) {}

    /**
     * A restoration that is not committed yet.
     *
     * @param update a V1 update, or null if the document already has the wanted content
     * @param basedOn the clocks that a document must contain before the update is applied
     * @param changes the changes of the update, at most {@link #MAX_CHANGES}
     * @param changeCount the number of all its changes
     */
    public record Prepared(
            byte @Nullable [] update,
            StateVector basedOn,
            Restoration.Outcome outcome,
            List<History.Entry> changes,
            long changeCount) {}

    /**
     * Thrown when the request names a root or block that did not exist at that time, or whose container no longer
     * exists.
     */
    public static final class NotThereException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private final boolean isHomeless;

        NotThereException(boolean isHomeless) {
            super(
                    isHomeless ? "the type that contained the block is gone" : "no such root or block",
                    null,
                    false,
                    false);
            this.isHomeless = isHomeless;
        }

        /** Whether the block existed at that time but its container no longer exists. */
        public boolean isHomeless() {
            return isHomeless;
        }
    }

    private final HistoryReader history;
    private final BiFunction<Doc, String, @Nullable AbstractType> blocks;
    private final long maxSteps;

    /**
     * Creates a restorer.
     *
     * @param blocks finds a block of a document by its id
     * @param maxSteps the integration steps that a document may take, see {@link Doc#work}; each byte adds 16
     */
    public Restorer(HistoryReader history, BiFunction<Doc, String, @Nullable AbstractType> blocks, long maxSteps) {
        this.history = history;
        this.blocks = blocks;
        this.maxSteps = maxSteps;
    }

    /**
     * Prepares a restoration. Waits for the database.
     *
     * @param reserve receives the bytes of heap to be used, before they are used; returns false to refuse
     * @throws HistoryGone if the state at the requested row is no longer known
     * @throws TooCostly if it takes more than the allowed steps
     * @throws Unavailable if the database does not answer, or there is not enough memory
     * @throws NotThereException if the root or block did not exist, or its container no longer exists
     */
    public Prepared prepare(Now now, RestoreRequest request, LongPredicate reserve) {
        Work work = new Work(now, reserve);
        Doc target = work.integrated(now.state, true);
        return work.applied(request.isState() ? work.state(request) : work.without(request), target, request);
    }

    /** The preparation of one restoration. */
    private final class Work {
        private final Now now;
        private final LongPredicate reserve;
        private @Nullable Doc source;

        Work(Now now, LongPredicate reserve) {
            this.now = now;
            this.reserve = reserve;
        }

        private void reserve(long bytes) {
            if (!reserve.test(bytes)) {
                throw new Unavailable("this node has no memory left, please try again", false);
            }
        }

        private long steps(long bytes) {
            return maxSteps + STEPS_PER_BYTE * bytes;
        }

        Doc integrated(byte[] state, boolean gc) {
            reserve(PER_BYTE * state.length);
            Doc doc = new Doc(DocOptions.create().withGc(gc));
            if (!doc.applyUpdate(Update.decode(state, DecodeLimits.OWN), null, steps(state.length))) {
                throw new TooCostly(now.name, doc.work());
            }
            return doc;
        }

        Restoration state(RestoreRequest request) {
            StructStore store = new StructStore();
            read(store, request.from());
            Doc then = integrated(store.encode(), true);
            source = then;
            return Restoration.to(then);
        }

        Restoration without(RestoreRequest request) {
            StructStore store = new StructStore(true);
            read(store, request.from());
            DeleteSet known = new DeleteSet();
            store.stateVector().asMap().forEach((client, clock) -> {
                if (clock > 0) {
                    known.add(client, 0, clock);
                }
            });
            DeleteSet deleted = new DeleteSet();
            deleted.addAll(store.deletes());
            EffectiveRows effective = effective(request);
            DeleteSet inserted = new DeleteSet();
            rows(request.from(), now.seq, (change, update) -> {
                boolean isTakenBack = effective.contains(change.seq());
                StructRows structs = update.rows();
                for (int row = 0; row < structs.count(); row++) {
                    long client = structs.client(row);
                    if (isTakenBack) {
                        known.missing(client, structs.clock(row), structs.end(row), inserted);
                    }
                    known.add(client, structs.clock(row), structs.end(row));
                }
                if (!isTakenBack) {
                    update.forEachDelete(deleted::add);
                }
                reserve(2L * update.length());
                store.apply(update);
            });
            Doc all = integrated(store.encode(), false);
            source = all;
            return Restoration.without(all, inserted, deleted);
        }

        private EffectiveRows effective(RestoreRequest request) {
            EffectiveRows effective = new EffectiveRows(request);
            rows(request.from(), now.seq, (change, update) -> {
                Earlier restoration = Earlier.of(change.author());
                if (change.seq() <= request.to() && request.takesBack(change.author())) {
                    effective.add(change.seq());
                }
                if (restoration != null) {
                    effective.add(change.seq(), restoration);
                }
            });
            return effective;
        }

        /** Reads the state at a row into an empty store. */
        private void read(StructStore store, long seq) {
            HistoryReader.Checkpoint base = history.base(now.roomId, seq);
            byte[] state = base.state();
            if (state != null) {
                reserve(PER_BYTE * state.length);
                store.apply(Update.decode(state, DecodeLimits.OWN));
            }
            rows(base.seq(), Math.min(seq, now.seq), (change, update) -> {
                reserve(2L * update.length());
                store.apply(update);
            });
        }

        private void rows(long after, long upTo, HistoryRows.Visitor visitor) {
            HistoryRows.read(history, now.roomId, after, upTo, visitor);
        }

        Prepared applied(Restoration whole, Doc target, RestoreRequest request) {
            StateVector basedOn = target.stateVector();
            Restoration restoration = scoped(whole, target, request).atMost(steps(now.state.length));
            List<byte[]> updates = new ArrayList<>(1);
            List<History.Entry> changes = new ArrayList<>();
            target.onAfterTransaction(transaction -> changes.addAll(History.of(transaction)));
            target.onUpdate((update, transaction) -> updates.add(update));
            Restoration.Outcome outcome;
            try {
                outcome = restoration.apply(target, null);
            } catch (Restoration.TooManyStepsException e) {
                throw new TooCostly(now.name, steps(now.state.length));
            } catch (Restoration.HomelessException e) {
                throw new NotThereException(true);
            }
            return new Prepared(
                    updates.isEmpty() ? null : updates.get(0),
                    basedOn,
                    outcome,
                    List.copyOf(changes.subList(0, Math.min(changes.size(), MAX_CHANGES))),
                    changes.size());
        }

        private Restoration scoped(Restoration whole, Doc target, RestoreRequest request) {
            Doc from = source;
            String root = request.root();
            String block = request.block();
            if (from == null || request.isWhole()) {
                return whole;
            }
            if (block == null) {
                if (root != null && from.findRoot(root) == null && target.findRoot(root) == null) {
                    throw new NotThereException(false);
                }
                return root == null ? whole : whole.inRoot(root);
            }
            AbstractType now = blocks.apply(target, block);
            AbstractType then =
                    request.isState() || now == null ? blocks.apply(from, block) : Restoration.same(now, from);
            if (then == null) {
                throw new NotThereException(false);
            }
            return whole.inType(then, now);
        }
    }
}
