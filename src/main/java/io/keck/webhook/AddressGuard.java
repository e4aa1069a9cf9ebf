package io.keck.webhook;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;

/**
 * Decides which addresses an endpoint may have that was set over HTTP: those of the public Internet, so that a client
 * cannot use Keck to reach other servers in its network. Sources: the IANA registries of special-purpose addresses (RFC
 * 6890) as of 2025; an IPv6 address that contains an IPv4 address (RFC 4291, 6052, 3056, 4380) is judged by the latter.
 * Stateless.
 */
final class AddressGuard {
    /** Network and prefix length in bits. */
    private static final int[][] REFUSED = {
        {0x00000000, 8}, // this network
        {0x0a000000, 8}, // private
        {0x64400000, 10}, // shared by carriers
        {0x7f000000, 8}, // loopback
        {0xa9fe0000, 16}, // link-local: metadata of clouds
        {0xac100000, 12}, // private
        {0xc0000000, 24}, // protocol assignments
        {0xc0000200, 24}, // documentation
        {0xc0586300, 24}, // 6to4 relays
        {0xc0a80000, 16}, // private
        {0xc6120000, 15}, // benchmarks
        {0xc6336400, 24}, // documentation
        {0xcb007100, 24}, // documentation
        {0xe0000000, 3}, // multicast, reserved, broadcast
    };

    private AddressGuard() {}

    /** Whether the address is one of the public Internet. */
    static boolean isPublic(InetAddress address) {
        if (address instanceof Inet4Address) {
            return isPublic(address.getAddress(), 0);
        }
        return address instanceof Inet6Address && isPublic6(address.getAddress());
    }

    private static boolean isPublic(byte[] bytes, int at) {
        int ip = (bytes[at] & 0xff) << 24
                | (bytes[at + 1] & 0xff) << 16
                | (bytes[at + 2] & 0xff) << 8
                | (bytes[at + 3] & 0xff);
        return Arrays.stream(REFUSED).noneMatch(net -> (ip ^ net[0]) >>> (32 - net[1]) == 0);
    }

    private static boolean isPublic6(byte[] b) {
        int first = (b[0] & 0xff) << 8 | (b[1] & 0xff);
        int second = (b[2] & 0xff) << 8 | (b[3] & 0xff);
        if (first == 0x0064 && second == 0xff9b) {
            return b[4] == 0 && b[5] == 0 && isPublic(b, 12); // NAT64; its local prefix 64:ff9b:1::/48 is refused
        }
        if (first == 0x2002) {
            return isPublic(b, 2); // 6to4
        }
        if ((first & 0xe000) != 0x2000) {
            return false; // outside of 2000::/3: loopback, mapped, unique local, link-local, multicast, unassigned
        }
        boolean special = first == 0x2001 && (second & 0xfe00) == 0; // 2001::/23, Teredo within
        boolean documentation = (first == 0x2001 && second == 0x0db8) || (first == 0x3fff && (second & 0xf000) == 0);
        return !special && !documentation;
    }

    /**
     * Returns the addresses if none of them is refused.
     *
     * @param trusted whether all addresses are allowed
     * @throws UnknownHostException if one of the addresses is refused
     */
    static InetAddress[] checked(InetAddress[] addresses, boolean trusted) throws UnknownHostException {
        for (InetAddress address : addresses) {
            if (!trusted && !isPublic(address)) {
                throw new PrivateAddressException();
            }
        }
        return addresses;
    }

    /** Thrown if a host has an address outside of the public Internet. */
    static final class PrivateAddressException extends UnknownHostException {
        private static final long serialVersionUID = 1L;

        PrivateAddressException() {
            super("it has an address that is not one of the public Internet");
        }
    }
}
