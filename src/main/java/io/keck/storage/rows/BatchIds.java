package io.keck.storage.rows;

import java.nio.ByteBuffer;
import java.util.UUID;

/** Batch ids as 16 bytes, high half first, because only one of the databases has a UUID type. */
public final class BatchIds {
    private BatchIds() {}

    public static byte[] toBytes(UUID id) {
        return ByteBuffer.allocate(16)
                .putLong(id.getMostSignificantBits())
                .putLong(id.getLeastSignificantBits())
                .array();
    }

    static UUID fromBytes(byte[] bytes) {
        ByteBuffer b = ByteBuffer.wrap(bytes);
        return new UUID(b.getLong(), b.getLong());
    }
}
