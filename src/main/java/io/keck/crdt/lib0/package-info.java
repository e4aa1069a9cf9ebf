/**
 * The binary encoding under Yjs: lib0's variable-length numbers, strings and "any" values.
 *
 * <p>{@link io.keck.crdt.lib0.Decoder} reads from a byte array and never beyond it, {@link io.keck.crdt.lib0.Encoder}
 * writes into a growing one, {@link io.keck.crdt.lib0.Any} carries JavaScript values. Malformed bytes end in a
 * {@link io.keck.crdt.lib0.DecodeException} and in nothing else. Source: lib0 {@code encoding.js}, {@code decoding.js}.
 */
@NullMarked
package io.keck.crdt.lib0;

import org.jspecify.annotations.NullMarked;
