package io.keck.auth;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/** A secret that a request presents. Its text form does not contain the secret. */
final class Credential {
    /** The longest credential, in characters. */
    static final int MAX = 8_192;

    private static final Recent RECENT = new Recent();

    private final Carrier carrier;
    private final String text;

    Credential(Carrier carrier, String text) {
        this.carrier = carrier;
        this.text = text;
    }

    Carrier carrier() {
        return carrier;
    }

    String text() {
        return text;
    }

    /** Returns the SHA-256 of the text in base64url. It may be stored and compared, and does not reveal the text. */
    String hash() {
        return RECENT.of(text);
    }

    /**
     * The hashes of credentials that were shown a moment ago, so that a client that makes many requests has its credential hashed
     * once. Bounded: a slot holds one text of at most {@value #MAX_KEPT} characters. Thread-safe.
     */
    static final class Recent {
        private static final int SLOTS = 1_024;
        static final int MAX_KEPT = 2_048;

        @SuppressWarnings("ArrayRecordComponent") // never compared as a whole
        private record Kept(byte[] text, String hash) {}

        private final AtomicReferenceArray<@Nullable Kept> slots = new AtomicReferenceArray<>(SLOTS);

        String of(String text) {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            int slot = Math.floorMod(text.hashCode(), SLOTS);
            Kept kept = slots.get(slot);
            if (kept != null && MessageDigest.isEqual(kept.text(), bytes)) {
                return kept.hash();
            }
            String hash = hash(text);
            if (bytes.length <= MAX_KEPT) {
                slots.set(slot, new Kept(bytes, hash));
            }
            return hash;
        }
    }

    static String hash(String text) {
        return Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString(Digests.sha256(text.getBytes(StandardCharsets.UTF_8)));
    }

    /** Compares two texts in a time that does not depend on where they differ. */
    static boolean same(String one, String other) {
        return MessageDigest.isEqual(one.getBytes(StandardCharsets.UTF_8), other.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public String toString() {
        return "Credential[" + carrier + "]";
    }
}
