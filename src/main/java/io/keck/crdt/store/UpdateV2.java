package io.keck.crdt.store;

import io.keck.crdt.lib0.DecodeException;

/**
 * Reads Yjs updates in wire format V2 into an {@link Update}, and writes them. Stateless, thread-safe. Source: Yjs
 * {@code UpdateDecoder.js}, {@code UpdateEncoder.js}, {@code updates.js} {@code convertUpdateFormat}.
 *
 * <p><b>The format.</b> A flag (0), nine columns, each preceded by its length, and the rest. A column holds one kind of
 * value of all structs one after the other, so that similar values are next to each other and become runs: numbers of
 * keys, client ids, clocks of left origins (and of parents), clocks of right origins, info bytes, strings, whether a
 * parent is a root, types, lengths. The rest holds counts, first clocks, lengths of Skips, values and, at its end, the
 * delete set as distances.
 *
 * <p><b>Keys.</b> A format or an XML name refers to its key by the number in a table that both sides fill as they go.
 * Yjs' own encoder never looks a key up in its table: it writes every key as a new one. Its decoder does fill the table
 * and understands both forms. This class reads both forms and writes what Yjs writes.
 *
 * <p><b>Values.</b> The content of an embed or a format is JSON text in V1 and a lib0 value in V2. An {@code Update}
 * keeps V1, so such a value passes through JSON and loses what JSON cannot express, exactly as in Yjs when a V1 client
 * receives it. A value that has no JSON form at all (bigint, a bare {@code undefined}) is refused: no V1 client could
 * ever read the document.
 *
 * <p><b>State vectors</b> are the same in both formats.
 */
public final class UpdateV2 {
    private UpdateV2() {}

    /** Decodes an update under {@link DecodeLimits#DEFAULT}. */
    public static Update decode(byte[] v2) {
        return decode(v2, DecodeLimits.DEFAULT);
    }

    /**
     * Decodes an update and checks every byte of it, as strictly as {@link Update#decode} does; in addition, every
     * column must be read to its end. The limits hold for the update in either format: a few bytes of runs can expand
     * to megabytes of V1, and are refused if that exceeds {@link DecodeLimits#maxBytes} or
     * {@link DecodeLimits#maxStructs}. Decoding V2 thus costs no more than decoding V1 under the same limits.
     *
     * @param v2 the update in wire format V2; not kept
     * @throws DecodeException if the update is malformed or exceeds the limits
     */
    public static Update decode(byte[] v2, DecodeLimits limits) {
        if (v2.length > limits.maxBytes()) {
            throw new DecodeException("update of more than " + limits.maxBytes() + " bytes");
        }
        return Update.decode(new UpdateDecoderV2(v2, limits).toV1(), limits);
    }

    /**
     * The update in wire format V2, byte for byte as Yjs writes it, with two exceptions: Skips before the first struct
     * of a client or after its last are left out, and keys of JSON objects keep their order. Each struct of V1 is one
     * struct of V2: nothing is squashed or split.
     */
    public static byte[] encode(Update update) {
        return UpdateEncoderV2.encode(update);
    }
}
