package io.keck.protocol;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The text messages around the parts of a large message of y-partykit, which sends what is longer than 1,000,000 bytes in binary
 * messages of that size. Source: {@code y-partykit} 0.0.33, {@code chunking.ts}.
 *
 * @param isEnd whether it stands behind the parts, and not before them
 * @param id the same before and behind
 * @param size bytes of all parts
 * @param count the number of parts
 */
public record PartyMarker(boolean isEnd, String id, long size, long count) {
    /** What such a message begins with. */
    public static final String PREFIX = "y-pk-batch#";

    /** The longest marker, in characters. */
    private static final int MAX_LENGTH = 300;

    private static final Pattern MARKER = Pattern.compile("\\{\"id\":\"([^\"\\\\]{0,64})\",\"type\":\"(start|end)\","
            + "\"size\":([0-9]{1,15}),\"count\":([0-9]{1,9})}");

    /** The marker that a text message is; null if it begins like one and is none. */
    public static @Nullable PartyMarker of(String text) {
        if (text.length() > MAX_LENGTH || !text.startsWith(PREFIX)) {
            return null;
        }
        Matcher parts = MARKER.matcher(text).region(PREFIX.length(), text.length());
        return parts.matches()
                ? new PartyMarker(
                        parts.group(2).equals("end"),
                        parts.group(1),
                        Long.parseLong(parts.group(3)),
                        Long.parseLong(parts.group(4)))
                : null;
    }
}
