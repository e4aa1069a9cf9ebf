package io.keck.crdt.store;

import io.keck.crdt.lib0.Any;
import io.keck.crdt.lib0.Decoder;
import io.keck.crdt.lib0.Utf8;

/**
 * Walks over an {@link Update}, which was checked when it was decoded: struct by struct, then delete by delete,
 * directly on the bytes and without creating an object for any of them. The fields describe the struct read last.
 * Reusable. Not thread-safe.
 */
final class StructReader {
    private static final byte[] NOTHING = {};

    byte[] bytes = NOTHING;
    long client;
    /** The first clock of the struct. */
    long clock;
    /** The clock after the last one of the struct. */
    long end;
    /** The info byte. */
    int info;

    int ref;
    /** Client of the left origin, or -1. */
    long originClient;

    long originClock;
    /** Client of the right origin, or -1. */
    long rightClient;

    long rightClock;
    /** The section of the parent info; set only for items without origins. */
    int parentFrom;

    int parentTo;
    /** The section of the content: UTF-8 without its length, values without their count, other content whole. */
    int from;

    int to;
    /** The index in the bytes at which the struct begins; identifies the struct. */
    int start;

    /** The index in the bytes at which the structs of this client begin, at their count. */
    int block;

    private int pos;
    private int blocks;
    private int left;
    private long next;

    /** Starts at the structs of an update. */
    void structs(Update u) {
        structs(u.bytes);
    }

    /** Starts at the structs of an update that was checked. */
    void structs(byte[] update) {
        bytes = update;
        pos = 0;
        left = 0;
        blocks = (int) uint();
    }

    /** Starts at the structs of one client, whose {@link #block} is {@code at}, in an update that was checked. */
    void structsOfOne(byte[] update, int at) {
        bytes = update;
        pos = at;
        left = 0;
        blocks = 1;
    }

    /** Starts at the deletes of an update. */
    void deletes(Update u) {
        bytes = u.bytes;
        left = 0;
        blocks = 0;
        if (u.deleteCount > 0) {
            deletes(u.bytes, u.deletesAt);
        }
    }

    /** Starts at the deletes, which begin at {@code at}, of an update that was checked. */
    void deletes(byte[] update, int at) {
        bytes = update;
        pos = at;
        left = 0;
        blocks = (int) uint();
    }

    /** Releases the bytes. */
    void close() {
        bytes = NOTHING;
        blocks = 0;
        left = 0;
    }

    /** The number of structs of the current client (Skips included), or of its deleted ranges, that are not read yet. */
    int left() {
        return left;
    }

    /** The index of the byte after the struct or range read last. */
    int position() {
        return pos;
    }

    /** Reads the next struct that is not a Skip; returns false if there is none. */
    boolean next() {
        while (true) {
            while (left == 0) {
                if (blocks == 0) {
                    return false;
                }
                blocks--;
                block = pos;
                left = (int) uint();
                client = uint();
                next = uint();
            }
            left--;
            if ((bytes[pos] & Refs.MASK) != Refs.SKIP) {
                clock = next;
                struct();
                next = end;
                return true;
            }
            pos++;
            next += uint();
        }
    }

    /** Reads the next deleted range into {@link #clock} and {@link #end}; returns false if there is none. */
    boolean nextDelete() {
        while (left == 0) {
            if (blocks == 0) {
                return false;
            }
            blocks--;
            client = uint();
            left = (int) uint();
        }
        left--;
        clock = uint();
        end = clock + uint();
        return true;
    }

    /** Reads the struct at {@code position} again. */
    void again(byte[] update, long ofClient, int position, long firstClock) {
        bytes = update;
        client = ofClient;
        pos = position;
        clock = firstClock;
        struct();
    }

    /** Whether the kind of the struct says that it is deleted: GC or ContentDeleted. */
    boolean isDeleted() {
        return ref == Refs.GC || ref == Refs.DELETED;
    }

    /** The client of the parent of an item without origins; -1 if the parent is a root. */
    long parentClient() {
        Decoder in = new Decoder(bytes, parentFrom, parentTo);
        return in.readVarUint() == 1 ? -1 : in.readVarUint();
    }

    /** The clock of the parent of an item without origins; 0 if the parent is a root. */
    long parentClock() {
        Decoder in = new Decoder(bytes, parentFrom, parentTo);
        if (in.readVarUint() == 1) {
            return 0;
        }
        in.readVarUint();
        return in.readVarUint();
    }

    private void struct() {
        start = pos;
        info = bytes[pos++] & 0xff;
        ref = info & Refs.MASK;
        originClient = -1;
        rightClient = -1;
        if (ref == Refs.GC) {
            end = clock + uint();
            return;
        }
        if ((info & Refs.ORIGIN) != 0) {
            originClient = uint();
            originClock = uint();
        }
        if ((info & Refs.RIGHT_ORIGIN) != 0) {
            rightClient = uint();
            rightClock = uint();
        }
        if ((info & (Refs.ORIGIN | Refs.RIGHT_ORIGIN)) == 0) {
            parentFrom = pos;
            pos = parentEnd(bytes, pos, info);
            parentTo = pos;
        }
        switch (ref) {
            case Refs.DELETED -> end = clock + uint();
            case Refs.STRING -> {
                int n = (int) uint();
                from = pos;
                pos += n;
                end = clock + (n == 1 ? 1 : Utf8.units(bytes, from, pos));
            }
            case Refs.ANY, Refs.JSON -> {
                int count = (int) uint();
                from = pos;
                pos = Content.skip(bytes, pos, ref, count);
                end = clock + count;
            }
            default -> {
                from = pos;
                pos = single(bytes, pos, ref);
                end = clock + 1;
            }
        }
        to = pos;
    }

    private long uint() {
        byte[] b = bytes;
        int i = pos;
        int first = b[i];
        if (first >= 0) {
            pos = i + 1;
            return first;
        }
        int second = b[i + 1];
        if (second >= 0) { // most clocks have two or three bytes
            pos = i + 2;
            return (first & 0x7f) | second << 7;
        }
        int third = b[i + 2];
        if (third >= 0) {
            pos = i + 3;
            return (first & 0x7f) | (second & 0x7f) << 7 | third << 14;
        }
        long value = (first & 0x7f) | (second & 0x7f) << 7 | (third & 0x7f) << 14;
        i += 3;
        for (int shift = 21; ; shift += 7) {
            int next = b[i++];
            value |= (long) (next & 0x7f) << shift;
            if (next >= 0) {
                pos = i;
                return value;
            }
        }
    }

    /** Returns the index after the parent info that begins at {@code at}, in bytes that were checked. */
    static int parentEnd(byte[] b, int at, int info) {
        int i = skipUint(b, at);
        i = lowBits(b, at) == 1 ? stringEnd(b, i) : skipUint(b, skipUint(b, i));
        return (info & Refs.PARENT_SUB) == 0 ? i : stringEnd(b, i);
    }

    /** Returns the index after the content of one unit that begins at {@code at}, in bytes that were checked. */
    static int single(byte[] b, int at, int ref) {
        switch (ref) {
            case Refs.BINARY, Refs.EMBED -> {
                return stringEnd(b, at);
            }
            case Refs.FORMAT -> {
                return stringEnd(b, stringEnd(b, at));
            }
            case Refs.TYPE -> {
                int type = lowBits(b, at);
                return type == 3 || type == 5 ? stringEnd(b, skipUint(b, at)) : skipUint(b, at);
            }
            case Refs.DOC -> {
                Decoder in = new Decoder(b, stringEnd(b, at), b.length);
                Any.skip(in, Integer.MAX_VALUE);
                return in.position();
            }
            default -> throw new IllegalStateException("content " + ref + " in a decoded update");
        }
    }

    /** Reads a number below 2^31, which may take more bytes than it needs. */
    private static int lowBits(byte[] b, int at) {
        int n = 0;
        int i = at;
        for (int shift = 0; ; shift += 7) {
            n |= (b[i] & 0x7f) << shift;
            if (b[i++] >= 0) {
                return n;
            }
        }
    }

    private static int skipUint(byte[] b, int at) {
        int i = at;
        while (b[i++] < 0) {
            // a byte of the number
        }
        return i;
    }

    /** Returns the index after the length-prefixed string or byte array that begins at {@code at}. */
    static int stringEnd(byte[] b, int at) {
        return skipUint(b, at) + lowBits(b, at);
    }
}
