package io.keck.storage.history;

import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.lib0.Decoder;
import io.keck.crdt.lib0.Encoder;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.CRC32C;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/**
 * Compresses bytes: a byte for the method, the number of bytes before compression as a lib0 varint, then the bytes as
 * DEFLATE (RFC 1951), or uncompressed if that is shorter. Stateless.
 */
final class Packed {
    private static final int PLAIN = 0;
    private static final int DEFLATED = 1;
    private static final int LEVEL = 6;
    private static final int CHUNK = 64 << 10;

    private Packed() {}

    static byte[] pack(byte[] plain) {
        Deflater deflater = new Deflater(LEVEL, true);
        try {
            deflater.setInput(plain);
            deflater.finish();
            Encoder out = new Encoder(plain.length / 2 + 16);
            out.writeUint8(DEFLATED);
            out.writeVarUint(plain.length);
            byte[] chunk = new byte[CHUNK];
            while (!deflater.finished()) {
                out.writeBytes(chunk, 0, deflater.deflate(chunk));
            }
            if (out.length() < plain.length) {
                return out.toByteArray();
            }
        } finally {
            deflater.end();
        }
        Encoder out = new Encoder(plain.length + 16);
        out.writeUint8(PLAIN);
        out.writeVarUint(plain.length);
        out.writeBytes(plain, 0, plain.length);
        return out.toByteArray();
    }

    /**
     * Decompresses bytes.
     *
     * @throws DecodeException if the bytes are damaged or were written by a later release
     */
    static byte[] unpack(byte[] packed) {
        Decoder in = new Decoder(packed);
        int method = in.readUint8();
        long length = in.readVarUint();
        if (method == PLAIN) {
            byte[] plain = in.readRest();
            return checked(plain, plain.length, length);
        }
        if (method != DEFLATED || length > Integer.MAX_VALUE - CHUNK) {
            throw new DecodeException("unknown compression: " + method);
        }
        Inflater inflater = new Inflater(true);
        try {
            inflater.setInput(packed, in.position(), in.remaining());
            byte[] plain = new byte[(int) length];
            int at = 0;
            while (at < plain.length) {
                int more = inflater.inflate(plain, at, plain.length - at);
                if (more == 0) {
                    break;
                }
                at += more;
            }
            return checked(plain, at, length);
        } catch (DataFormatException e) {
            throw new DecodeException("cannot be decompressed: " + e.getMessage());
        } finally {
            inflater.end();
        }
    }

    private static byte[] checked(byte[] plain, int found, long length) {
        if (found != length) {
            throw new DecodeException("has " + found + " bytes instead of " + length);
        }
        return plain.length == found ? plain : Arrays.copyOf(plain, found);
    }

    /**
     * Returns the CRC-32C of a room id, the first and the last row, and packed bytes, so that objects under a wrong
     * reference are detected.
     */
    static long checksum(long roomId, long first, long last, byte[] packed) {
        CRC32C crc = new CRC32C();
        crc.update(ByteBuffer.allocate(Long.BYTES * 3)
                .putLong(roomId)
                .putLong(first)
                .putLong(last)
                .flip());
        crc.update(packed);
        return crc.getValue();
    }
}
