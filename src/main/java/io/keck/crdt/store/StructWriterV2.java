package io.keck.crdt.store;

import io.keck.crdt.lib0.AnyJson;
import io.keck.crdt.lib0.Decoder;
import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.lib0.IntDiffOptRleEncoder;
import io.keck.crdt.lib0.RleEncoder;
import io.keck.crdt.lib0.Spill;
import io.keck.crdt.lib0.StringEncoder;
import io.keck.crdt.lib0.UintOptRleEncoder;

/**
 * Writes an update in wire format V2 ({@link UpdateV2}), a few pieces of each column in memory at most. Its structs are those
 * that {@link StructWriter} writes in V1. Text, values and bytes are written piece by piece; a struct with any other content is
 * in memory while it is written. Not thread-safe.
 */
final class StructWriterV2 extends StructWriter {
    private final IntDiffOptRleEncoder keyClocks;
    private final UintOptRleEncoder clients;
    private final IntDiffOptRleEncoder leftClocks;
    private final IntDiffOptRleEncoder rightClocks;
    private final RleEncoder infos;
    private final StringEncoder strings;
    private final RleEncoder parentInfos;
    private final UintOptRleEncoder typeRefs;
    private final UintOptRleEncoder lengths;
    /** The values that belong to no column, of all clients before the current one. */
    private final Encoder rest;
    /** The values that belong to no column, of the current client. */
    private final Encoder block;

    private final Encoder spilledContent;
    private final Encoder wholeContent = new Encoder();
    private int keyCount;
    private boolean isInBlock;
    private long client;

    StructWriterV2(Spill spill) {
        super(spill);
        keyClocks = new IntDiffOptRleEncoder(new Encoder(spill));
        clients = new UintOptRleEncoder(new Encoder(spill));
        leftClocks = new IntDiffOptRleEncoder(new Encoder(spill));
        rightClocks = new IntDiffOptRleEncoder(new Encoder(spill));
        infos = new RleEncoder(new Encoder(spill));
        strings = new StringEncoder(new Encoder(spill), new Encoder(spill));
        parentInfos = new RleEncoder(new Encoder(spill));
        typeRefs = new UintOptRleEncoder(new Encoder(spill));
        lengths = new UintOptRleEncoder(new Encoder(spill));
        rest = new Encoder(spill);
        block = new Encoder(spill);
        spilledContent = content;
    }

    @Override
    Encoder contentOf(int ref) {
        return switch (ref) {
            case Refs.STRING, Refs.ANY, Refs.BINARY -> spilledContent;
            default -> wholeContent;
        };
    }

    @Override
    void client(long id) {
        super.client(id);
        client = id;
        isInBlock = false;
        block.reset();
    }

    /** The column of clients names a client before the origins of its structs, if it has any. */
    private void begin() {
        if (!isInBlock) {
            isInBlock = true;
            clients.write(client);
        }
    }

    @Override
    void skip(long length) {
        begin();
        infos.write(Refs.SKIP);
        block.writeVarUint(length);
    }

    @Override
    void struct(int flags, long length) {
        begin();
        infos.write(flags);
        int ref = flags & Refs.MASK;
        if (ref == Refs.GC) {
            lengths.write(length);
            return;
        }
        if (originClient() >= 0) {
            clients.write(originClient());
            leftClocks.write(originClock());
        }
        if (rightClient() >= 0) {
            clients.write(rightClient());
            rightClocks.write(rightClock());
        }
        if (originClient() < 0 && rightClient() < 0) {
            parent(parent(), flags);
        }
        switch (ref) {
            case Refs.DELETED -> lengths.write(length);
            case Refs.STRING -> strings.write(content, length);
            case Refs.ANY -> {
                lengths.write(length);
                block.write(content);
            }
            case Refs.BINARY -> block.write(content);
            default -> whole(ref, length, content.toByteArray());
        }
    }

    private void parent(Decoder in, int flags) {
        boolean isRoot = in.readVarUint() == 1;
        parentInfos.write(isRoot ? 1 : 0);
        if (isRoot) {
            string(in);
        } else {
            clients.write(in.readVarUint());
            leftClocks.write(in.readVarUint());
        }
        if ((flags & Refs.PARENT_SUB) != 0) {
            string(in);
        }
    }

    private void whole(int ref, long length, byte[] bytes) {
        Decoder in = new Decoder(bytes, 0, bytes.length);
        switch (ref) {
            case Refs.JSON -> {
                lengths.write(length);
                while (in.hasRemaining()) {
                    string(in);
                }
            }
            case Refs.EMBED -> value(in);
            case Refs.FORMAT -> {
                key(in);
                value(in);
            }
            case Refs.TYPE -> {
                typeRefs.write(in.readVarUint());
                if (in.hasRemaining()) {
                    key(in);
                }
            }
            case Refs.DOC -> {
                string(in);
                block.writeBytes(bytes, in.position(), bytes.length);
            }
            default -> throw new IllegalStateException("content " + ref + " in a store");
        }
    }

    private void string(Decoder in) {
        int n = in.readLength();
        int from = in.position();
        in.skip(n);
        strings.write(in.array(), from, from + n);
    }

    /** Writes a key as a new one, even if it was written before, as Yjs does. */
    private void key(Decoder in) {
        keyClocks.write(keyCount++);
        string(in);
    }

    private void value(Decoder in) {
        int n = in.readLength();
        AnyJson.toAny(in.array(), in.position(), in.position() + n, block);
    }

    @Override
    void client(int structCount, long id, long first) {
        rest.writeVarUint(structCount);
        rest.writeVarUint(first);
        rest.write(block);
    }

    @Override
    long[] finishInPieces(ClientStructs[] deleters, Spill into) {
        Encoder all = new Encoder(into);
        all.writeVarUint(0);
        column(keyClocks.end(), all);
        column(clients.end(), all);
        column(leftClocks.end(), all);
        column(rightClocks.end(), all);
        column(infos.end(), all);
        strings.end(all);
        column(parentInfos.end(), all);
        column(typeRefs.end(), all);
        column(lengths.end(), all);
        all.writeVarUint(clients());
        all.write(rest);
        deletes(deleters, all);
        return all.pieces();
    }

    private static void column(Encoder column, Encoder all) {
        all.writeVarUint(column.length());
        all.write(column);
    }

    /** Writes the deletes in the form that {@link DeleteSetV2} describes. */
    private static void deletes(ClientStructs[] deleters, Encoder out) {
        out.writeVarUint(deleterCount(deleters));
        for (ClientStructs c : deleters) {
            if (c.deletes.size() > 0) {
                out.writeVarUint(c.client);
                out.writeVarUint(c.deletes.size());
                long end = 0;
                for (int i = 0; i < c.deletes.size(); i++) {
                    out.writeVarUint(c.deletes.from(i) - end);
                    out.writeVarUint(c.deletes.to(i) - c.deletes.from(i) - 1);
                    end = c.deletes.to(i);
                }
            }
        }
    }
}
