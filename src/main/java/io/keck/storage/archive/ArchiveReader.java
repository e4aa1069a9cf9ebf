package io.keck.storage.archive;

import io.keck.crdt.lib0.DecodeException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Reads an archive, one record in memory at a time; checks each checksum and that records come in their order. Used by one
 * thread; does not close the stream.
 */
public final class ArchiveReader {
    /** The most that a document may take. */
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
     * Reads the beginning.
     *
     * @param skipTo where a room begins, or 0
     * @throws ArchiveException if this is no archive, or of a newer release
     */
    public ArchiveReader(InputStream in, long skipTo) throws IOException {
        this.in = in;
        byte[] prefix = in.readNBytes(ArchiveWriter.PREFIX);
        if (prefix.length < ArchiveWriter.PREFIX
                || !Arrays.equals(Arrays.copyOf(prefix, ArchiveWriter.MAGIC.length), ArchiveWriter.MAGIC)) {
            throw new ArchiveException(0, "this is no archive of Keck");
        }
        int version = ByteBuffer.wrap(prefix).getInt(ArchiveWriter.MAGIC.length);
        if (version != ArchiveWriter.VERSION) {
            throw new ArchiveException(ArchiveWriter.MAGIC.length, "version " + version + " is not known here");
        }
        position = ArchiveWriter.PREFIX;
        last = 5;
        if (skipTo > position) {
            in.skipNBytes(skipTo - position);
            position = skipTo;
        }
    }

    /** Bytes so far. */
    public long position() {
        return position;
    }

    /** Where the last record begins. */
    public long begin() {
        return begin;
    }

    /**
     * The next record; null after the last.
     *
     * @throws ArchiveException if it is damaged, or the file ends too early
     */
    public @Nullable Entry next() throws IOException {
        begin = position;
        byte[] header = in.readNBytes(ArchiveWriter.HEADER);
        if (ended) {
            if (header.length > 0) {
                throw new ArchiveException(begin, "there is something after the end of the archive");
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

    /** Grows with what is there: a damaged length takes no memory. */
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
            throw new ArchiveException(begin, "a record stands where it does not belong");
        }
        last = entry.kind();
    }

    /** Rooms that were read whole. */
    public long rooms() {
        return rooms;
    }

    /** Blobs that were begun. */
    public long blobs() {
        return blobs;
    }

    /** Whether the last record was the end. */
    public boolean isAtEnd() {
        return ended;
    }
}
