/**
 * A Yjs engine in pure Java, in three layers. Each layer is usable alone, and none depends on anything but {@code java.*}.
 *
 * <p><b>Codec</b> ({@link io.keck.crdt.lib0}): the binary encoding under Yjs.
 *
 * <p><b>Documents as bytes</b> ({@link io.keck.crdt.store}): {@link io.keck.crdt.store.Update} decodes what a peer sent,
 * {@link io.keck.crdt.store.StructStore} finds what is new in it and what a peer lacks, without integrating anything. A
 * sync server needs no more than that.
 *
 * <pre>{@code
 * StructStore store = new StructStore();
 * Update news = store.reduce(Update.decode(bytesFromPeer)); // what the store did not have yet
 * store.apply(news);
 * byte[] answer = store.diff(StateVector.decode(stateVectorOfPeer));
 * }</pre>
 *
 * <p><b>Documents with types</b> (this package): {@link io.keck.crdt.Doc} integrates updates and provides the shared types
 * {@link io.keck.crdt.YText}, {@link io.keck.crdt.YArray}, {@link io.keck.crdt.YMap} and {@link io.keck.crdt.YXmlFragment}
 * to read, to edit and to observe; with {@link io.keck.crdt.UndoManager}, {@link io.keck.crdt.Snapshot} and
 * {@link io.keck.crdt.RelativePosition}. Two documents that exchange their updates end up the same:
 *
 * <pre>{@code
 * Doc here = new Doc();
 * Doc there = new Doc();
 * here.onUpdate((update, transaction) -> there.applyUpdate(update, "from here"));
 *
 * YText text = here.getText("title");
 * text.insert(0, "Hello world");
 * text.format(0, 5, Map.of("bold", true));
 * here.getMap("page").set("tags", YArray.of("draft", 1));
 *
 * System.out.println(there.getText("title")); // prints: Hello world
 * System.out.println(there.getMap("page").toJson()); // prints: {tags=[draft, 1.0]}
 * there.getText("title").observe(event -> System.out.println(event.delta()));
 *
 * // several edits as one change, one update, one call of the observers
 * here.transact("import", transaction -> {
 *     text.insert(text.length(), "!");
 *     text.delete(0, 1);
 * }); // prints: [Delete[length=1], Retain[length=10, attributes={}], Insert[value=!, attributes={}]]
 *
 * // what a peer with that state vector lacks
 * byte[] diff = here.encodeStateAsUpdate(StateVector.decode(stateVectorOfPeer));
 *
 * // between the layers
 * Doc fork = Doc.of(store); // to read, or to edit and throw away
 * StructStore collected = fork.toStructStore(); // without what integrating found to be garbage
 * }</pre>
 *
 * <p>No class of this package starts a thread or reads the time, and a class is thread-safe only if its Javadoc says so.
 */
@NullMarked
package io.keck.crdt;

import org.jspecify.annotations.NullMarked;
