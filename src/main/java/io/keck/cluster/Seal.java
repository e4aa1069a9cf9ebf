package io.keck.cluster;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Signs and verifies the messages of a route:
 *
 *
 * <pre>
 *   2 (1) · counter (8) · HMAC-SHA-256 (32) · envelope · CRC-32C of all before it (4)
 * </pre>
 *
 * The HMAC covers the number of the route, the counter and the envelope, which holds the sender's boot and the time.
 * The checksum is for nodes of the previous release: because it is valid, they treat the message as one of a later
 * version and drop it silently. Thread-safe.
 */
final class Seal {
    static final int VERSION = 2;

    private static final String ALGORITHM = "HmacSHA256";
    private static final int COUNTER_AT = 1;
    private static final int MAC_AT = 9;
    private static final int MAC_SIZE = 32;
    private static final int ENVELOPE_AT = MAC_AT + MAC_SIZE;
    private static final int CHECKSUM = 4;

    private final int route;
    /** The keys, and a MAC made for each. */
    private record Ready(List<byte[]> keys, List<Mac> macs) {}

    private volatile Ready ready = new Ready(List.of(), List.of());

    /** @param route the number of the route; it is signed, so that a message cannot be replayed on another route */
    Seal(int route) {
        this.route = route;
    }

    /** The envelope and counter of a message with a valid signature. */
    record Opened(byte[] envelope, long counter) {}

    static boolean isSealed(byte[] message) {
        return message.length > 0 && message[0] == VERSION;
    }

    /** Signs an envelope with the first key; returns the message. */
    byte[] seal(byte[] envelope, long counter, List<byte[]> keys) {
        ByteBuffer message = ByteBuffer.allocate(ENVELOPE_AT + envelope.length + CHECKSUM);
        message.put((byte) VERSION).putLong(counter);
        message.put(sign(fresh(macs(keys).get(0)), counter, envelope, 0, envelope.length));
        message.put(envelope);
        CRC32C checksum = new CRC32C();
        checksum.update(message.array(), 0, message.position());
        message.putInt((int) checksum.getValue());
        return message.array();
    }

    /** Verifies a message; returns null if no key has signed it. */
    @Nullable
    Opened open(byte[] message, List<byte[]> keys) {
        int length = message.length - ENVELOPE_AT - CHECKSUM;
        if (length < 0) {
            return null;
        }
        long counter = ByteBuffer.wrap(message).getLong(COUNTER_AT);
        byte[] claimed = Arrays.copyOfRange(message, MAC_AT, ENVELOPE_AT);
        for (Mac mac : macs(keys)) {
            if (MessageDigest.isEqual(claimed, sign(fresh(mac), counter, message, ENVELOPE_AT, length))) {
                return new Opened(Arrays.copyOfRange(message, ENVELOPE_AT, ENVELOPE_AT + length), counter);
            }
        }
        return null;
    }

    private byte[] sign(Mac mac, long counter, byte[] bytes, int from, int length) {
        mac.update(ByteBuffer.allocate(12).putInt(route).putLong(counter).flip());
        mac.update(bytes, from, length);
        return mac.doFinal();
    }

    private List<Mac> macs(List<byte[]> keys) {
        Ready now = ready;
        if (!now.keys().equals(keys)) { // the same arrays
            now = new Ready(keys, keys.stream().map(Seal::mac).toList());
            ready = now;
        }
        return now.macs();
    }

    private static Mac mac(byte[] key) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(new SecretKeySpec(key, ALGORITHM));
            return mac;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("Every JVM has " + ALGORITHM, e);
        }
    }

    /** A copy of a MAC, since rooms sign concurrently. */
    private static Mac fresh(Mac prototype) {
        try {
            return (Mac) prototype.clone();
        } catch (CloneNotSupportedException e) {
            throw new IllegalStateException("This JVM's HMAC cannot be copied", e);
        }
    }
}
