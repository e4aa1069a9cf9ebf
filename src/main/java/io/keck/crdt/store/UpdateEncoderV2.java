package io.keck.crdt.store;

import io.keck.crdt.lib0.AnyJson;
import io.keck.crdt.lib0.Decoder;
import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.lib0.IntDiffOptRleEncoder;
import io.keck.crdt.lib0.RleEncoder;
import io.keck.crdt.lib0.StringEncoder;
import io.keck.crdt.lib0.UintOptRleEncoder;

/**
 * Writes an update, in which each client has one block, in wire format V2. For one update, not thread-safe.
 * {@link UpdateV2} describes the format.
 */
final class UpdateEncoderV2 {
    private final Update update;
    private final StructRows rows;
    private final IntDiffOptRleEncoder keyClocks = new IntDiffOptRleEncoder();
    private final UintOptRleEncoder clients = new UintOptRleEncoder();
    private final IntDiffOptRleEncoder leftClocks = new IntDiffOptRleEncoder();
    private final IntDiffOptRleEncoder rightClocks = new IntDiffOptRleEncoder();
    private final RleEncoder infos = new RleEncoder();
    private final StringEncoder strings = new StringEncoder();
    private final RleEncoder parentInfos = new RleEncoder();
    private final UintOptRleEncoder typeRefs = new UintOptRleEncoder();
    private final UintOptRleEncoder lengths = new UintOptRleEncoder();
    private final Encoder rest = new Encoder(256);
    private int keyCount;

    private UpdateEncoderV2(Update update) {
        this.update = update;
        this.rows = update.rows();
    }

    static byte[] encode(Update update) {
        return new UpdateEncoderV2(update).encode();
    }

    private byte[] encode() {
        int stop = rows.count();
        int blocks = 0;
        for (int r = 0; r < stop; r = blockEnd(r, stop)) {
            blocks++;
        }
        rest.writeVarUint(blocks);
        for (int r = 0; r < stop; ) {
            int end = blockEnd(r, stop);
            block(r, end);
            r = end;
        }
        DeleteSetV2.encode(update.deleteRows(), update.deleteCount, rest);
        return join();
    }

    private byte[] join() {
        Encoder out = new Encoder(rest.length() + 1024);
        out.writeVarUint(0);
        out.writeVarUint8Array(keyClocks.toByteArray());
        out.writeVarUint8Array(clients.toByteArray());
        out.writeVarUint8Array(leftClocks.toByteArray());
        out.writeVarUint8Array(rightClocks.toByteArray());
        out.writeVarUint8Array(infos.toByteArray());
        out.writeVarUint8Array(strings.toByteArray());
        out.writeVarUint8Array(parentInfos.toByteArray());
        out.writeVarUint8Array(typeRefs.toByteArray());
        out.writeVarUint8Array(lengths.toByteArray());
        out.write(rest);
        return out.toByteArray();
    }

    /** The row after the last of the same client. */
    private int blockEnd(int row, int stop) {
        int r = row;
        while (r < stop && rows.client(r) == rows.client(row)) {
            r++;
        }
        return r;
    }

    private void block(int from, int to) {
        int count = 0;
        long clock = rows.clock(from);
        for (int r = from; r < to; r++) {
            count += rows.clock(r) > clock ? 2 : 1;
            clock = rows.end(r);
        }
        rest.writeVarUint(count);
        clients.write(rows.client(from));
        clock = rows.clock(from);
        rest.writeVarUint(clock);
        for (int r = from; r < to; r++) {
            if (rows.clock(r) > clock) {
                infos.write(Refs.SKIP);
                rest.writeVarUint(rows.clock(r) - clock);
            }
            struct(r);
            clock = rows.end(r);
        }
    }

    private void struct(int r) {
        int info = rows.info(r);
        int ref = info & Refs.MASK;
        if (ref == Refs.GC) {
            infos.write(Refs.GC);
            lengths.write(rows.length(r));
            return;
        }
        infos.write(info);
        if ((info & Refs.ORIGIN) != 0) {
            clients.write(rows.originClient(r));
            leftClocks.write(rows.originClock(r));
        }
        if ((info & Refs.RIGHT_ORIGIN) != 0) {
            clients.write(rows.rightClient(r));
            rightClocks.write(rows.rightClock(r));
        }
        if ((info & (Refs.ORIGIN | Refs.RIGHT_ORIGIN)) == 0) {
            parent(rows.parentInfo(r), info);
        }
        content(r, ref);
    }

    private void parent(Decoder in, int info) {
        boolean root = in.readVarUint() == 1;
        parentInfos.write(root ? 1 : 0);
        if (root) {
            string(in);
        } else {
            clients.write(in.readVarUint());
            leftClocks.write(in.readVarUint());
        }
        if ((info & Refs.PARENT_SUB) != 0) {
            string(in);
        }
    }

    private void string(Decoder in) {
        int n = in.readLength();
        int from = in.position();
        in.skip(n);
        strings.write(in.array(), from, from + n);
    }

    private void content(int r, int ref) {
        switch (ref) {
            case Refs.DELETED -> lengths.write(rows.length(r));
            case Refs.STRING -> strings.write(rows.bytes(), rows.contentFrom(r), rows.contentTo(r));
            case Refs.ANY -> {
                lengths.write(rows.length(r));
                rest.writeBytes(rows.bytes(), rows.contentFrom(r), rows.contentTo(r));
            }
            case Refs.JSON -> {
                lengths.write(rows.length(r));
                Decoder in = rows.content(r);
                while (in.hasRemaining()) {
                    string(in);
                }
            }
            case Refs.BINARY -> rest.writeBytes(rows.bytes(), rows.contentFrom(r), rows.contentTo(r));
            case Refs.EMBED -> value(rows.content(r));
            case Refs.FORMAT -> {
                Decoder in = rows.content(r);
                key(in);
                value(in);
            }
            case Refs.TYPE -> {
                Decoder in = rows.content(r);
                typeRefs.write(in.readVarUint());
                if (in.hasRemaining()) {
                    key(in);
                }
            }
            case Refs.DOC -> {
                Decoder in = rows.content(r);
                string(in);
                rest.writeBytes(in.array(), in.position(), rows.contentTo(r));
            }
            default -> throw new IllegalStateException("content " + ref + " in a decoded update");
        }
    }

    /** Writes a key as a new one, even if it was written before, as Yjs does. */
    private void key(Decoder in) {
        keyClocks.write(keyCount++);
        string(in);
    }

    private void value(Decoder in) {
        int n = in.readLength();
        AnyJson.toAny(in.array(), in.position(), in.position() + n, rest);
    }
}
