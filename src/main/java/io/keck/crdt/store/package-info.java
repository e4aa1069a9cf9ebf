/**
 * Documents as bytes: everything a sync server needs, without types and without integrating anything.
 *
 * <p>{@link io.keck.crdt.store.Update} decodes what a peer sent, strictly ({@link io.keck.crdt.store.UpdateV2} the other
 * wire format). {@link io.keck.crdt.store.StructStore} holds a document as sorted runs of structs and answers what is new
 * in an update, what a peer lacks and what the whole document is. {@link io.keck.crdt.store.StateVector} and
 * {@link io.keck.crdt.store.DeleteSet} are Yjs's, as values.
 *
 * <p>Classes whose Javadoc begins with or contains "Internal" are public because {@link io.keck.crdt} needs them; they may
 * change with every release.
 *
 * <p>Nothing here starts threads or reads clocks, and nothing is thread-safe unless it says so.
 */
@NullMarked
package io.keck.crdt.store;

import org.jspecify.annotations.NullMarked;
