package io.keck.storage.rows;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * CRC-32C (RFC 3720, appendix B.4) of what is stored of a room, in the low 32 bits of a long. It covers whose it is, too:
 * a row that came to stand in another room, or under another link, is found. The number of a row is not in it, since only
 * the database knows that when the row is written; the link of the row before tells of rows that changed places.
 */
public final class Checksum {
    private Checksum() {}

    /** That of a row. */
    public static long ofRow(long roomId, byte[] batchId, long link, byte[] payload) {
        CRC32C crc = new CRC32C();
        crc.update(ByteBuffer.allocate(Long.BYTES * 2)
                .putLong(roomId)
                .putLong(link)
                .flip());
        crc.update(batchId);
        crc.update(payload);
        return crc.getValue();
    }

    /** That of a snapshot. */
    public static long ofSnapshot(long roomId, long seq, long link, byte[] state) {
        CRC32C crc = new CRC32C();
        crc.update(ByteBuffer.allocate(Long.BYTES * 3)
                .putLong(roomId)
                .putLong(seq)
                .putLong(link)
                .flip());
        crc.update(state);
        return crc.getValue();
    }
}
