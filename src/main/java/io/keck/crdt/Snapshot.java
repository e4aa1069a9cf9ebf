package io.keck.crdt;

import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.lib0.Decoder;
import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.DeleteSet;
import io.keck.crdt.store.StateVector;
import io.keck.crdt.store.StructRows;
import io.keck.crdt.store.Update;
import java.util.function.Predicate;

/**
 * A point in the history of a document: the state of each client and the deleted clocks. It holds no content: together
 * with a document that keeps deleted content ({@code gc} off) it tells the content of that document at that point.
 * Immutable. Source: Yjs {@code Snapshot.js}.
 */
public final class Snapshot {
    /** The snapshot of an empty document. */
    public static final Snapshot EMPTY = new Snapshot(new DeleteSet(), StateVector.EMPTY);

    private final DeleteSet deletes;
    private final StateVector stateVector;

    private Snapshot(DeleteSet deletes, StateVector stateVector) {
        this.deletes = deletes;
        this.stateVector = stateVector;
    }

    /** Creates a snapshot from deletes, which are copied, and a state vector. */
    public static Snapshot of(DeleteSet deletes, StateVector stateVector) {
        DeleteSet copy = new DeleteSet();
        copy.addAll(deletes);
        return new Snapshot(copy, stateVector);
    }

    /** Creates a snapshot of the current state of a document. */
    public static Snapshot of(Doc doc) {
        return new Snapshot(doc.deletes(), doc.stateVector());
    }

    /**
     * Reads the wire form V1.
     *
     * @throws DecodeException if it is malformed, or more bytes follow
     */
    public static Snapshot decode(byte[] v1) {
        Decoder in = new Decoder(v1);
        DeleteSet deletes = new DeleteSet();
        DeleteSet.decode(in, deletes::add);
        return new Snapshot(deletes, StateVector.decode(in.readRest()));
    }

    /**
     * Reads the wire form V2.
     *
     * @throws DecodeException if it is malformed, or more bytes follow
     */
    public static Snapshot decodeV2(byte[] v2) {
        Decoder in = new Decoder(v2);
        DeleteSet deletes = DeleteSet.decodeV2(in);
        return new Snapshot(deletes, StateVector.decode(in.readRest()));
    }

    /** The wire form V1; clients in descending order. */
    public byte[] encode() {
        Encoder out = new Encoder();
        deletes.encode(out);
        byte[] clocks = stateVector.encode();
        out.writeBytes(clocks, 0, clocks.length);
        return out.toByteArray();
    }

    /** The wire form V2; clients in descending order. */
    public byte[] encodeV2() {
        Encoder out = new Encoder();
        deletes.encodeV2(out);
        byte[] clocks = stateVector.encode();
        out.writeBytes(clocks, 0, clocks.length);
        return out.toByteArray();
    }

    /** The state of each client at that point. */
    public StateVector stateVector() {
        return stateVector;
    }

    /** The clocks deleted at that point, as a copy. */
    public DeleteSet deletes() {
        DeleteSet copy = new DeleteSet();
        copy.addAll(deletes);
        return copy;
    }

    /** Whether all structs and deletes of an update are part of this snapshot. */
    public boolean contains(Update update) {
        StructRows structs = update.rows();
        for (int row = 0; row < structs.count(); row++) {
            if (stateVector.clock(structs.client(row)) < structs.end(row)) {
                return false;
            }
        }
        boolean[] all = {true};
        update.forEachDelete((client, from, to) -> all[0] &= deletes.covers(client, from, to));
        return all[0];
    }

    /**
     * Creates a document with the content at that point.
     *
     * @param doc the document of which the snapshot was made, or a replica that knows as much
     * @throws IllegalArgumentException if {@code doc} drops deleted content or lacks part of the snapshot
     */
    public Doc restore(Doc doc) {
        return restore(doc, DocOptions.create());
    }

    /** As {@link #restore(Doc)}, with options for the new document. */
    public Doc restore(Doc doc, DocOptions options) {
        if (doc.gc()) {
            throw new IllegalArgumentException("a document that drops deleted content cannot be restored");
        }
        StateVector known = doc.stateVector();
        stateVector.asMap().forEach((client, clock) -> {
            if (known.clock(client) < clock) {
                throw new IllegalArgumentException("the document lacks part of the snapshot");
            }
        });
        Encoder out = new Encoder(1024);
        doc.transact(transaction -> {
            out.writeVarUint(stateVector.asMap().size());
            stateVector.asMap().forEach((client, clock) -> {
                StructList list = doc.store().client(client);
                doc.store().cleanEnd(transaction, list, clock - 1);
                DocWriter.prefix(out, list, clock);
            });
            deletes.encode(out);
        });
        Doc restored = new Doc(options);
        restored.applyUpdate(Update.decode(out.toByteArray(), DecodeLimits.OWN), this);
        return restored;
    }

    /** Splits items at the borders of the snapshot, so that it shows each item as a whole or not at all. */
    void split(Transaction transaction) {
        ItemStore store = transaction.doc().store();
        stateVector.asMap().forEach((client, clock) -> {
            StructList list = store.find(client);
            if (list != null && clock < list.end()) {
                store.cleanStart(transaction, list, clock);
            }
        });
        deletes.forEach((client, from, to) -> {
            StructList list = store.find(client);
            if (list != null && from < list.end()) {
                store.cleanStart(transaction, list, from);
                if (to < list.end()) {
                    store.cleanStart(transaction, list, to);
                }
            }
        });
    }

    /** Whether the item existed at that point, deleted or not. */
    boolean knows(Item item) {
        return item.clock() < stateVector.clock(item.list().client);
    }

    /** Whether the item existed at that point and was not deleted. */
    boolean shows(Item item) {
        return knows(item) && !deletes.contains(item.list().client, item.clock());
    }

    Predicate<Item> visible() {
        return this::shows;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Snapshot that && stateVector.equals(that.stateVector) && deletes.equals(that.deletes);
    }

    @Override
    public int hashCode() {
        return stateVector.hashCode();
    }

    @Override
    public String toString() {
        return "Snapshot[" + stateVector + "]";
    }
}
