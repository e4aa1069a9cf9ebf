package io.keck.crdt;

import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.lib0.Decoder;
import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.DeleteSet;
import io.keck.crdt.store.StateVector;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.crdt.store.UpdateV2;
import java.security.SecureRandom;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A shared document: named root types that several replicas edit at once, and that are equal on all replicas once each
 * has all updates, in whatever order these arrived.
 *
 * <p><b>Types.</b> A root is requested by name and kind ({@link #getText}, {@link #getMap}, ...) and exists from then
 * on; the kinds are a convention among the users of a document, updates do not carry them. Requesting a root under
 * another kind throws.
 *
 * <p><b>Changes.</b> Everything happens in transactions. An edit outside of {@link #transact} is a transaction by
 * itself. At the end of a transaction, the observers of the changed types are called, then the deep observers of these
 * types and of the types that contain them, then the {@link #onAfterTransaction} hooks; then deleted content is collected
 * and the {@link #onUpdate} listeners receive the change. An observer may edit: this is another transaction, whose observers
 * are called after all those of the first. An exception thrown by an observer does not keep the others from being
 * called; the call that made the transaction throws it at the end.
 *
 * <p><b>Updates.</b> {@link #applyUpdate} refuses malformed bytes before it changes anything. Structs that need other
 * structs which have not arrived yet wait, as part of the document ({@link #isWaiting}).
 *
 * <p><b>Threads.</b> None: a document and everything in it belongs to one thread at a time. Source: Yjs {@code Doc.js}.
 */
public final class Doc {
    private static final SecureRandom RANDOM = new SecureRandom();

    private long walked;
    private final DocOptions options;
    private long clientId = randomClientId();

    private final ItemStore store = new ItemStore();
    private final Integration integration = new Integration(this, store);
    private final Inbox inbox = new Inbox(store, integration);
    private final Encoder scratch = new Encoder(64);
    private final Roots roots = new Roots(this);
    private final Subdocuments subdocuments = new Subdocuments(this);

    private final Transactions transactions;

    /** Creates an empty document with a random guid, which drops deleted content. */
    public Doc() {
        this(DocOptions.create());
    }

    /** Creates an empty document. */
    public Doc(DocOptions options) {
        this.options = options.withMeta(Values.normal(options.meta()));
        subdocuments.shouldLoad = options.shouldLoad();
        this.transactions = new Transactions(this, new Cleanup(store, options.gcFilter()));
    }

    /** Creates a document with the content of a store, which drops deleted content. */
    public static Doc of(StructStore store) {
        return of(store, DocOptions.create());
    }

    /** Creates a document with the content of a store. The options decide whether deleted content is dropped. */
    public static Doc of(StructStore store, DocOptions options) {
        Doc doc = new Doc(options);
        doc.applyUpdate(Update.decode(store.encode(), DecodeLimits.OWN), null);
        return doc;
    }

    /**
     * Returns a store with the content of this document, waiting structs included. Integration deletes more than
     * updates say (overwritten values of maps, content that was inserted into a deleted type) and collects what is in
     * deleted types: a room whose content passes through a document from time to time becomes smaller.
     */
    public StructStore toStructStore() {
        StructStore out = new StructStore(!gc());
        out.apply(Update.decode(encodeStateAsUpdate(), DecodeLimits.OWN));
        return out;
    }

    // ---- identity and options

    /** The options with which the document was created, with the current {@link #shouldLoad}. */
    DocOptions options() {
        return options.withShouldLoad(subdocuments.shouldLoad);
    }

    /** The name of the document, unique among all documents. */
    public String guid() {
        return options.guid();
    }

    /** Whether deleted content is dropped. */
    public boolean gc() {
        return options.gc();
    }

    /** Whether every replica of the containing document should load this subdocument. */
    public boolean autoLoad() {
        return options.autoLoad();
    }

    /** Whether the content is wanted on this replica. */
    public boolean shouldLoad() {
        return subdocuments.shouldLoad;
    }

    /** The metadata that is sent with a subdocument, or null. */
    public @Nullable Object meta() {
        return options.meta();
    }

    /** The client id of edits on this replica: a random 32-bit number, unless it was set. */
    public long clientId() {
        return clientId;
    }

    /**
     * Sets the client id of the edits of this replica. Two replicas must never use one id at the same time.
     *
     * @throws IllegalArgumentException if {@code id} is not a number of 0 to 2^53 - 1
     */
    public void setClientId(long id) {
        if (id < 0 || id > Decoder.MAX_SAFE_INTEGER) {
            throw new IllegalArgumentException("a client id must be a number of 0 to 2^53 - 1, not " + id);
        }
        clientId = id;
    }

    /** Chooses another client id because another replica wrote under this one: the id of a unit must never be used twice. */
    void giveUpClientId() {
        clientId = randomClientId();
    }

    private static long randomClientId() {
        return RANDOM.nextInt() & 0xffff_ffffL;
    }

    @Override
    public String toString() {
        return "Doc[" + guid() + "]";
    }

    // ---- roots

    /**
     * Returns the root text of that name; creates the root if it does not exist.
     *
     * @throws IllegalStateException if the root was requested as another type before; the methods for other types throw
     *     it too
     */
    public YText getText(String name) {
        return (YText) roots.get(name, Branch.TEXT);
    }

    /** Returns the root array of that name; see {@link #getText}. */
    public YArray getArray(String name) {
        return (YArray) roots.get(name, Branch.ARRAY);
    }

    /** Returns the root map of that name; see {@link #getText}. */
    public YMap getMap(String name) {
        return (YMap) roots.get(name, Branch.MAP);
    }

    /** Returns the root XML fragment of that name; see {@link #getText}. */
    public YXmlFragment getXmlFragment(String name) {
        return (YXmlFragment) roots.get(name, Branch.XML_FRAGMENT);
    }

    /** Returns the root XML element of that name, see {@link #getText}; its node name is UNDEFINED, as in Yjs. */
    public YXmlElement getXmlElement(String name) {
        return (YXmlElement) roots.get(name, Branch.XML_ELEMENT);
    }

    /** Returns the root XML text of that name; see {@link #getText}. */
    public YXmlText getXmlText(String name) {
        return (YXmlText) roots.get(name, Branch.XML_TEXT);
    }

    Branch root(String name) {
        return roots.root(name);
    }

    /** Returns the root of that name with the kind that its content shows; null if there is none. Does not fix its kind. */
    public @Nullable Root findRoot(String name) {
        Branch branch = roots.find(name);
        return branch == null ? null : new Root(branch);
    }

    /** As {@link #findRoot}, but creates the root if it does not exist. */
    public Root openRoot(String name) {
        return new Root(roots.root(name));
    }

    /** The names of all roots that were requested or that updates mention. */
    public Set<String> rootNames() {
        return roots.names();
    }

    /** The content of all roots that were requested under a kind, as plain values: see {@link AbstractType#toJson}. */
    public Map<String, @Nullable Object> toJson() {
        return roots.toJson();
    }

    // ---- state and updates

    /** The state vector of the integrated history; waiting structs do not count. */
    public StateVector stateVector() {
        return store.stateVector();
    }

    /** The whole document as an update in wire format V1, including waiting structs and deletes. */
    public byte[] encodeStateAsUpdate() {
        return encodeStateAsUpdate(StateVector.EMPTY);
    }

    /**
     * Returns what a replica with the given state vector lacks, as an update in wire format V1: the structs from those
     * clocks on and the whole delete set, including waiting structs and deletes.
     */
    public byte[] encodeStateAsUpdate(StateVector known) {
        Encoder out = new Encoder(1024);
        DocWriter.state(out, store, known);
        byte[] integrated = out.toByteArray();
        if (!inbox.isWaiting()) {
            return integrated;
        }
        StructStore all = new StructStore(true);
        all.apply(Update.decode(integrated, DecodeLimits.OWN));
        inbox.addHeldTo(all);
        return all.diff(known);
    }

    /** The whole document as an update in wire format V2, including waiting structs and deletes. */
    public byte[] encodeStateAsUpdateV2() {
        return encodeStateAsUpdateV2(StateVector.EMPTY);
    }

    /** As {@link #encodeStateAsUpdate(StateVector)}, in wire format V2. */
    public byte[] encodeStateAsUpdateV2(StateVector known) {
        return UpdateV2.encode(Update.decode(encodeStateAsUpdate(known), DecodeLimits.OWN));
    }

    /** The deleted clocks, as a copy. */
    public DeleteSet deletes() {
        return store.deletes();
    }

    /** Whether structs or deletes of applied updates wait for structs that have not arrived yet. */
    public boolean isWaiting() {
        return inbox.isWaiting();
    }

    /** The number of items that all integrations so far had to pass to find a place among concurrent items. */
    long integrationSteps() {
        return integration.steps();
    }

    /**
     * Applies an update in wire format V1, under {@link DecodeLimits#DEFAULT}.
     *
     * @throws DecodeException if it is malformed; the document is unchanged
     */
    public void applyUpdate(byte[] v1) {
        applyUpdate(v1, null);
    }

    /**
     * Applies an update in wire format V1, under {@link DecodeLimits#DEFAULT}.
     *
     * @param origin the source of the update, for observers; may be null
     * @throws DecodeException if it is malformed; the document is unchanged
     */
    public void applyUpdate(byte[] v1, @Nullable Object origin) {
        applyUpdate(Update.decode(v1), origin);
    }

    /**
     * Applies an update in wire format V2, under {@link DecodeLimits#DEFAULT}.
     *
     * @throws DecodeException if it is malformed; the document is unchanged
     */
    public void applyUpdateV2(byte[] v2) {
        applyUpdateV2(v2, null);
    }

    /**
     * Applies an update in wire format V2, under {@link DecodeLimits#DEFAULT}.
     *
     * @param origin the source of the update, for observers; may be null
     * @throws DecodeException if it is malformed; the document is unchanged
     */
    public void applyUpdateV2(byte[] v2, @Nullable Object origin) {
        applyUpdate(UpdateV2.decode(v2), origin);
    }

    /**
     * Applies an update.
     *
     * @param origin the source of the update, for observers; may be null
     */
    public void applyUpdate(Update update, @Nullable Object origin) {
        transactions.run(origin, false, transaction -> inbox.apply(transaction, update, Long.MAX_VALUE));
    }

    /**
     * Applies an update, or a part of it if the whole takes more work than {@code work}; {@link #continueUpdate} then
     * applies the rest. Until then the document holds a part of the update and must not be read. Applying another update
     * completes this one first.
     *
     * @param work the number of steps after which to stop, see {@link #work}; exceeded by at most one walk over the items of
     *     one type
     * @return whether the whole update is applied
     */
    public boolean applyUpdate(Update update, @Nullable Object origin, long work) {
        transactions.run(origin, false, transaction -> inbox.apply(transaction, update, until(work)));
        return !inbox.isPaused();
    }

    /** Continues an update that was applied in part; see {@link #applyUpdate(Update, Object, long)}. */
    public boolean continueUpdate(@Nullable Object origin, long work) {
        transactions.run(origin, false, transaction -> inbox.resume(transaction, until(work)));
        return !inbox.isPaused();
    }

    private long until(long work) {
        return work > Long.MAX_VALUE - work() ? Long.MAX_VALUE : work() + work;
    }

    /**
     * The number of steps that all updates took so far: each integrated struct and each item passed by another one is a
     * step.
     */
    public long work() {
        return integration.work();
    }

    /**
     * The number of steps that piecewise readers have taken so far: each item that they pass counts as one, deleted or
     * not.
     */
    public long walked() {
        return walked;
    }

    void walk(long steps) {
        walked += steps;
    }

    // ---- transactions

    /** Runs several edits as one change. Within another transaction they are part of that. */
    public void transact(Consumer<Transaction> edit) {
        transact(null, edit);
    }

    /**
     * Runs several edits as one change. Within another transaction they are part of that, and its origin stays. An
     * exception thrown by {@code edit} is thrown from here; the edits made before it stay.
     *
     * @param origin the source of the change, for observers; may be null
     */
    public void transact(@Nullable Object origin, Consumer<Transaction> edit) {
        transactions.run(origin, true, edit);
    }

    /**
     * Runs several edits as one change, as {@link #transact(Object, Consumer)} does, and returns the result of
     * {@code edit}.
     */
    public <T extends @Nullable Object> T transactGet(@Nullable Object origin, Function<Transaction, T> edit) {
        return transactions.get(origin, edit);
    }

    // ---- hooks

    /** Calls {@code hook} before the first of the transactions that one call causes. */
    public Subscription onBeforeAllTransactions(Consumer<Doc> hook) {
        return Observers.subscribe(transactions.beforeAll, hook);
    }

    /** Calls {@code hook} before each transaction. */
    public Subscription onBeforeTransaction(Consumer<Transaction> hook) {
        return Observers.subscribe(transactions.before, hook);
    }

    /** Calls {@code hook} after the edits of each transaction, before the observers of types. */
    public Subscription onBeforeObservers(Consumer<Transaction> hook) {
        return Observers.subscribe(transactions.beforeObservers, hook);
    }

    /** Calls {@code hook} after the observers of types for each transaction, while deleted content is still there. */
    public Subscription onAfterTransaction(Consumer<Transaction> hook) {
        return Observers.subscribe(transactions.after, hook);
    }

    /** Calls {@code hook} after the deleted content of each transaction is collected, before the update listeners. */
    public Subscription onAfterCleanup(Consumer<Transaction> hook) {
        return Observers.subscribe(transactions.afterCleanup, hook);
    }

    /**
     * Calls {@code hook} after a transaction and all transactions that observers added are finished, with all of them
     * in order.
     */
    public Subscription onAfterAllTransactions(Consumer<List<Transaction>> hook) {
        return Observers.subscribe(transactions.afterAll, hook);
    }

    /** Calls {@code listener} with every change, local or not, as an update in wire format V1. */
    public Subscription onUpdate(UpdateListener listener) {
        return Observers.subscribe(transactions.updates, listener);
    }

    /** Calls {@code listener} with every change, local or not, as an update in wire format V2. */
    public Subscription onUpdateV2(UpdateListener listener) {
        return Observers.subscribe(transactions.updatesV2, listener);
    }

    /** Calls {@code listener} when subdocuments of this document are added, removed or to be loaded. */
    public Subscription onSubdocs(Consumer<SubdocsEvent> listener) {
        return Observers.subscribe(transactions.subdocs, listener);
    }

    /** Calls {@code listener} on the first call of {@link #destroy}. */
    public Subscription onDestroy(Consumer<Doc> listener) {
        return Observers.subscribe(subdocuments.destroyListeners, listener);
    }

    // ---- subdocuments

    /** The subdocuments of this document. */
    public Set<Doc> subdocs() {
        return Collections.unmodifiableSet(subdocuments.all);
    }

    /** The guids of the subdocuments of this document. */
    public Set<String> subdocGuids() {
        return subdocuments.guids();
    }

    /**
     * Requests the content of this subdocument on this replica: the {@link #onSubdocs} listeners of the containing
     * document are called.
     */
    public void load() {
        subdocuments.load();
    }

    /** Whether {@link #destroy} was called. */
    public boolean isDestroyed() {
        return subdocuments.isDestroyed();
    }

    /**
     * Ends the use of this object and of all its subdocuments. If it is a subdocument itself, a new, empty document
     * object takes its place, which can be loaded again.
     */
    public void destroy() {
        subdocuments.destroy();
    }

    Subdocuments subdocuments() {
        return subdocuments;
    }

    // ---- for classes of this package

    ItemStore store() {
        return store;
    }

    Integration integration() {
        return integration;
    }

    /** A shared encoder, emptied, for bytes that are copied right after they are written. */
    Encoder scratch() {
        scratch.reset();
        return scratch;
    }
}
