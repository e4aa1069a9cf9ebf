package io.keck.crdt.store;

import io.keck.crdt.lib0.Decoder;
import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.lib0.Spill;

/**
 * Writes the struct part of a V1 update. The caller passes structs client by client, clocks ascending; the writer
 * squashes neighbours that Yjs would squash and writes gaps as Skips. Not thread-safe.
 *
 * <p>Two neighbours become one struct if the second follows the first by clock, names the first's last clock as its
 * origin, has the same right origin, and has content of the same kind that can grow. Yjs also requires that they are
 * neighbours in the document; that is not needed here, since the replica that integrates the squashed struct splits it
 * where another item is in between. Items under a key of a map are squashed only once they are deleted, since each
 * value is an item that deletes the previous one; {@link Parentage} tells which items those are.
 */
class StructWriter {
    private static final byte[] NOTHING = {};

    private final Encoder out;
    private final Encoder block;
    /** The content of the open struct; the caller writes it after {@link #item}. */
    Encoder content;

    /** The position up to which the content of a run of the current client was written. */
    final Content.Cursor cursor = new Content.Cursor();

    private int clients;
    private long client;
    private long firstClock;
    private int structs;

    private boolean open;
    private int info;
    private long clock;
    private long end;
    private long originClient;
    private long originClock;
    private long rightClient;
    private long rightClock;
    private byte[] parent = NOTHING;
    private int parentFrom;
    private int parentTo;

    /** A writer that keeps everything in memory. */
    StructWriter() {
        this(new Encoder(), new Encoder(), new Encoder());
    }

    /** A writer that keeps a few pieces in memory at most. */
    StructWriter(Spill spill) {
        this(new Encoder(spill), new Encoder(spill), new Encoder(spill));
    }

    private StructWriter(Encoder out, Encoder block, Encoder content) {
        this.out = out;
        this.block = block;
        this.content = content;
    }

    void client(long id) {
        client = id;
        firstClock = -1;
        structs = 0;
        block.reset();
        cursor.reset();
    }

    void gc(long from, long to) {
        if (open && (info & Refs.MASK) == Refs.GC && from == end) {
            end = to;
            return;
        }
        start(Refs.GC, from, to);
    }

    /**
     * Whether an item can be joined with the open struct, provided that the two are in a list or are deleted.
     *
     * @param originId client of the origin, or -1
     * @param rightId client of the right origin, or -1
     */
    boolean isContinuedBy(int ref, long from, long originId, long origin, long rightId, long right) {
        return open
                && from == end
                && originId == client
                && origin == from - 1
                && ref == (info & Refs.MASK)
                && Refs.squashes(ref)
                && rightId == rightClient
                && (rightId == -1 || right == rightClock);
    }

    /** Extends the open struct up to the clock {@code to}. The caller writes the elements to {@link #content}. */
    void extend(long to) {
        end = to;
    }

    /**
     * Opens a struct. The caller writes its elements to {@link #content}.
     *
     * @param flags the info byte with the content kind; origin flags must agree with the ids
     * @param originId client of the origin, or -1
     * @param rightId client of the right origin, or -1
     */
    void item(int flags, long from, long to, long originId, long origin, long rightId, long right) {
        start(flags, from, to);
        originClient = originId;
        originClock = origin;
        rightClient = rightId;
        rightClock = right;
    }

    /** Sets the parent info, in wire form, of the open struct; only for items without origins. */
    void parent(byte[] bytes, int from, int to) {
        parent = bytes;
        parentFrom = from;
        parentTo = to;
    }

    /**
     * Copies structs in wire form.
     *
     * @param count the number of structs, Skips included
     * @param from the first clock
     * @param to the clock after the last
     */
    void structs(byte[] bytes, int start, int stop, int count, long from, long to) {
        begin(from);
        block.writeBytes(bytes, start, stop);
        structs += count;
        end = to;
    }

    private void start(int flags, long from, long to) {
        begin(from);
        open = true;
        info = flags;
        clock = from;
        end = to;
        originClient = -1;
        rightClient = -1;
        content = contentOf(flags & Refs.MASK);
        content.reset();
    }

    /** The encoder that receives content of that kind. */
    Encoder contentOf(int ref) {
        return content;
    }

    private void begin(long from) {
        flush();
        if (firstClock < 0) {
            firstClock = from;
        } else if (from > end) {
            skip(from - end);
            structs++;
        }
    }

    private void flush() {
        if (open) {
            open = false;
            structs++;
            struct(info, end - clock);
        }
    }

    /** Writes a gap of that many clocks. */
    void skip(long length) {
        block.writeUint8(Refs.SKIP);
        block.writeVarUint(length);
    }

    /** Writes the struct that was opened last, whose content is complete. */
    void struct(int flags, long length) {
        int ref = flags & Refs.MASK;
        block.writeUint8(flags);
        if (ref == Refs.GC) {
            block.writeVarUint(length);
            return;
        }
        if (originClient >= 0) {
            block.writeVarUint(originClient);
            block.writeVarUint(originClock);
        }
        if (rightClient >= 0) {
            block.writeVarUint(rightClient);
            block.writeVarUint(rightClock);
        }
        if (originClient < 0 && rightClient < 0) {
            block.writeBytes(parent, parentFrom, parentTo);
        }
        switch (ref) {
            case Refs.DELETED, Refs.ANY, Refs.JSON -> block.writeVarUint(length);
            case Refs.STRING -> block.writeVarUint(content.length());
            default -> {}
        }
        block.write(content);
    }

    /** Client of the left origin of the struct that was opened last, or -1. */
    long originClient() {
        return originClient;
    }

    long originClock() {
        return originClock;
    }

    /** Client of the right origin of the struct that was opened last, or -1. */
    long rightClient() {
        return rightClient;
    }

    long rightClock() {
        return rightClock;
    }

    /** Parent info, in wire form, of the struct that was opened last; only for items without origins. */
    Decoder parent() {
        return new Decoder(parent, parentFrom, parentTo);
    }

    /** Ends the current client; a client without structs is left out. */
    void endClient() {
        flush();
        if (structs > 0) {
            clients++;
            client(structs, client, firstClock);
        }
    }

    /** Writes the client whose structs were written last. */
    void client(int structCount, long id, long first) {
        out.writeVarUint(structCount);
        out.writeVarUint(id);
        out.writeVarUint(first);
        out.write(block);
    }

    /** The number of clients that have structs. */
    int clients() {
        return clients;
    }

    /**
     * Hands over the whole update: the structs written so far and the deletes of these clients.
     *
     * @return where its pieces are, see {@link Encoder#pieces}
     */
    long[] finishInPieces(ClientStructs[] deleters, Spill spill) {
        Encoder all = new Encoder(spill);
        all.writeVarUint(clients);
        all.write(out);
        all.writeVarUint(deleterCount(deleters));
        for (ClientStructs c : deleters) {
            if (c.deletes.size() > 0) {
                all.writeVarUint(c.client);
                c.deletes.encodeCached(all);
            }
        }
        return all.pieces();
    }

    static int deleterCount(ClientStructs[] all) {
        int n = 0;
        for (ClientStructs c : all) {
            n += c.deletes.size() > 0 ? 1 : 0;
        }
        return n;
    }

    /** Returns the whole update: the structs written so far and the deletes of these clients. */
    byte[] finish(ClientStructs[] deleters) {
        int n = 0;
        int length = 0;
        for (ClientStructs c : deleters) {
            if (c.deletes.size() > 0) {
                n++;
                length = Math.addExact(length, Encoder.lengthOf(c.client) + c.deletes.encodedLength());
            }
        }
        length = Math.addExact(length, Encoder.lengthOf(clients) + out.length() + Encoder.lengthOf(n));
        Encoder all = new Encoder(length);
        all.writeVarUint(clients);
        all.write(out);
        all.writeVarUint(n);
        for (ClientStructs c : deleters) {
            if (c.deletes.size() > 0) {
                all.writeVarUint(c.client);
                c.deletes.encodeCached(all);
            }
        }
        return all.finish();
    }

    /** Returns the whole update: the structs written so far and the given deletes. */
    byte[] finish(DeleteSet deletes) {
        Encoder all = content;
        all.reset();
        all.writeVarUint(clients);
        all.write(out);
        deletes.encode(all);
        return all.toByteArray();
    }
}
