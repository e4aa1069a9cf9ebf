/**
 * The binary encoding under Yjs: lib0's variable-length numbers, strings and "any" values.
 *
 * <p>{@link io.keck.crdt.lib0.Decoder} reads from a section of a byte array and never beyond it,
 * {@link io.keck.crdt.lib0.Encoder} writes into a growing array, {@link io.keck.crdt.lib0.Any} converts JavaScript
 * values. Malformed bytes cause a {@link io.keck.crdt.lib0.DecodeException} and no other exception. Source: lib0
 * {@code encoding.js}, {@code decoding.js}.
 */
@NullMarked
package io.keck.crdt.lib0;

import org.jspecify.annotations.NullMarked;
