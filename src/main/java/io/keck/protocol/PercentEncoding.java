package io.keck.protocol;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Strict decoder of percent-encoded UTF-8 in URL paths (RFC 3986, section 2.1). All addresses are decoded here. */
public final class PercentEncoding {
    private PercentEncoding() {}

    /**
     * Decodes text once; a plus sign stays a plus sign.
     *
     * @return the text, or null if a percent sign is not followed by two hexadecimal digits or the bytes are not UTF-8
     */
    public static @Nullable String decode(String raw) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(raw.length());
        for (int i = 0; i < raw.length(); i++) {
            if (raw.charAt(i) == '%') {
                int high = i + 2 < raw.length() ? Character.digit(raw.charAt(i + 1), 16) : -1;
                int low = high < 0 ? -1 : Character.digit(raw.charAt(i + 2), 16);
                if (low < 0) {
                    return null;
                }
                out.write(high << 4 | low);
                i += 2;
            } else {
                int end = raw.indexOf('%', i);
                String plain = raw.substring(i, end < 0 ? raw.length() : end);
                out.writeBytes(plain.getBytes(StandardCharsets.UTF_8));
                i += plain.length() - 1;
            }
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(out.toByteArray()))
                    .toString();
        } catch (CharacterCodingException e) {
            return null;
        }
    }
}
