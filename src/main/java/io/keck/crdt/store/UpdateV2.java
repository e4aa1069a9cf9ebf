package io.keck.crdt.store;

import io.keck.crdt.lib0.DecodeException;

/**
 * Yjs updates in wire format V2: read into an {@link Update}, and written from one. Stateless, thread-safe. Source: Yjs
 * {@code UpdateDecoder.js}, {@code UpdateEncoder.js}, {@code updates.js} {@code convertUpdateFormat}.
 *
 * <p><b>The format.</b> A flag (0), nine columns, each after its length, and the rest. A column holds what structs have in
 * common, one after the other whatever struct it belongs to, so that neighbours look alike and become runs: numbers of
 * keys, client ids, clocks of left origins (and of parents), clocks of right origins, info bytes, strings, whether a
 * parent is a root, types, lengths. The rest holds counts, first clocks, lengths of Skips, values, and at its end the
 * delete set, as distances.
 *
 * <p><b>Keys.</b> A format or an XML name has the number of a key in a table that both sides would fill as they go. Yjs'
 * own encoder never looks into its table: it counts on and writes each key anew. Its decoder does fill the table and
 * knows both; so do we, and write what Yjs writes.
 *
 * <p><b>Values.</b> The content of an embed or a format is JSON text in V1 and a lib0 value in V2. An {@code Update} keeps
 * V1, so such a value passes through JSON and loses what JSON cannot say, exactly as it does in Yjs when a V1 client is
 * told of it. Refused is a value that has no JSON at all (bigint, a bare {@code undefined}): no V1 client could ever read
 * the document.
 *
 * <p><b>State vectors</b> are the same in both formats.
 */
public final class UpdateV2 {
    private UpdateV2() {}

    /** Decodes under {@link DecodeLimits#DEFAULT}. */
    public static Update decode(byte[] v2) {
        return decode(v2, DecodeLimits.DEFAULT);
    }

    /**
     * Decodes and checks every byte, as strictly as {@link Update#decode} does; besides, every column must be read to its
     * end. The limits hold for the update in either format: a few bytes of runs can say what takes megabytes in V1, and
     * are refused where that would pass {@link DecodeLimits#maxBytes} or {@link DecodeLimits#maxStructs}. So V2 can cost
     * no more than V1 under the same limits.
     *
     * @param v2 the update in wire format V2; it is not kept
     * @throws DecodeException if it is malformed or beyond the limits
     */
    public static Update decode(byte[] v2, DecodeLimits limits) {
        if (v2.length > limits.maxBytes()) {
            throw new DecodeException("update of more than " + limits.maxBytes() + " bytes");
        }
        return Update.decode(new UpdateDecoderV2(v2, limits).toV1(), limits);
    }

    /**
     * The update in wire format V2, byte for byte what Yjs makes of it; only Skips before the first struct of a client or
     * after its last are left out, and keys of JSON objects stay in the order they have. What is one update in V1 is one
     * in V2: nothing is squashed or split.
     */
    public static byte[] encode(Update update) {
        return UpdateEncoderV2.encode(update);
    }
}
