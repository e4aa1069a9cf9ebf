package io.keck.crdt;

import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.Update;
import io.keck.crdt.store.UpdateV2;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The transactions of one document: the one that is open, those that wait to be finished, and their listeners.
 *
 * <p>The call that opens a transaction while no other is being finished also finishes it, and then, one by one, all
 * transactions that observers open meanwhile. Exceptions of edits and listeners are kept until all transactions are
 * finished, and thrown then. Source: Yjs {@code Transaction.js} {@code transact}.
 */
final class Transactions {
    final List<Consumer<Doc>> beforeAll = new ArrayList<>(0);
    final List<Consumer<Transaction>> before = new ArrayList<>(0);
    final List<Consumer<Transaction>> beforeObservers = new ArrayList<>(0);
    final List<Consumer<Transaction>> after = new ArrayList<>(0);
    final List<Consumer<Transaction>> afterCleanup = new ArrayList<>(0);
    final List<Consumer<List<Transaction>>> afterAll = new ArrayList<>(0);
    final List<UpdateListener> updates = new ArrayList<>(0);
    final List<UpdateListener> updatesV2 = new ArrayList<>(0);
    final List<Consumer<SubdocsEvent>> subdocs = new ArrayList<>(0);

    private final Doc doc;
    private final Cleanup cleanup;
    private long count;
    private @Nullable Transaction open;
    /** Transactions that are over but not finished, in order. */
    private final List<Transaction> finishing = new ArrayList<>(1);

    Transactions(Doc doc, Cleanup cleanup) {
        this.doc = doc;
        this.cleanup = cleanup;
    }

    /**
     * Runs an edit as a transaction of its own, or as part of the open one.
     *
     * @param local whether the edit is made on this replica; an edit from elsewhere makes the open transaction a remote
     *     one
     */
    void run(@Nullable Object origin, boolean local, Consumer<Transaction> edit) {
        Transaction outer = open;
        if (outer != null) {
            if (!local) {
                outer.becomesRemote();
            }
            edit.accept(outer);
            return;
        }
        Failures failures = new Failures();
        Transaction transaction = begin(origin, local, failures);
        try {
            edit.accept(transaction);
        } catch (RuntimeException | Error e) {
            failures.add(e);
        }
        end(transaction, failures);
    }

    /** As {@link #run} for a local edit, with a result. */
    @SuppressWarnings("NullAway") // run() either adds a result or throws
    <T extends @Nullable Object> T get(@Nullable Object origin, Function<Transaction, T> edit) {
        List<T> result = new ArrayList<>(1);
        run(origin, true, transaction -> result.add(edit.apply(transaction)));
        return result.get(0);
    }

    private Transaction begin(@Nullable Object origin, boolean local, Failures failures) {
        Transaction transaction = new Transaction(doc, count++, origin, local);
        boolean first = finishing.isEmpty();
        finishing.add(transaction);
        open = transaction;
        if (first) {
            tell(beforeAll, doc, failures);
        }
        tell(before, transaction, failures);
        return transaction;
    }

    private void end(Transaction transaction, Failures failures) {
        open = null;
        if (finishing.get(0) == transaction) { // otherwise an observer opened it, and the outer call finishes it
            // observers may open transactions, which are appended to this list
            for (int i = 0; i < finishing.size(); i++) {
                finish(finishing.get(i), failures);
            }
            List<Transaction> all = afterAll.isEmpty() ? List.of() : List.copyOf(finishing);
            finishing.forEach(Transaction::release);
            finishing.clear();
            tell(afterAll, all, failures);
        }
        failures.throwFirst();
    }

    private void finish(Transaction transaction, Failures failures) {
        transaction.noteEnds();
        tell(beforeObservers, transaction, failures);
        Observers.call(transaction, failures);
        tell(after, transaction, failures);
        transaction.finish();
        cleanup.run(transaction, doc.gc());
        if (!transaction.isLocal() && transaction.grows(doc.clientId())) {
            doc.giveUpClientId();
        }
        tell(afterCleanup, transaction, failures);
        tellUpdate(transaction, failures);
        if (transaction.subdocs() != null) {
            tellSubdocs(transaction.subdocs().event(), failures);
        }
    }

    private static <E> void tell(List<Consumer<E>> listeners, E event, Failures failures) {
        if (!listeners.isEmpty()) {
            List.copyOf(listeners).forEach(listener -> failures.run(() -> listener.accept(event)));
        }
    }

    private void tellUpdate(Transaction transaction, Failures failures) {
        byte[] v1 = updates.isEmpty() && updatesV2.isEmpty() ? null : transaction.encodeUpdate();
        if (v1 == null) {
            return;
        }
        for (UpdateListener listener : List.copyOf(updates)) {
            failures.run(() -> listener.onUpdate(v1, transaction));
        }
        if (!updatesV2.isEmpty()) {
            byte[] v2 = UpdateV2.encode(Update.decode(v1, DecodeLimits.OWN));
            for (UpdateListener listener : List.copyOf(updatesV2)) {
                failures.run(() -> listener.onUpdate(v2, transaction));
            }
        }
    }

    private void tellSubdocs(SubdocsEvent event, Failures failures) {
        doc.subdocuments().changed(event);
        tell(subdocs, event, failures);
        for (Doc removed : event.removed()) {
            failures.run(removed::destroy);
        }
    }
}
