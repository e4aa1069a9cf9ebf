package io.keck.storage.rows;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * CRC-32C (RFC 3720, appendix B.4) of stored rows and snapshots, in the low 32 bits of a long. It covers the room id
 * and the link, so a row that was moved to another room or link is detected. It does not cover the seq, which only the
 * database knows when the row is written; the link of the previous row reveals rows that changed places.
 */
public final class Checksum {
    private Checksum() {}

    /** The checksum of a row. */
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

    /** The checksum of a snapshot. */
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
