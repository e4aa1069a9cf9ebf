/**
 * The Yjs engine. Today it has two of its three layers: the codec (updates in V1, and from
 * and to V2) and the struct store.
 *
 * <p>A sync server needs no more than that: {@link io.keck.crdt.Update} decodes what a peer sent, strictly
 * ({@link io.keck.crdt.UpdateV2} does so for the other format);
 * {@link io.keck.crdt.StructStore} holds a document as sorted runs of structs and answers what is new in an update, what
 * a peer lacks and what the whole document is, without ever integrating it. This package depends on {@code java.*}
 * alone.
 *
 * {@snippet :
 * StructStore store = new StructStore();
 * Update news = store.reduce(Update.decode(bytesFromPeer)); // what we did not have yet
 * store.apply(news);
 * byte[] answer = store.diff(StateVector.decode(stateVectorOfPeer));
 * }
 */
@NullMarked
package io.keck.crdt;

import org.jspecify.annotations.NullMarked;
