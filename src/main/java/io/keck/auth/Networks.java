package io.keck.auth;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A set of networks. Never looks up names. Immutable. */
final class Networks {
    private record Network(byte[] address, int bits) {
        boolean contains(byte[] other) {
            if (other.length != address.length) {
                return false;
            }
            for (int bit = 0; bit < bits; bit++) {
                int mask = 0x80 >> (bit & 7);
                if ((other[bit >> 3] & mask) != (address[bit >> 3] & mask)) {
                    return false;
                }
            }
            return true;
        }
    }

    private final List<Network> networks = new ArrayList<>();

    /**
     * Parses addresses and networks ({@code 10.0.0.0/8}) with commas between them.
     *
     * @throws IllegalArgumentException if one is malformed
     */
    Networks(String list) {
        for (String item : list.split(",", -1)) {
            if (!item.isBlank()) {
                networks.add(network(item.strip()));
            }
        }
    }

    private static Network network(String text) {
        int slash = text.indexOf('/');
        byte[] address = bytes(slash < 0 ? text : text.substring(0, slash));
        try {
            int bits = address == null
                    ? -1
                    : slash < 0 ? address.length * Byte.SIZE : Integer.parseInt(text.substring(slash + 1));
            if (address != null && bits >= 0 && bits <= address.length * Byte.SIZE) {
                return new Network(address, bits);
            }
        } catch (NumberFormatException e) {
            // the same sentence
        }
        throw new IllegalArgumentException(
                "\"" + text + "\" is neither an IP address nor a network such as 10.0.0.0/8.");
    }

    /** Whether an address in text form belongs to one of the networks. */
    boolean contain(String address) {
        byte[] bytes = bytes(address);
        return bytes != null && networks.stream().anyMatch(network -> network.contains(bytes));
    }

    /** Returns the bytes of an address; null if the text is not an address. IPv4 mapped into IPv6 counts as IPv4. */
    private static byte @Nullable [] bytes(String address) {
        String text =
                address.startsWith("[") && address.endsWith("]") ? address.substring(1, address.length() - 1) : address;
        boolean literal = !text.isEmpty()
                && text.chars().allMatch(c -> Character.digit(c, 16) >= 0 || c == ':' || c == '.')
                && (text.indexOf(':') >= 0 || text.chars().filter(c -> c == '.').count() == 3);
        int zone = address.indexOf('%');
        if (zone > 0 && address.indexOf(':') >= 0) {
            return bytes(address.substring(0, zone));
        }
        if (!literal) {
            return null;
        }
        try {
            return InetAddress.getByName(text).getAddress(); // a literal is not looked up
        } catch (UnknownHostException e) {
            return null;
        }
    }
}
