package io.keck.crdt.store;

import io.keck.crdt.lib0.Utf8;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Reads structs of the usual form of one client, which are nearly all of most documents: texts and deleted items that name
 * an origin, in less than 16 KB, clients in as few bytes as they need, clocks in at most four. It stops before the first
 * of another form, or that may be wrong: that one is for who reads number by number. They are checked, checked and loaded,
 * or only gone over. Not thread-safe.
 *
 * <p>Ids are read some bytes at once, and what is asked of each struct is asked in such a way that it is most often answered
 * as it was for the one before: what the processor foretells wrongly costs more here than all that is computed.
 */
final class PlainStructs {
    /** Bytes behind the beginning of a struct that have to be there, so that more can be read than it has. */
    private static final int ROOM = 48;

    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INTS = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long HIGH_BITS = 0x8080808080808080L;
    private static final int KIND = Refs.MASK | Refs.PARENT_SUB;
    /** What two structs have in common that can become one. */
    private static final int SAME = KIND | Refs.RIGHT_ORIGIN;

    private static final int NO_ORIGIN = -2;

    private static final int ORIGINS = Refs.ORIGIN | Refs.RIGHT_ORIGIN;
    /** In what a text and a deletion differ: each has one of these bits. */
    private static final int TEXT_OR_DELETED = Refs.STRING | Refs.DELETED;

    private static final int LONGEST_CLOCK = 3;
    /** Such a client and such a clock are read at once. */
    private static final int LONGEST_CLIENT = Long.BYTES - LONGEST_CLOCK;
    /** About how much is skimmed before it is known whether that was right. */
    private static final int PAGE = 1 << 14;

    /** So many structs of a page that are otherwise say nothing about the rest. */
    private static final int FEW = 64;

    /** Where the next struct begins. */
    int position;
    /** Its first clock. */
    long clock;

    private final byte[] bytes;
    /** The client as it is written, how many bytes that are, and so many bytes of ones. */
    private long client;

    private int clientLength;
    private long clientMask;

    /** Whether most structs of this client were as foreseen up to now. */
    private boolean foresees;
    /** How many bytes the origins of the next structs probably have together, all clocks being of the same length. */
    private int idsLength;
    /**
     * What the first eight bytes of such a struct have in common, and the next eight. Nothing is asked of a byte behind: if
     * its high bit is set, there are more of them than expected.
     */
    private long form1;

    private long mask1;
    private long form2;
    private long mask2;
    /** High bits of the bytes that were skimmed, without those of texts. */
    private int highBits;

    PlainStructs(byte[] bytes) {
        this.bytes = bytes;
    }

    /** The client whose structs are read. */
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

    /** Foresees texts and deletions between two others, with ids of clients as long as this one and clocks of that length. */
    private void expect(int clockLength) {
        int id = clientLength + clockLength;
        idsLength = 2 * id;
        // in both the high bit of each byte but the last
        long high = (HIGH_BITS >>> (64 - 8 * id)) ^ (0x80L << (8 * clientLength - 8)) ^ (0x80L << (8 * id - 8));
        form1 = ORIGINS | high << 8 | (id < 7 ? high << (8 * id + 8) : 0);
        form2 = id < 7 ? high >>> (56 - 8 * id) : id == 7 ? high : high >>> 56 | high << 8;
        mask1 = (HIGH_BITS >>> (8 * Math.max(0, 7 - idsLength)) & ~0xffL) | (0xff & ~TEXT_OR_DELETED);
        mask2 = idsLength < 8 ? 0 : HIGH_BITS >>> (8 * Math.max(0, 15 - idsLength));
    }

    /** Checks what comes next; says how many structs. */
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
            int n = b[q++];
            if (n < 0) {
                n = (n & 0x7f) | b[q++] << 7;
            }
            if (n <= 0) {
                break;
            }
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

    /** Where an id ends; -1 if it has another form, or if it is of this client and not below {@code below}. */
    private int idEnd(byte[] b, int at, long below) {
        long first = (long) LONGS.get(b, at);
        if ((first & clientMask) != client) {
            return foreignEnd(b, at, first);
        }
        return (int) (ownId(b, at, below) >> 32);
    }

    /** An id of this client: where it ends, as the upper half, and its clock. Negative as {@link #idEnd}. */
    private long ownId(byte[] b, int at, long below) {
        int i = at + clientLength;
        int c = (int) INTS.get(b, i);
        int value;
        if ((c & 0x808080) == 0x8080) { // most have three bytes
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
            return -1; // long, or longer than it has to be and so perhaps of this client
        }
        int i = at + ((bits + 1) >>> 3);
        bits = Integer.numberOfTrailingZeros(~(int) INTS.get(b, i) & (int) HIGH_BITS);
        return bits > 31 ? -1 : i + ((bits + 1) >>> 3);
    }

    /** Whether the first bytes, one to eight, are all ASCII. */
    private static boolean isAscii(long first, int n) {
        return (first & (HIGH_BITS >>> (64 - 8 * n))) == 0;
    }

    /**
     * Goes over what comes next and checks as much as is needed to know how far it reaches: not what the origins name.
     *
     * @return how many structs
     */
    int skim(int most) {
        int done = 0;
        while (foresees) {
            int from = position;
            long before = clock;
            int n = skimPage(most - done);
            if (highBits != highBits(bytes, from, position)) { // texts are not all ASCII, clocks not what was thought
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

    /** Goes over what comes next, some {@value #PAGE} bytes, as if all text were ASCII. */
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

    /** The next struct is probably as the one that begins there. */
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
     * Goes over structs as long as they are as foreseen. No question in the inner loop is answered now so, now so: whether
     * there is a text counts, but is not asked. Lengths of two bytes are rare, and outside, since it is short of registers.
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

    /** The length of a struct that is as foreseen otherwise; 0 if it is not. */
    private int lengthOfTwoBytes(int at) {
        byte[] b = bytes;
        long first = (long) LONGS.get(b, at);
        long other = ((first ^ form1) & mask1) | (((long) LONGS.get(b, at + Long.BYTES) ^ form2) & mask2);
        boolean isOne = (((first >>> 2) ^ first) & 1) != 0;
        int q = at + idsLength + 1;
        return other == 0 && isOne && b[q] < 0 ? (b[q] & 0x7f) | b[q + 1] << 7 : 0;
    }

    /** How many of these bytes are not ASCII. */
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
     * Checks what comes next, and puts it behind what is there; only what names no other client and is ASCII.
     *
     * @param runs have room for {@code most} runs, and what they hold ends at {@link #clock}
     * @param deletes take what is deleted
     * @return how many structs
     */
    int load(int most, Runs runs, TextBuffer text, Ranges deletes) {
        if (!runs.isPlain() || text.isWide() || clock > Integer.MAX_VALUE) {
            return 0;
        }
        byte[] b = bytes;
        byte[] infos = runs.infos();
        int[] rows = runs.rows();
        byte[] units = text.narrow();
        int r = runs.size();
        int t = text.length();
        int p = position;
        int last = b.length - ROOM;
        int at = (int) clock;
        int info0 = r == 0 ? Refs.MASK : runs.info(r - 1);
        boolean keys = runs.hasKeys();
        int right0 = r == 0 ? 0 : rows[Runs.ROW * r - Runs.ROW + Runs.RIGHT];
        int deletedFrom = 0;
        int deletedTo = 0;
        int done = 0;
        for (; done < most && p <= last; done++) {
            int info = b[p];
            int q = p + 1;
            if (!isPlain(info)) {
                break;
            }
            int origin = NO_ORIGIN;
            if ((info & Refs.ORIGIN) != 0) {
                if (((long) LONGS.get(b, q) & clientMask) != client) {
                    break;
                }
                long id = ownId(b, q, at);
                origin = (int) id;
                q = (int) (id >> 32);
            }
            int right = 0;
            if ((info & Refs.RIGHT_ORIGIN) != 0 && q > 0) {
                if (((long) LONGS.get(b, q) & clientMask) != client) {
                    break;
                }
                long id = ownId(b, q, at);
                right = (int) id;
                q = (int) (id >> 32);
            }
            if (q < 0) {
                break;
            }
            int n = b[q++];
            if (n < 0) {
                n = (n & 0x7f) | b[q++] << 7;
            }
            if (n <= 0 || n > Integer.MAX_VALUE - at) {
                break;
            }
            boolean deleted = (info & KIND) == Refs.DELETED;
            int content = 0;
            if (deleted) {
                if (at != deletedTo) {
                    deletes.add(deletedFrom, deletedTo);
                    deletedFrom = at;
                }
                deletedTo = at + n;
            } else {
                if (keys && r > 0 && origin == at - 1 && (infos[r - 1] & Runs.LIST) == 0) {
                    break; // perhaps the run before stands under a key
                }
                if (t + n + ROOM > units.length) {
                    text.length(t);
                    text.reserve(n + ROOM);
                    units = text.narrow();
                }
                if (n <= Long.BYTES) {
                    long all = (long) LONGS.get(b, q);
                    if (!isAscii(all, n)) {
                        break;
                    }
                    LONGS.set(units, t, all);
                } else if (n <= b.length - q && Utf8.isAscii(b, q, q + n)) {
                    System.arraycopy(b, q, units, t, n);
                } else {
                    break;
                }
                content = t;
                t += n;
                q += n;
            }
            if (origin != at - 1 || ((info0 ^ info) & SAME) != 0 || right != right0) {
                int row = Runs.ROW * r;
                infos[r++] = (byte) info;
                rows[row + Runs.CLOCK] = at;
                rows[row + Runs.ORIGIN] = Math.max(origin, 0);
                rows[row + Runs.RIGHT] = right;
                rows[row + Runs.CONTENT] = content;
                info0 = info;
                right0 = right;
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
}
