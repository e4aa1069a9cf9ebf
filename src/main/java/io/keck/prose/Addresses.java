package io.keck.prose;

import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Filters addresses of links and images. They may come from hostile peers, so no address that could run a script
 * passes. Stateless.
 */
final class Addresses {
    private static final Set<String> SCHEMES = Set.of("http", "https", "mailto", "tel", "ftp");
    private static final String[] IMAGES = {"data:image/png", "data:image/jpeg", "data:image/gif", "data:image/webp"};

    private Addresses() {}

    /** Returns the address of a link; null if it is missing or not allowed. */
    static @Nullable String link(@Nullable String address) {
        if (address == null || address.isEmpty() || address.chars().anyMatch(c -> c <= ' ' || c == 0x7f)) {
            return null;
        }
        int colon = address.indexOf(':');
        int path = first(address, '/', '?', '#');
        if (colon < 0 || (path >= 0 && path < colon)) {
            return address;
        }
        return SCHEMES.contains(address.substring(0, colon).toLowerCase(Locale.ROOT)) ? address : null;
    }

    /** Returns the address of an image; null if it is missing or not allowed. */
    static @Nullable String image(@Nullable String address) {
        if (address != null) {
            for (String data : IMAGES) {
                if (address.startsWith(data) && address.chars().allMatch(c -> c > ' ' && c != 0x7f)) {
                    return address;
                }
            }
        }
        return link(address);
    }

    private static int first(String text, char... wanted) {
        for (int i = 0; i < text.length(); i++) {
            for (char c : wanted) {
                if (text.charAt(i) == c) {
                    return i;
                }
            }
        }
        return -1;
    }
}
