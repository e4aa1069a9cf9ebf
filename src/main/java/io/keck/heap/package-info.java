/**
 * The heap ledger of a node: {@link io.keck.heap.HeapLedger} knows the bytes that live for peers, by room and by address, and
 * is asked before they are allocated; {@link io.keck.heap.AddressShares} counts what is not bytes. Needs nothing else of Keck.
 */
@NullMarked
package io.keck.heap;

import org.jspecify.annotations.NullMarked;
