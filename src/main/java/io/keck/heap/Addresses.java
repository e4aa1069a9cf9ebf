package io.keck.heap;

import java.util.Locale;

/** Groups the addresses of peers by network. Stateless. */
public final class Addresses {
    /** The number of 16-bit groups of an IPv6 address that name a network, which is what one customer gets. */
    private static final int NETWORK_GROUPS = 4;

    private static final int ALL_GROUPS = 8;

    private Addresses() {}

    /**
     * The network of an address: an IPv4 address itself, or the first 64 bits of an IPv6 address, since a customer controls
     * all addresses of such a network. An IPv4 address written as IPv6 counts as the IPv4 address. Any other text is
     * returned unchanged. No name is looked up.
     *
     * @param address the address as text, with or without brackets and zone
     */
    public static String network(String address) {
        String text = address.toLowerCase(Locale.ROOT);
        if (text.startsWith("[") && text.endsWith("]")) {
            text = text.substring(1, text.length() - 1);
        }
        int zone = text.indexOf('%');
        text = zone < 0 ? text : text.substring(0, zone);
        if (text.indexOf(':') < 0) {
            return text;
        }
        int lastColon = text.lastIndexOf(':');
        if (text.indexOf('.') > lastColon) {
            return text.substring(lastColon + 1);
        }
        int[] groups = groups(text);
        return groups == null ? text : written(groups);
    }

    private static String written(int[] groups) {
        boolean mapped = groups[5] == 0xffff;
        for (int i = 0; i < 5; i++) {
            mapped &= groups[i] == 0;
        }
        if (mapped) {
            return (groups[6] >> 8) + "." + (groups[6] & 0xff) + "." + (groups[7] >> 8) + "." + (groups[7] & 0xff);
        }
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < NETWORK_GROUPS; i++) {
            out.append(Integer.toHexString(groups[i])).append(':');
        }
        return out.append(":/64").toString();
    }

    /** The eight groups of an IPv6 address without dots; null if the text is none. */
    private static int @org.jspecify.annotations.Nullable [] groups(String text) {
        int gap = text.indexOf("::");
        String[] head = split(gap < 0 ? text : text.substring(0, gap));
        String[] tail = gap < 0 ? new String[0] : split(text.substring(gap + 2));
        int given = head.length + tail.length;
        if (given > ALL_GROUPS || (gap < 0 && given != ALL_GROUPS)) {
            return null;
        }
        int[] groups = new int[ALL_GROUPS];
        try {
            for (int i = 0; i < head.length; i++) {
                groups[i] = Integer.parseInt(head[i], 16) & 0xffff;
            }
            for (int i = 0; i < tail.length; i++) {
                groups[ALL_GROUPS - tail.length + i] = Integer.parseInt(tail[i], 16) & 0xffff;
            }
        } catch (NumberFormatException e) {
            return null;
        }
        return groups;
    }

    private static String[] split(String text) {
        return text.isEmpty() ? new String[0] : text.split(":", -1);
    }
}
