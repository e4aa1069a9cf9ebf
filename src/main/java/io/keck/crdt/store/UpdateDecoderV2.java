package io.keck.crdt.store;

import io.keck.crdt.lib0.Any;
import io.keck.crdt.lib0.AnyJson;
import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.lib0.Decoder;
import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.lib0.IntDiffOptRleDecoder;
import io.keck.crdt.lib0.RleDecoder;
import io.keck.crdt.lib0.StringDecoder;
import io.keck.crdt.lib0.UintOptRleDecoder;
import java.util.ArrayList;
import java.util.List;

/**
 * Rewrites an update from wire format V2 to V1, struct by struct, without keeping any. It checks what cannot be checked
 * in V1: the columns, and that runs do not expand beyond the limits. Everything else is checked when the V1 bytes are
 * decoded. For one update, not thread-safe. {@link UpdateV2} describes the format.
 */
final class UpdateDecoderV2 {
    private final DecodeLimits limits;
    private final IntDiffOptRleDecoder keyClocks;
    private final UintOptRleDecoder clients;
    private final IntDiffOptRleDecoder leftClocks;
    private final IntDiffOptRleDecoder rightClocks;
    private final RleDecoder infos;
    private final StringDecoder strings;
    private final RleDecoder parentInfos;
    private final UintOptRleDecoder typeRefs;
    private final UintOptRleDecoder lengths;
    private final Decoder rest;

    private final List<String> keys = new ArrayList<>();
    private final Encoder out;
    private final Encoder json = new Encoder();
    private int structs;

    /**
     * Splits an update into its columns.
     *
     * @throws DecodeException if the bytes end early or start with an unknown feature flag
     */
    UpdateDecoderV2(byte[] v2, DecodeLimits limits) {
        this.limits = limits;
        this.rest = new Decoder(v2);
        this.out = new Encoder(Math.min(v2.length + (v2.length >> 1), limits.maxBytes()));
        if (rest.readVarUint() != 0) {
            throw new DecodeException("unknown feature flag");
        }
        keyClocks = new IntDiffOptRleDecoder(column());
        clients = new UintOptRleDecoder(column());
        leftClocks = new IntDiffOptRleDecoder(column());
        rightClocks = new IntDiffOptRleDecoder(column());
        infos = new RleDecoder(column());
        strings = new StringDecoder(column());
        parentInfos = new RleDecoder(column());
        typeRefs = new UintOptRleDecoder(column());
        lengths = new UintOptRleDecoder(column());
    }

    private Decoder column() {
        int n = rest.readLength();
        int from = rest.position();
        rest.skip(n);
        return new Decoder(rest.array(), from, from + n);
    }

    /**
     * Returns the update in V1.
     *
     * @throws DecodeException if the columns are malformed or not read to their ends, or the V1 form exceeds the limits
     */
    byte[] toV1() {
        int blocks = rest.readCount(2);
        if (blocks > limits.maxClients()) {
            throw new DecodeException("more than " + limits.maxClients() + " clients");
        }
        out.writeVarUint(blocks);
        for (int i = 0; i < blocks; i++) {
            long count = rest.readVarUint();
            out.writeVarUint(count);
            out.writeVarUint(clients.read());
            out.writeVarUint(rest.readVarUint());
            for (long k = 0; k < count; k++) {
                struct();
                checkLength();
            }
        }
        DeleteSetV2.toV1(rest, out);
        if (rest.hasRemaining()) {
            throw new DecodeException("bytes after the update");
        }
        if (keyClocks.hasRemaining()
                || clients.hasRemaining()
                || leftClocks.hasRemaining()
                || rightClocks.hasRemaining()
                || infos.hasRemaining()
                || strings.hasRemaining()
                || parentInfos.hasRemaining()
                || typeRefs.hasRemaining()
                || lengths.hasRemaining()) {
            throw new DecodeException("column with more values than the structs need");
        }
        return out.toByteArray();
    }

    /** Bounds the output: the values of a run take no bytes of the input. */
    private void checkLength() {
        if (out.length() > limits.maxBytes()) {
            throw new DecodeException("update of more than " + limits.maxBytes() + " bytes in V1");
        }
    }

    private void struct() {
        int info = infos.read();
        int ref = info & Refs.MASK;
        if (ref == Refs.SKIP) {
            out.writeUint8(Refs.SKIP);
            out.writeVarUint(rest.readVarUint());
            return;
        }
        if (++structs > limits.maxStructs()) {
            throw new DecodeException("more than " + limits.maxStructs() + " structs");
        }
        if (ref == Refs.GC) {
            out.writeUint8(Refs.GC);
            out.writeVarUint(lengths.read());
            return;
        }
        out.writeUint8(info);
        if ((info & Refs.ORIGIN) != 0) {
            id(leftClocks);
        }
        if ((info & Refs.RIGHT_ORIGIN) != 0) {
            id(rightClocks);
        }
        if ((info & (Refs.ORIGIN | Refs.RIGHT_ORIGIN)) == 0) {
            parent(info);
        }
        content(ref);
    }

    private void id(IntDiffOptRleDecoder clocks) {
        out.writeVarUint(clients.read());
        out.writeVarUint(clocks.read());
    }

    private void parent(int info) {
        if (parentInfos.read() == 1) {
            out.writeVarUint(1);
            strings.copyTo(out);
        } else {
            out.writeVarUint(0);
            id(leftClocks);
        }
        if ((info & Refs.PARENT_SUB) != 0) {
            strings.copyTo(out);
        }
    }

    private void content(int ref) {
        switch (ref) {
            case Refs.DELETED -> out.writeVarUint(lengths.read());
            case Refs.STRING -> strings.copyTo(out);
            case Refs.ANY -> any();
            case Refs.JSON -> json();
            case Refs.BINARY -> {
                int from = rest.position();
                rest.skip(rest.readLength());
                copyRest(from);
            }
            case Refs.EMBED -> value();
            case Refs.FORMAT -> {
                key();
                value();
            }
            case Refs.TYPE -> {
                long type = typeRefs.read();
                out.writeVarUint(type);
                if (type == 3 || type == 5) {
                    key();
                }
            }
            case Refs.DOC -> {
                strings.copyTo(out);
                int from = rest.position();
                Any.skip(rest, limits.maxValueDepth());
                copyRest(from);
            }
            default -> throw new DecodeException("unknown content " + ref);
        }
    }

    private void copyRest(int from) {
        out.writeBytes(rest.array(), from, rest.position());
    }

    private void any() {
        long count = lengths.read();
        if (count > rest.remaining()) {
            throw new DecodeException("count of " + count + " is more than the bytes at hand can hold");
        }
        out.writeVarUint(count);
        int from = rest.position();
        for (long i = 0; i < count; i++) {
            Any.skip(rest, limits.maxValueDepth());
        }
        copyRest(from);
    }

    private void json() {
        long count = lengths.read();
        out.writeVarUint(count);
        for (long i = 0; i < count; i++) {
            if (strings.copyTo(out) == 0) { // a run of empty strings would take no bytes
                throw new DecodeException("not valid JSON");
            }
        }
    }

    private void value() {
        json.reset();
        AnyJson.toJson(rest, json, limits.maxValueDepth(), limits.maxBytes());
        out.writeVarUint(json.length());
        out.write(json);
    }

    /** Copies a key. A number within the table names a key that was read before; a larger number announces a new key. */
    private void key() {
        long number = keyClocks.read();
        if (number >= keys.size()) {
            keys.add(strings.read());
            number = keys.size() - 1L;
        }
        out.writeVarString(keys.get((int) number));
    }
}
