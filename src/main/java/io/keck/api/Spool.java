package io.keck.api;

import io.keck.crdt.lib0.Spill;
import jakarta.ws.rs.core.StreamingOutput;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.ref.Cleaner;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of an answer: in memory while they are few, then in a file. Written by one thread, then sent by one; may be
 * closed by any thread.
 */
final class Spool implements Spill, StreamingOutput, AutoCloseable {
    private static final int SLICE = 32 << 10;
    private static final Set<StandardOpenOption> OPTIONS = EnumSet.of(
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE,
            StandardOpenOption.DELETE_ON_CLOSE); // on Linux the name disappears at once

    private final Spools spools;
    private final String address;
    private byte @Nullable [] few = new byte[1 << 10];
    private long size;
    /** Position and length of each piece, in the order of sending; null to send all bytes as they were written. */
    private long @Nullable [] order;

    private @Nullable Disk disk;
    private Cleaner.@Nullable Cleanable cleanable;

    /**
     * The file. It must not refer to the spool, because it is the clean-up action of a spool that became unreachable.
     */
    private static final class Disk implements Runnable {
        private final Spools spools;
        private final String address;
        private final FileChannel channel;
        private long taken;

        Disk(Spools spools, String address) throws IOException {
            this.spools = spools;
            this.address = address;
            Path folder = spools.folder();
            boolean posix = folder.getFileSystem().supportedFileAttributeViews().contains("posix");
            Path file = folder.resolve("keck-answer-" + UUID.randomUUID());
            channel = posix
                    ? FileChannel.open(
                            file,
                            OPTIONS,
                            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))
                    : FileChannel.open(file, OPTIONS);
        }

        synchronized void write(byte[] bytes, int from, int length) throws IOException {
            spools.take(address, length);
            taken += length;
            ByteBuffer buffer = ByteBuffer.wrap(bytes, from, length);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
        }

        @Override
        public synchronized void run() {
            try {
                channel.close();
            } catch (IOException e) {
                // ignored: the file is gone, or will be when the process ends
            }
            spools.giveBack(address, taken);
            taken = 0;
        }
    }

    Spool(Spools spools, String address) {
        this.spools = spools;
        this.address = address;
    }

    /** Adds bytes; refuses the answer with 503 if there is no space for it. */
    void write(byte[] bytes, int length) {
        take(bytes, 0, length);
    }

    /**
     * Sends the bytes in another order than they were written.
     *
     * @param pieces position and length of each piece; every byte must be in exactly one of them
     */
    Spool inOrder(long[] pieces) {
        order = pieces;
        return this;
    }

    /** Adds bytes and returns their position; refuses the answer with 503 if there is no space for them. */
    @Override
    public long take(byte[] bytes, int from, int length) {
        long position = size;
        try {
            byte[] small = few;
            if (small != null && size + length <= spools.inMemory()) {
                if (small.length < size + length) {
                    small = Arrays.copyOf(
                            small, (int) Math.min(spools.inMemory(), Math.max(size + length, 2L * small.length)));
                    few = small;
                }
                System.arraycopy(bytes, from, small, (int) size, length);
            } else {
                file().write(bytes, from, length);
            }
            size += length;
            return position;
        } catch (IOException e) {
            throw spools.failed(e);
        }
    }

    private Disk file() throws IOException {
        Disk now = disk;
        if (now == null) {
            now = new Disk(spools, address);
            disk = now;
            cleanable = Spools.onLost(this, now);
            byte[] small = few;
            if (small != null) {
                now.write(small, 0, (int) size);
            }
            few = null;
        }
        return now;
    }

    /** The number of bytes. */
    long size() {
        return size;
    }

    /** All bytes if they are in memory; otherwise null. */
    byte @Nullable [] bytes() {
        byte[] small = few;
        if (small == null || order == null) {
            return small == null ? null : small.length == size ? small : Arrays.copyOf(small, (int) size);
        }
        ByteBuffer all = ByteBuffer.allocate((int) size);
        for (int i = 0; i < order.length; i += 2) {
            all.put(small, (int) order[i], (int) order[i + 1]);
        }
        return all.array();
    }

    /** Sends all bytes in slices and closes the spool. */
    @Override
    public void write(OutputStream out) throws IOException {
        try {
            byte[] small = bytes();
            Disk now = disk;
            if (small != null) {
                out.write(small);
            } else if (now != null) {
                long[] pieces = order == null ? new long[] {0, size} : order;
                byte[] slice = new byte[SLICE];
                int filled = 0;
                for (int i = 0; i < pieces.length; i += 2) {
                    filled = read(now, pieces[i], pieces[i] + pieces[i + 1], slice, filled, out);
                }
                out.write(slice, 0, filled);
            }
        } finally {
            close();
        }
    }

    /**
     * Reads a piece of the file into the slice, and sends the slice whenever it is full.
     *
     * @param before bytes in the slice
     * @return bytes in the slice that are still to be sent
     */
    private static int read(Disk from, long start, long end, byte[] slice, int before, OutputStream out)
            throws IOException {
        int filled = before;
        for (long at = start; at < end; ) {
            if (filled == slice.length) {
                out.write(slice, 0, filled);
                filled = 0;
            }
            int most = (int) Math.min(slice.length - filled, end - at);
            int n = from.channel.read(ByteBuffer.wrap(slice, filled, most), at);
            if (n <= 0) {
                throw new EOFException("the file of a large answer is too short");
            }
            at += n;
            filled += n;
        }
        return filled;
    }

    /** Releases memory and file; calls after the first do nothing. */
    @Override
    public void close() {
        if (cleanable != null) {
            cleanable.clean();
        }
    }
}
