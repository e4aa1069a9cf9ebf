package io.keck.node;

import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Finds the address of this machine among those of a name that several machines have. */
final class OwnAddress {
    private OwnAddress() {}

    /**
     * Returns the address to listen on.
     *
     * @param host an address, a name, or nothing for all interfaces
     * @return the address of this machine if the name has several addresses and one of them is; otherwise the host unchanged, and the
     *     attempt to listen reports what is wrong
     */
    static @Nullable String of(@Nullable String host) {
        if (host == null || host.isBlank()) {
            return host;
        }
        try {
            return among(host, List.of(InetAddress.getAllByName(host)), OwnAddress::isOwn);
        } catch (IOException e) { // no such name
            return host;
        }
    }

    /** Chooses among the addresses of a host. */
    static String among(String host, List<InetAddress> addresses, Predicate<InetAddress> own) {
        if (addresses.size() < 2) {
            return host;
        }
        return addresses.stream()
                .filter(own)
                .findFirst()
                .map(InetAddress::getHostAddress)
                .orElse(host);
    }

    private static boolean isOwn(InetAddress address) {
        try {
            return NetworkInterface.getByInetAddress(address) != null;
        } catch (IOException e) {
            return false;
        }
    }
}
