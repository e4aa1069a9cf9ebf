package io.keck.crdt;

import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.lib0.Decoder;
import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.DeleteSet;
import io.keck.crdt.store.Ranges;
import io.keck.crdt.store.StateVector;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.crdt.store.UpdateV2;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A shared document: named root types that several replicas edit at once and that are the same on all of them once each
 * has all updates, in whatever order these came.
 *
 * <p><b>Types.</b> A root is asked for by name and kind ({@link #getText}, {@link #getMap}, ...) and is there from then on;
 * the kinds are a convention among the users of a document, updates do not carry them. Asking for it under another kind
 * throws.
 *
 * <p><b>Changes.</b> Everything happens in transactions. An edit outside of {@link #transact} is one by itself. When a
 * transaction is over, observers of the changed types are called, then observers further up, then
 * {@link #onAfterTransaction} hooks; then deleted content is collected and {@link #onUpdate} hears of the change. An
 * observer may edit: that makes another transaction, which runs when all are through with this one. What an observer
 * throws does not keep others from being called, and comes out of the call that made the transaction.
 *
 * <p><b>Updates.</b> {@link #applyUpdate} refuses malformed bytes before it changes anything. What refers to something
 * that is not here yet waits, as part of the document ({@link #isWaiting}).
 *
 * <p><b>Threads.</b> None: a document and everything in it belongs to one thread at a time. Source: Yjs {@code Doc.js}.
 */
public final class Doc {
    private static final SecureRandom RANDOM = new SecureRandom();

    private final DocOptions options;
    private boolean shouldLoad;
    private boolean destroyed;
    private long clientId = randomClientId();

    private final ItemStore store = new ItemStore();
    private final Integration integration = new Integration(this, store);
    private final Inbox inbox = new Inbox(store, integration);
    private final Encoder scratch = new Encoder(64);
    private final Map<String, Branch> roots = new LinkedHashMap<>();
    private final Set<Doc> subdocs = new LinkedHashSet<>(0);
    private final List<Consumer<Doc>> destroyListeners = new ArrayList<>(0);
    /** The item this is the content of, or null. */
    private @Nullable Item item;

    private final Transactions transactions;

    /** An empty document with a random guid that collects what is deleted. */
    public Doc() {
        this(DocOptions.create());
    }

    /** An empty document. */
    public Doc(DocOptions options) {
        this.options = options.withMeta(Values.normal(options.meta()));
        this.shouldLoad = options.shouldLoad();
        this.transactions = new Transactions(this, new Cleanup(store, options.gcFilter()));
    }

    /** A document that holds what a store holds, collecting what is deleted. */
    public static Doc of(StructStore store) {
        return of(store, DocOptions.create());
    }

    /** A document that holds what a store holds. Whether it collects is up to the options, as everywhere. */
    public static Doc of(StructStore store, DocOptions options) {
        Doc doc = new Doc(options);
        doc.applyUpdate(Update.decode(store.encode(), DecodeLimits.OWN), null);
        return doc;
    }

    /**
     * A store that holds what this document holds, what waits included. Integrating finds more to delete than updates
     * say (overwritten values of maps, what was put into a deleted type), and collects what is in deleted types: a room
     * that goes through a document now and then becomes smaller.
     */
    public StructStore toStructStore() {
        StructStore out = new StructStore(!gc());
        out.apply(Update.decode(encodeStateAsUpdate(), DecodeLimits.OWN));
        return out;
    }

    // ---- what it is

    /** How it was made, but that its content may be wanted by now. */
    DocOptions options() {
        return options.withShouldLoad(shouldLoad);
    }

    /** Its name among all documents. */
    public String guid() {
        return options.guid();
    }

    /** Whether the content of what is deleted is dropped. */
    public boolean gc() {
        return options.gc();
    }

    /** Whether, as a subdocument, it wants to be loaded by everybody. */
    public boolean autoLoad() {
        return options.autoLoad();
    }

    /** Whether its content is wanted here. */
    public boolean shouldLoad() {
        return shouldLoad;
    }

    /** What travels with a subdocument, or null. */
    public @Nullable Object meta() {
        return options.meta();
    }

    /** The id under which edits of this replica are made; random, 32 bits, until it is set. */
    public long clientId() {
        return clientId;
    }

    /**
     * Sets the id under which edits are made. Two replicas must never use one id at the same time.
     *
     * @throws IllegalArgumentException if it is not a number of 0 to 2^53 - 1
     */
    public void setClientId(long id) {
        if (id < 0 || id > Decoder.MAX_SAFE_INTEGER) {
            throw new IllegalArgumentException("a client id is a number of 0 to 2^53 - 1, not " + id);
        }
        clientId = id;
    }

    /** Somebody else writes under the id of this one: no id may be made twice. */
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
     * The text of that name.
     *
     * @throws IllegalStateException if the root was asked for as another type before; so do all of these
     */
    public YText getText(String name) {
        return (YText) get(name, Branch.TEXT);
    }

    /** The array of that name. */
    public YArray getArray(String name) {
        return (YArray) get(name, Branch.ARRAY);
    }

    /** The map of that name. */
    public YMap getMap(String name) {
        return (YMap) get(name, Branch.MAP);
    }

    /** The XML fragment of that name. */
    public YXmlFragment getXmlFragment(String name) {
        return (YXmlFragment) get(name, Branch.XML_FRAGMENT);
    }

    /** The XML element of that name; as a root it has the node name UNDEFINED, as in Yjs. */
    public YXmlElement getXmlElement(String name) {
        return (YXmlElement) get(name, Branch.XML_ELEMENT);
    }

    /** The XML text of that name. */
    public YXmlText getXmlText(String name) {
        return (YXmlText) get(name, Branch.XML_TEXT);
    }

    private AbstractType get(String name, int kind) {
        Branch branch = root(name);
        if (branch.kind() == Branch.UNKNOWN) {
            branch.becomes(kind);
        } else if (branch.kind() != kind) {
            throw new IllegalStateException("root \"" + name + "\" is in use as another type: "
                    + branch.view().getClass().getSimpleName());
        }
        return branch.view();
    }

    Branch root(String name) {
        Branch branch = roots.get(name);
        if (branch == null) {
            branch = Branch.root(this, name);
            roots.put(name, branch);
        }
        return branch;
    }

    /** The root of that name as its content shows it; null if there is none. Asks for it under no kind. */
    public @Nullable Root findRoot(String name) {
        Branch branch = roots.get(name);
        return branch == null ? null : new Root(branch);
    }

    /** The same, and the root is there from then on. */
    public Root openRoot(String name) {
        return new Root(root(name));
    }

    /** The names of all roots that were asked for or that updates spoke of. */
    public Set<String> rootNames() {
        return Collections.unmodifiableSet(roots.keySet());
    }

    /** All roots that were given a type, as plain values: see {@link AbstractType#toJson}. */
    public Map<String, @Nullable Object> toJson() {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        roots.forEach((name, branch) -> {
            if (branch.kind() != Branch.UNKNOWN) {
                json.put(name, branch.view().toJson());
            }
        });
        return json;
    }

    // ---- state and updates

    /** How far every client's history is integrated; what waits does not count. */
    public StateVector stateVector() {
        return store.stateVector();
    }

    /** Everything, as an update in wire format V1; what waits included. */
    public byte[] encodeStateAsUpdate() {
        return encodeStateAsUpdate(StateVector.EMPTY);
    }

    /**
     * What somebody with that state vector lacks, as an update in wire format V1: the structs from there on and the whole
     * delete set; what waits included.
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

    /** Everything, as an update in wire format V2; what waits included. */
    public byte[] encodeStateAsUpdateV2() {
        return encodeStateAsUpdateV2(StateVector.EMPTY);
    }

    /** As {@link #encodeStateAsUpdate(StateVector)}, in wire format V2. */
    public byte[] encodeStateAsUpdateV2(StateVector known) {
        return UpdateV2.encode(Update.decode(encodeStateAsUpdate(known), DecodeLimits.OWN));
    }

    /** What is deleted, as a copy. */
    public DeleteSet deletes() {
        DeleteSet out = new DeleteSet();
        Ranges ranges = new Ranges();
        for (StructList list : store.lists()) {
            ranges.clear();
            list.addDeletesTo(ranges);
            for (int i = 0; i < ranges.size(); i++) {
                out.add(list.client, ranges.from(i), ranges.to(i));
            }
        }
        return out;
    }

    /** Whether something was applied that waits for something that did not come yet. */
    public boolean isWaiting() {
        return inbox.isWaiting();
    }

    /** How many items were passed so far by those that looked for their place among concurrent ones. */
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
     * @param origin where it comes from, for observers; or null
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
     * @param origin where it comes from, for observers; or null
     * @throws DecodeException if it is malformed; the document is unchanged
     */
    public void applyUpdateV2(byte[] v2, @Nullable Object origin) {
        applyUpdate(UpdateV2.decode(v2), origin);
    }

    /**
     * Applies an update.
     *
     * @param origin where it comes from, for observers; or null
     */
    public void applyUpdate(Update update, @Nullable Object origin) {
        transactions.run(origin, false, transaction -> inbox.apply(transaction, update));
    }

    // ---- transactions

    /** Makes one change of several edits. Within another transaction it is part of that. */
    public void transact(Consumer<Transaction> edit) {
        transact(null, edit);
    }

    /**
     * Makes one change of several edits. Within another transaction it is part of that, whose origin stands. What the
     * edit throws comes out of here; what it did until then stays done.
     *
     * @param origin where the change comes from, for observers; or null
     */
    public void transact(@Nullable Object origin, Consumer<Transaction> edit) {
        transactions.run(origin, true, edit);
    }

    /** As {@link #transact(Object, Consumer)}, with a result. */
    public <T extends @Nullable Object> T transactGet(@Nullable Object origin, Function<Transaction, T> edit) {
        return transactions.get(origin, edit);
    }

    // ---- hooks

    /** Calls that before the first of the transactions that come out of one call. */
    public Subscription onBeforeAllTransactions(Consumer<Doc> hook) {
        return Observers.subscribe(transactions.beforeAll, hook);
    }

    /** Calls that before each transaction. */
    public Subscription onBeforeTransaction(Consumer<Transaction> hook) {
        return Observers.subscribe(transactions.before, hook);
    }

    /** Calls that when the edits of a transaction are made, before observers of types hear of them. */
    public Subscription onBeforeObservers(Consumer<Transaction> hook) {
        return Observers.subscribe(transactions.beforeObservers, hook);
    }

    /** Calls that after each transaction, when the observers of types are through; deleted content is still there. */
    public Subscription onAfterTransaction(Consumer<Transaction> hook) {
        return Observers.subscribe(transactions.after, hook);
    }

    /** Calls that after each transaction, when deleted content is collected; the update is not told of yet. */
    public Subscription onAfterCleanup(Consumer<Transaction> hook) {
        return Observers.subscribe(transactions.afterCleanup, hook);
    }

    /** Calls that when a transaction, and all that observers made of it, is done with: with all of them, in order. */
    public Subscription onAfterAllTransactions(Consumer<List<Transaction>> hook) {
        return Observers.subscribe(transactions.afterAll, hook);
    }

    /** Calls that with every change as an update in wire format V1, local or not. */
    public Subscription onUpdate(UpdateListener listener) {
        return Observers.subscribe(transactions.updates, listener);
    }

    /** Calls that with every change as an update in wire format V2, local or not. */
    public Subscription onUpdateV2(UpdateListener listener) {
        return Observers.subscribe(transactions.updatesV2, listener);
    }

    /** Calls that when documents inside this one come, go or are wanted. */
    public Subscription onSubdocs(Consumer<SubdocsEvent> listener) {
        return Observers.subscribe(transactions.subdocs, listener);
    }

    /** Calls that when {@link #destroy} is called first. */
    public Subscription onDestroy(Consumer<Doc> listener) {
        return Observers.subscribe(destroyListeners, listener);
    }

    // ---- subdocuments

    /** The documents inside this one. */
    public Set<Doc> subdocs() {
        return Collections.unmodifiableSet(subdocs);
    }

    /** Their names. */
    public Set<String> subdocGuids() {
        Set<String> guids = new LinkedHashSet<>();
        subdocs.forEach(subdoc -> guids.add(subdoc.guid()));
        return Collections.unmodifiableSet(guids);
    }

    /** Says that the content of this subdocument is wanted here: the document it is in tells {@link #onSubdocs}. */
    public void load() {
        Item in = item;
        Doc parent = in == null ? null : in.parent().doc();
        if (parent != null && !shouldLoad) {
            parent.transact(transaction -> transaction.subdocLoaded(this));
        }
        shouldLoad = true;
    }

    /** Whether {@link #destroy} was called. */
    public boolean isDestroyed() {
        return destroyed;
    }

    /**
     * Ends the use of this object and of all documents inside it. Where it was a subdocument a fresh, empty document
     * object takes its place, to be loaded again if somebody wants it.
     */
    public void destroy() {
        if (destroyed) {
            return;
        }
        destroyed = true;
        List.copyOf(subdocs).forEach(Doc::destroy);
        Item in = item;
        item = null;
        Doc parent = in == null ? null : in.parent().doc();
        if (in != null && parent != null && in.content() instanceof ContentDoc content) {
            Doc fresh = content.renew();
            fresh.item = in;
            parent.transact(transaction -> {
                if (!in.isDeleted()) {
                    transaction.subdocAdded(fresh);
                }
                transaction.subdocRemoved(this);
            });
        }
        List.copyOf(destroyListeners).forEach(listener -> listener.accept(this));
    }

    /** A transaction is over that says of documents inside this one that they came, went or are wanted. */
    void subdocsChanged(SubdocsEvent event) {
        for (Doc added : event.added()) {
            added.clientId = clientId;
            subdocs.add(added);
        }
        subdocs.removeAll(event.removed());
    }

    void attach(Item owner) {
        item = owner;
    }

    boolean isSubdoc() {
        return item != null;
    }

    // ---- for the package

    ItemStore store() {
        return store;
    }

    Integration integration() {
        return integration;
    }

    /** An empty encoder for what is written and copied at once. */
    Encoder scratch() {
        scratch.reset();
        return scratch;
    }
}
