/**
 * The heap ledger of a node: {@link io.keck.heap.HeapLedger} accounts for the bytes used for peers, by room and by address,
 * and is asked before they are allocated. {@link io.keck.heap.AddressShares} counts places instead of bytes. Depends on
 * nothing else of Keck.
 */
@NullMarked
package io.keck.heap;

import org.jspecify.annotations.NullMarked;
