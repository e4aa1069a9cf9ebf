package io.keck.storage.archive;

import io.keck.crdt.lib0.DecodeException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Reads an archive with one record in memory at a time; verifies checksums and the order of records. Used by one
 * thread; does not close the stream.
 */
public final class ArchiveReader {
    /** The largest body of a record in bytes. */
    private static final long MAX_BODY = 1 << 30;

    private static final int CHUNK = 1 << 20;

    private final InputStream in;
    private long position;
    private long begin;
    private int last;
    private long rooms;
    private long blobs;
    private long blobsOfRoom;
    private long left;
    private boolean ended;

    /**
     * Reads the header.
     *
     * @param skipTo the offset at which a room begins, or 0
     * @throws ArchiveException if this is not an archive, or was written by a later release
     */
    public ArchiveReader(InputStream in, long skipTo) throws IOException {
        this.in = in;
        byte[] prefix = in.readNBytes(ArchiveWriter.PREFIX);
        if (prefix.length < ArchiveWriter.PREFIX
                || !Arrays.equals(Arrays.copyOf(prefix, ArchiveWriter.MAGIC.length), ArchiveWriter.MAGIC)) {
            throw new ArchiveException(0, "the file is not an archive of Keck");
        }
        int version = ByteBuffer.wrap(prefix).getInt(ArchiveWriter.MAGIC.length);
        if (version != ArchiveWriter.VERSION) {
            throw new ArchiveException(
                    ArchiveWriter.MAGIC.length, "version " + version + " is unknown to this" + " release");
        }
        position = ArchiveWriter.PREFIX;
        last = 5;
        if (skipTo > position) {
            in.skipNBytes(skipTo - position);
            position = skipTo;
        }
    }

    /** The bytes read so far. */
    public long position() {
        return position;
    }

    /** The offset of the last record. */
    public long begin() {
        return begin;
    }

    /**
     * Reads the next record; null after the last.
     *
     * @throws ArchiveException if it is damaged, or the file ends too early
     */
    public @Nullable Entry next() throws IOException {
        begin = position;
        byte[] header = in.readNBytes(ArchiveWriter.HEADER);
        if (ended) {
            if (header.length > 0) {
                throw new ArchiveException(begin, "there are bytes after the end of the archive");
            }
            return null;
        }
        if (header.length < ArchiveWriter.HEADER) {
            throw new ArchiveException(begin, "the file ends before the archive does");
        }
        long length = ByteBuffer.wrap(header).getLong(1);
        if (length < 0 || length > MAX_BODY) {
            throw new ArchiveException(begin, "a record is damaged, its length is " + length);
        }
        byte[] body = body((int) length);
        byte[] stored = in.readNBytes(ArchiveWriter.CHECKSUM);
        if (stored.length < ArchiveWriter.CHECKSUM) {
            throw new ArchiveException(begin, "the file ends before the archive does");
        }
        CRC32C checksum = new CRC32C();
        checksum.update(header);
        checksum.update(body);
        if ((int) checksum.getValue() != ByteBuffer.wrap(stored).getInt()) {
            throw new ArchiveException(begin, "a record does not match its checksum");
        }
        position += header.length + length + stored.length;
        try {
            Entry entry = Entry.decode(header[0], body);
            requireOrder(entry);
            return entry;
        } catch (DecodeException e) {
            throw new ArchiveException(begin, "a record cannot be understood: " + e.getMessage());
        }
    }

    /** Allocates only as bytes are read, so that a damaged length takes no memory. */
    private byte[] body(int length) throws IOException {
        byte[] body = new byte[Math.min(length, CHUNK)];
        int filled = 0;
        while (filled < length) {
            if (filled == body.length) {
                body = Arrays.copyOf(body, (int) Math.min(length, body.length * 2L));
            }
            int n = in.readNBytes(body, filled, body.length - filled);
            filled += n;
            if (filled < body.length) {
                throw new ArchiveException(begin, "the file ends before the archive does");
            }
        }
        return body;
    }

    private void requireOrder(Entry entry) {
        boolean right;
        if (entry instanceof Entry.Room) {
            right = last == 5;
            blobsOfRoom = 0;
        } else if (entry instanceof Entry.State) {
            right = last == 1;
        } else if (entry instanceof Entry.Blob blob) {
            right = (last == 2 || last == 4 || last == 3) && left == 0;
            left = blob.size();
            blobsOfRoom++;
            blobs++;
        } else if (entry instanceof Entry.Piece piece) {
            right = (last == 3 || last == 4) && piece.bytes().length > 0 && piece.bytes().length <= left;
            left -= piece.bytes().length;
        } else if (entry instanceof Entry.RoomEnd end) {
            right = last >= 2 && last <= 4 && left == 0 && end.blobs() == blobsOfRoom;
            rooms++;
        } else {
            right = last == 5;
            ended = true;
        }
        if (!right) {
            throw new ArchiveException(begin, "a record is out of order");
        }
        last = entry.kind();
    }

    /** The number of rooms read completely. */
    public long rooms() {
        return rooms;
    }

    /** The number of blobs begun. */
    public long blobs() {
        return blobs;
    }

    /** Whether the last record was the end. */
    public boolean isAtEnd() {
        return ended;
    }
}
