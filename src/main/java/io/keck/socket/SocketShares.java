package io.keck.socket;

import io.keck.heap.AddressFlow;
import io.keck.heap.AddressRates;
import io.keck.heap.AddressShares;
import org.jspecify.annotations.Nullable;

/**
 * Which addresses may open one more WebSocket: of all that there may be, an address has a share, and it may not open too many
 * a second; and how many bytes may come and go in a second. Sockets are counted from when they are open until they are closed, so a few that open at the same moment may
 * exceed the share. Thread-safe.
 */
final class SocketShares {
    /**
     * Why an upgrade is refused.
     *
     * @param status of HTTP
     */
    record Refused(int status, String sentence) {}

    private static final int TOO_MANY_REQUESTS = 429;
    private static final int UNAVAILABLE = 503;

    private final AddressShares sockets;
    private final AddressRates upgrades;
    private final AddressFlow received;
    private final AddressFlow sent;

    /** With as many bytes a second as come. */
    SocketShares(AddressShares sockets, AddressRates upgrades) {
        this(sockets, upgrades, AddressFlow.unlimited(), AddressFlow.unlimited());
    }

    /**
     * With these limits.
     *
     * @param received bytes of frames that come from an address
     * @param sent bytes of frames that go there
     */
    SocketShares(AddressShares sockets, AddressRates upgrades, AddressFlow received, AddressFlow sent) {
        this.sockets = sockets;
        this.upgrades = upgrades;
        this.received = received;
        this.sent = sent;
    }

    AddressFlow received() {
        return received;
    }

    AddressFlow sent() {
        return sent;
    }

    /** Why that address may not open a socket now; null where it may, which counts as an upgrade. */
    @Nullable
    Refused judge(String address) {
        return switch (sockets.free(address)) {
            case FULL -> new Refused(UNAVAILABLE, "This node has as many connections as it can.");
            case ADDRESS_FULL ->
                new Refused(TOO_MANY_REQUESTS, "Your address has as many connections as one address may have.");
            case TAKEN ->
                upgrades.take(address)
                        ? null
                        : new Refused(TOO_MANY_REQUESTS, "Your address opens connections too quickly.");
        };
    }

    void opened(String address) {
        sockets.count(address);
    }

    void closed(String address) {
        sockets.leave(address);
    }

    /** How many upgrades and sockets were refused. */
    long refused() {
        return sockets.refused();
    }
}
