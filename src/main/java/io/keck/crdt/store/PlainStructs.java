package io.keck.crdt.store;

import io.keck.crdt.lib0.Utf8;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Reads the structs of one client that have the usual form, which are nearly all structs of most documents: texts and
 * deleted items that name an origin, shorter than 16 KB, with client ids in as few bytes as possible and clocks in at
 * most four. It stops before the first struct that has another form or may be malformed; the caller reads that one
 * number by number. Structs are checked ({@link #check}), checked and loaded ({@link #load}) or only skimmed
 * ({@link #skim}). Not thread-safe.
 *
 * <p>Ids are read several bytes at a time, and the branches are arranged so that most structs take the same ones as the
 * struct before: a mispredicted branch costs more here than all computation.
 */
final class PlainStructs {
    /** Bytes that must follow the start of a struct, so that reads may go beyond its end. */
    private static final int ROOM = 48;

    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INTS = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long HIGH_BITS = 0x8080808080808080L;
    private static final int KIND = Refs.MASK | Refs.PARENT_SUB;
    /** The bits in which two structs must agree to become one. */
    private static final int SAME = KIND | Refs.RIGHT_ORIGIN;

    private static final int NO_ORIGIN = -2;

    private static final int ORIGINS = Refs.ORIGIN | Refs.RIGHT_ORIGIN;
    /** The bits in which texts and deleted items differ: each kind has exactly one of them. */
    private static final int TEXT_OR_DELETED = Refs.STRING | Refs.DELETED;

    private static final int LONGEST_CLOCK = 3;
    /** The longest client id, in bytes, that fits into a {@code long} together with the longest clock. */
    private static final int LONGEST_CLIENT = Long.BYTES - LONGEST_CLOCK;
    /** Approximate number of bytes that are skimmed before the assumptions are verified. */
    private static final int PAGE = 1 << 14;

    /** The number of unforeseen structs tolerated in a page, besides a quarter of its structs. */
    private static final int FEW = 64;

    /** The index of the next struct in the bytes. */
    int position;
    /** The first clock of the next struct. */
    long clock;

    private final byte[] bytes;
    /** The client id in wire form, its length in bytes, and a mask of that many bytes. */
    private long client;

    private int clientLength;
    private long clientMask;

    /** Whether most structs of this client have had the foreseen form so far. */
    private boolean foresees;
    /** The expected length in bytes of both origins of the next structs, all clocks having the same length. */
    private int idsLength;
    /**
     * Pattern and mask of the first eight bytes of a struct of the foreseen form, and of the next eight. Later bytes
     * are not examined: a high bit that is set there makes the sum of {@link #highBits} differ.
     */
    private long form1;

    private long mask1;
    private long form2;
    private long mask2;
    /** The number of high bits that the skimmed bytes have if their texts are ASCII. */
    private int highBits;

    PlainStructs(byte[] bytes) {
        this.bytes = bytes;
    }

    /** Sets the client whose structs are read. */
    void of(long id) {
        clientLength = 1;
        client = id & 0x7f;
        for (long rest = id >>> 7; rest != 0; rest >>>= 7) {
            client |= (0x80L << (8 * (clientLength - 1))) | ((rest & 0x7f) << (8 * clientLength));
            clientLength++;
        }
        clientMask = -1L >>> (64 - 8 * clientLength);
        foresees = clientLength <= LONGEST_CLIENT;
        if (foresees) {
            expect(LONGEST_CLOCK);
        }
    }

    /**
     * Foresees texts and deleted items with two origins, whose client ids are as long as this one and whose clocks have
     * {@code clockLength} bytes.
     */
    private void expect(int clockLength) {
        int id = clientLength + clockLength;
        idsLength = 2 * id;
        // the high bits of all bytes but the last, of the client id and of the clock
        long high = (HIGH_BITS >>> (64 - 8 * id)) ^ (0x80L << (8 * clientLength - 8)) ^ (0x80L << (8 * id - 8));
        form1 = ORIGINS | high << 8 | (id < 7 ? high << (8 * id + 8) : 0);
        form2 = id < 7 ? high >>> (56 - 8 * id) : id == 7 ? high : high >>> 56 | high << 8;
        mask1 = (HIGH_BITS >>> (8 * Math.max(0, 7 - idsLength)) & ~0xffL) | (0xff & ~TEXT_OR_DELETED);
        mask2 = idsLength < 8 ? 0 : HIGH_BITS >>> (8 * Math.max(0, 15 - idsLength));
    }

    /** Checks the next structs, at most {@code most}; returns their number. */
    int check(int most) {
        byte[] b = bytes;
        int p = position;
        int last = b.length - ROOM;
        long at = clock;
        int done = 0;
        for (; done < most && p <= last; done++) {
            int info = b[p];
            int q = p + 1;
            if (!isPlain(info)) {
                break;
            }
            if ((info & Refs.ORIGIN) != 0) {
                q = idEnd(b, q, at);
            }
            if ((info & Refs.RIGHT_ORIGIN) != 0 && q > 0) {
                q = idEnd(b, q, at);
            }
            if (q < 0) {
                break;
            }
            int n = length(b, q);
            if (n <= 0) {
                break;
            }
            q += b[q] < 0 ? 2 : 1;
            if ((info & KIND) == Refs.DELETED) {
                at += n;
            } else {
                if (n > b.length - q) {
                    break;
                }
                at += n <= Long.BYTES && isAscii((long) LONGS.get(b, q), n) ? n : Utf8.length16(b, q, q + n);
                q += n;
            }
            p = q;
        }
        position = p;
        clock = at;
        return done;
    }

    private static boolean isPlain(int info) {
        int kind = info & KIND;
        return (kind == Refs.STRING || kind == Refs.DELETED) && (info & (Refs.ORIGIN | Refs.RIGHT_ORIGIN)) != 0;
    }

    /** Returns the index after an id; -1 if the id has another form, or is of this client and not below {@code below}. */
    private int idEnd(byte[] b, int at, long below) {
        long first = (long) LONGS.get(b, at);
        if ((first & clientMask) != client) {
            return foreignEnd(b, at, first);
        }
        return (int) (ownId(b, at, below) >> 32);
    }

    /**
     * Reads an id of this client. Returns the index after it in the upper half and its clock in the lower half;
     * negative in the cases of {@link #idEnd}.
     */
    private long ownId(byte[] b, int at, long below) {
        int i = at + clientLength;
        int c = (int) INTS.get(b, i);
        int value;
        if ((c & 0x808080) == 0x8080) { // most clocks have three bytes
            value = (c & 0x7f) | (c & 0x7f00) >> 1 | (c & 0x7f0000) >> 2;
            i += 3;
        } else if ((c & 0x80) == 0) {
            value = c & 0x7f;
            i++;
        } else if ((c & 0x8000) == 0) {
            value = (c & 0x7f) | (c & 0x7f00) >> 1;
            i += 2;
        } else if (c >= 0) {
            value = (c & 0x7f) | (c & 0x7f00) >> 1 | (c & 0x7f0000) >> 2 | (c & 0x7f000000) >> 3;
            i += 4;
        } else {
            return -1;
        }
        return value < below ? (long) i << 32 | value : -1;
    }

    private static int foreignEnd(byte[] b, int at, long first) {
        int bits = Long.numberOfTrailingZeros(~first & HIGH_BITS);
        if (bits > 55 || (bits > 7 && ((first >>> (bits - 7)) & 0xff) == 0)) {
            return -1; // too long, or padded and thus perhaps the id of this client
        }
        int i = at + ((bits + 1) >>> 3);
        bits = Integer.numberOfTrailingZeros(~(int) INTS.get(b, i) & (int) HIGH_BITS);
        return bits > 31 ? -1 : i + ((bits + 1) >>> 3);
    }

    /** Whether the first {@code n} bytes, one to eight, are all ASCII. */
    private static boolean isAscii(long first, int n) {
        return (first & (HIGH_BITS >>> (64 - 8 * n))) == 0;
    }

    /**
     * Skims the next structs: checks only what is needed to know how many clocks they take, not which ids they name.
     *
     * @return the number of structs
     */
    int skim(int most) {
        int done = 0;
        while (foresees) {
            int from = position;
            long before = clock;
            int n = skimPage(most - done);
            if (highBits != highBits(bytes, from, position)) { // some text is not ASCII, or a clock is longer
                foresees = false;
                position = from;
                clock = before;
            } else if (n == 0) {
                return done;
            } else {
                done += n;
            }
        }
        return done + check(most - done);
    }

    /** Skims some {@value #PAGE} bytes of structs as if all text were ASCII. */
    private int skimPage(int most) {
        int end = position + PAGE;
        int others = 0;
        int done = 0;
        highBits = 0;
        while (true) {
            done += skimForeseen(most - done, end);
            int p = position;
            if (done == most || p >= end || check(1) == 0) {
                return done;
            }
            done++;
            highBits += highBits(bytes, p, position);
            foresee(p);
            if (++others > FEW + done / 4) {
                foresees = false;
                return done;
            }
        }
    }

    /** Foresees that the next structs look like the one that begins at {@code at}. */
    private void foresee(int at) {
        if ((bytes[at] & ORIGINS) == ORIGINS) {
            int q = at + 1 + clientLength;
            int length = numberLength(q);
            if (length <= LONGEST_CLOCK && length == numberLength(q + length + clientLength)) {
                expect(length);
            }
        }
    }

    private int numberLength(int at) {
        return (Integer.numberOfTrailingZeros(~(int) INTS.get(bytes, at) & (int) HIGH_BITS) + 1) >>> 3;
    }

    /**
     * Skims structs while they have the foreseen form. No branch of the inner loop depends on the kind of a struct:
     * whether it has text enters a sum, not a condition. Lengths of two bytes are rare and handled outside, because the
     * inner loop is short of registers.
     */
    private int skimForeseen(int most, int end) {
        byte[] b = bytes;
        int ids = idsLength;
        int p = position;
        int last = Math.min(b.length - ROOM, end - 1);
        int done = 0;
        int longer = 0;
        while (done < most && p <= last) {
            int sum = 0;
            int more = 0;
            for (; more < most - done && p <= last; more++) {
                long first = (long) LONGS.get(b, p);
                long other = ((first ^ form1) & mask1) | (((long) LONGS.get(b, p + Long.BYTES) ^ form2) & mask2);
                int text = (int) first >>> 2 & 1;
                int n = b[p + ids + 1];
                if (n <= 0 || (other | (text ^ ((int) first & 1) ^ 1)) != 0) {
                    break;
                }
                p += ids + 2 + (n & -text);
                sum += n;
            }
            done += more;
            clock += sum;
            int n = done == most || p > last ? 0 : lengthOfTwoBytes(p);
            if (n <= 0) {
                break;
            }
            p += ids + 3 + (n & -(b[p] >>> 2 & 1));
            clock += n;
            done++;
            longer++;
        }
        highBits += p > b.length ? Integer.MIN_VALUE : longer + done * (ids - 3);
        position = Math.min(p, b.length);
        return done;
    }

    /** The length of a struct that has the foreseen form apart from a length of two bytes; 0 if it has another form. */
    private int lengthOfTwoBytes(int at) {
        byte[] b = bytes;
        long first = (long) LONGS.get(b, at);
        long other = ((first ^ form1) & mask1) | (((long) LONGS.get(b, at + Long.BYTES) ^ form2) & mask2);
        boolean isOne = (((first >>> 2) ^ first) & 1) != 0;
        int q = at + idsLength + 1;
        return other == 0 && isOne && b[q] < 0 ? (b[q] & 0x7f) | b[q + 1] << 7 : 0;
    }

    /** The number of bytes that are not ASCII. */
    private static int highBits(byte[] b, int from, int to) {
        int sum = 0;
        int at = from;
        for (; at <= to - 4 * Long.BYTES; at += 4 * Long.BYTES) {
            long first = (long) LONGS.get(b, at) & HIGH_BITS;
            long second = (long) LONGS.get(b, at + Long.BYTES) & HIGH_BITS;
            long third = (long) LONGS.get(b, at + 2 * Long.BYTES) & HIGH_BITS;
            long fourth = (long) LONGS.get(b, at + 3 * Long.BYTES) & HIGH_BITS;
            sum += Long.bitCount(first | second >>> 1 | third >>> 2 | fourth >>> 3);
        }
        for (; at <= to - Long.BYTES; at += Long.BYTES) {
            sum += Long.bitCount((long) LONGS.get(b, at) & HIGH_BITS);
        }
        for (; at < to; at++) {
            sum -= b[at] >> 31;
        }
        return sum;
    }

    /**
     * Checks the next structs and appends them, as long as they name no other client and their text is ASCII.
     *
     * @param runs have room for {@code most} runs; the last run ends at {@link #clock}
     * @param deletes receive the clocks of deleted items
     * @return the number of structs
     */
    int load(int most, Runs runs, TextBuffer text, Ranges deletes) {
        if (!runs.isPlain() || text.isWide() || clock > Integer.MAX_VALUE) {
            return 0;
        }
        byte[] b = bytes;
        byte[] infos = runs.infos();
        int[] rows = runs.rows();
        boolean keys = runs.hasKeys();
        int r = runs.size();
        int info0 = r == 0 ? Refs.MASK : runs.info(r - 1);
        int right0 = r == 0 ? 0 : rows[Runs.ROW * r - Runs.ROW + Runs.RIGHT];
        int t = text.length();
        int p = position;
        int at = (int) clock;
        int deletedFrom = 0;
        int deletedTo = 0;
        int done = 0;
        for (; done < most && p <= b.length - ROOM; done++) {
            int info = b[p];
            long left = (info & Refs.ORIGIN) != 0 ? id(b, p + 1, at) : noId(p + 1, NO_ORIGIN);
            long right = (info & Refs.RIGHT_ORIGIN) != 0 && left >= 0 ? id(b, end(left), at) : noId(end(left), 0);
            int q = end(right);
            int n = q < 0 || !isPlain(info) ? 0 : length(b, q);
            if (n <= 0 || n > Integer.MAX_VALUE - at) {
                break;
            }
            q += b[q] < 0 ? 2 : 1;
            int content = 0;
            if ((info & KIND) == Refs.DELETED) {
                if (at != deletedTo) {
                    deletes.add(deletedFrom, deletedTo);
                    deletedFrom = at;
                }
                deletedTo = at + n;
            } else if ((keys && r > 0 && (int) left == at - 1 && (infos[r - 1] & Runs.LIST) == 0)
                    || !copyAscii(b, q, n, text.narrow(t, n + ROOM), t)) {
                break; // the previous run may be under a key, or the text is not ASCII
            } else {
                content = t;
                t += n;
                q += n;
            }
            if ((int) left != at - 1 || ((info0 ^ info) & SAME) != 0 || (int) right != right0) {
                info0 = info;
                right0 = (int) right;
                infos[r] = (byte) info;
                Runs.write(rows, r++, at, Math.max((int) left, 0), right0, content);
            }
            at += n;
            p = q;
        }
        deletes.add(deletedFrom, deletedTo);
        runs.size(r);
        text.length(t);
        position = p;
        clock = at;
        return done;
    }

    /** As {@link #ownId}; negative for an id of another client, too. */
    private long id(byte[] b, int at, long below) {
        return ((long) LONGS.get(b, at) & clientMask) == client ? ownId(b, at, below) : -1;
    }

    /** In the form of {@link #ownId}: no id, after which the struct continues at {@code end}. */
    private static long noId(int end, int clock) {
        return (long) end << 32 | (clock & 0xffffffffL);
    }

    /** The index after an id in the form of {@link #ownId}. */
    private static int end(long id) {
        return (int) (id >> 32);
    }

    /** The number at an index, which has one byte or two; not positive if it has more. */
    private static int length(byte[] b, int at) {
        int n = b[at];
        return n < 0 ? (n & 0x7f) | b[at + 1] << 7 : n;
    }

    /** Copies text, whose target has room for {@value #ROOM} bytes more; false if it ends too late or is not ASCII. */
    private static boolean copyAscii(byte[] b, int from, int n, byte[] units, int to) {
        if (n <= Long.BYTES) {
            long all = (long) LONGS.get(b, from);
            LONGS.set(units, to, all); // what is not taken is written over
            return isAscii(all, n);
        }
        if (n > b.length - from || !Utf8.isAscii(b, from, from + n)) {
            return false;
        }
        System.arraycopy(b, from, units, to, n);
        return true;
    }
}
