/**
 * Documents as bytes: everything a sync server needs, without types and without integrating anything.
 *
 * <p>{@link io.keck.crdt.store.Update} decodes and checks what a peer sent in wire format V1,
 * {@link io.keck.crdt.store.UpdateV2} does so for V2. {@link io.keck.crdt.store.StructStore} holds a document as sorted
 * runs of structs; it finds the new part of an update and the part that a peer lacks, and encodes the whole document.
 * {@link io.keck.crdt.store.StateVector} and {@link io.keck.crdt.store.DeleteSet} are the values of the same names in
 * Yjs.
 *
 * <p>Classes whose Javadoc begins with or contains "Internal" are public because {@link io.keck.crdt} needs them; they
 * may change with every release.
 *
 * <p>No class of this package starts a thread or reads the time, and a class is thread-safe only if its Javadoc says
 * so.
 */
@NullMarked
package io.keck.crdt.store;

import org.jspecify.annotations.NullMarked;
