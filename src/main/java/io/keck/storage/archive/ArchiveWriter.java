package io.keck.storage.archive;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/**
 * Writes an archive:
 *
 * <pre>
 *   archive = "KECKARCH" · version (4) · record…
 *   record  = kind (1) · length of the body (8) · body · CRC-32C of all of the record before it (4)
 *   records : (ROOM STATE (BLOB PIECE…)… ROOM_END)… END
 * </pre>
 *
 * Numbers of fixed size are big-endian; bodies are as {@link Entry} writes them, numbers and strings as lib0 does. A
 * truncated file is recognised as such and can be used up to its last ROOM_END. Used by one thread; does not close the
 * stream.
 */
final class ArchiveWriter {
    static final byte[] MAGIC = "KECKARCH".getBytes(StandardCharsets.US_ASCII);
    static final int VERSION = 1;
    /** Bytes before the first record. */
    static final int PREFIX = 12;
    /** Bytes of a record before its body. */
    static final int HEADER = 9;

    static final int CHECKSUM = 4;

    private final OutputStream out;
    private long position;

    private ArchiveWriter(OutputStream out, long position) {
        this.out = out;
        this.position = position;
    }

    /** Begins an archive. */
    public static ArchiveWriter begin(OutputStream out) throws IOException {
        out.write(ByteBuffer.allocate(PREFIX).put(MAGIC).putInt(VERSION).array());
        return new ArchiveWriter(out, PREFIX);
    }

    /** Resumes an archive at a position in bytes. */
    public static ArchiveWriter resume(OutputStream out, long position) {
        return new ArchiveWriter(out, position);
    }

    /** The bytes written so far. */
    public long position() {
        return position;
    }

    /** Writes a record. */
    public void write(Entry entry) throws IOException {
        byte[] body = entry.encode();
        byte[] header = ByteBuffer.allocate(HEADER)
                .put((byte) entry.kind())
                .putLong(body.length)
                .array();
        CRC32C checksum = new CRC32C();
        checksum.update(header);
        checksum.update(body);
        out.write(header);
        out.write(body);
        out.write(
                ByteBuffer.allocate(CHECKSUM).putInt((int) checksum.getValue()).array());
        position += HEADER + body.length + CHECKSUM;
    }
}
