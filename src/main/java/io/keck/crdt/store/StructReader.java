package io.keck.crdt.store;

import io.keck.crdt.lib0.Any;
import io.keck.crdt.lib0.Decoder;
import io.keck.crdt.lib0.Utf8;

/**
 * Walks over an {@link Update}, which was checked when it was decoded: struct by struct, then delete by delete, straight
 * on the bytes and without an object for any of them. The fields tell of the struct read last. Can be used again and
 * again. Not thread-safe.
 */
final class StructReader {
    private static final byte[] NOTHING = {};

    byte[] bytes = NOTHING;
    long client;
    /** The first clock. */
    long clock;
    /** The clock after the last. */
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
    /** The section of the parent info; of items without origins only. */
    int parentFrom;

    int parentTo;
    /** The section of the content: UTF-8 without its length, values without their count, others whole. */
    int from;

    int to;
    /** Where in the bytes the struct begins; names it. */
    int start;

    /** Where in the bytes the structs of this client begin, with their number. */
    int block;

    private int pos;
    private int blocks;
    private int left;
    private long next;

    /** Begins with the structs of an update. */
    void structs(Update u) {
        structs(u.bytes);
    }

    /** Begins with the structs of an update that was checked. */
    void structs(byte[] update) {
        bytes = update;
        pos = 0;
        left = 0;
        blocks = (int) uint();
    }

    /** Begins with the structs of one client, whose {@link #block} is there, of an update that was checked. */
    void structsOfOne(byte[] update, int at) {
        bytes = update;
        pos = at;
        left = 0;
        blocks = 1;
    }

    /** Begins with the deletes of an update. */
    void deletes(Update u) {
        bytes = u.bytes;
        left = 0;
        blocks = 0;
        if (u.deleteCount > 0) {
            deletes(u.bytes, u.deletesAt);
        }
    }

    /** Begins with the deletes, which begin there, of an update that was checked. */
    void deletes(byte[] update, int at) {
        bytes = update;
        pos = at;
        left = 0;
        blocks = (int) uint();
    }

    /** Lets go of the bytes. */
    void close() {
        bytes = NOTHING;
        blocks = 0;
        left = 0;
    }

    /** How many structs (or deletes) of this client follow at most. */
    int left() {
        return left;
    }

    /** The index of the byte behind what was read last. */
    int position() {
        return pos;
    }

    /** Reads the next struct that is no Skip; says whether there was one. */
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

    /** Reads the next range of deletes into {@link #clock} and {@link #end}; says whether there was one. */
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

    /** Reads one struct again. */
    void again(byte[] update, long ofClient, int position, long firstClock) {
        bytes = update;
        client = ofClient;
        pos = position;
        clock = firstClock;
        struct();
    }

    /** Whether the struct is deleted by its kind. */
    boolean isDeleted() {
        return ref == Refs.GC || ref == Refs.DELETED;
    }

    /** Client of the parent of an item without origins, where that is an item; else -1. */
    long parentClient() {
        Decoder in = new Decoder(bytes, parentFrom, parentTo);
        return in.readVarUint() == 1 ? -1 : in.readVarUint();
    }

    /** Clock of the parent of an item without origins; 0 where that is a root. */
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

    /** Where parent info that begins at {@code at} ends, in bytes that were checked. */
    static int parentEnd(byte[] b, int at, int info) {
        int i = skipUint(b, at);
        i = lowBits(b, at) == 1 ? stringEnd(b, i) : skipUint(b, skipUint(b, i));
        return (info & Refs.PARENT_SUB) == 0 ? i : stringEnd(b, i);
    }

    /** Where content of one unit that begins at {@code at} ends, in bytes that were checked. */
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

    /** A number below 2^31, which may have more bytes than it needs. */
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

    /** Where a string or byte array after its length ends. */
    static int stringEnd(byte[] b, int at) {
        return skipUint(b, at) + lowBits(b, at);
    }
}
