package io.keck.socket;

import io.keck.heap.AddressFlow;
import io.keck.heap.AddressRates;
import io.keck.heap.AddressShares;
import org.jspecify.annotations.Nullable;

/**
 * Limits the WebSockets, the rate of upgrades and the bytes per second of each address. A socket counts from its opening to
 * its close, so a few that open at the same moment may exceed the share. Thread-safe.
 */
final class SocketShares {
    /**
     * A refused upgrade.
     *
     * @param status the HTTP status
     * @param sentence the reason for the client
     */
    record Refused(int status, String sentence) {}

    private static final int TOO_MANY_REQUESTS = 429;
    private static final int UNAVAILABLE = 503;

    private final AddressShares sockets;
    private final AddressRates upgrades;
    private final AddressFlow received;
    private final AddressFlow sent;
    private final AddressRates messages;

    /** Creates shares that do not limit bytes per second. */
    SocketShares(AddressShares sockets, AddressRates upgrades, AddressRates messages) {
        this(sockets, upgrades, AddressFlow.unlimited(), AddressFlow.unlimited(), messages);
    }

    /**
     * Creates shares that also limit bytes per second.
     *
     * @param received limits bytes of frames from an address
     * @param sent limits bytes of frames to an address
     * @param messages limits messages of applications for back ends
     */
    SocketShares(
            AddressShares sockets,
            AddressRates upgrades,
            AddressFlow received,
            AddressFlow sent,
            AddressRates messages) {
        this.sockets = sockets;
        this.upgrades = upgrades;
        this.received = received;
        this.sent = sent;
        this.messages = messages;
    }

    AddressFlow received() {
        return received;
    }

    AddressFlow sent() {
        return sent;
    }

    /** Counts an upgrade and returns null if that address may open a socket now, else the refusal. */
    @Nullable
    Refused judge(String address) {
        return switch (sockets.free(address)) {
            case FULL -> new Refused(UNAVAILABLE, "This node has as many connections as it can take.");
            case ADDRESS_FULL ->
                new Refused(TOO_MANY_REQUESTS, "Your address has as many connections as one address may have.");
            case TAKEN ->
                upgrades.take(address)
                        ? null
                        : new Refused(TOO_MANY_REQUESTS, "Your address opens connections too quickly.");
        };
    }

    /** Whether a socket of that address may open another document now; this counts as an upgrade. */
    boolean mayJoin(String address) {
        return upgrades.take(address);
    }

    /** Whether an application at that address may send one more message to back ends now, which counts. */
    boolean mayTell(String address) {
        return messages.take(address);
    }

    void opened(String address) {
        sockets.count(address);
    }

    void closed(String address) {
        sockets.leave(address);
    }

    /** The number of upgrades refused so far. */
    long refused() {
        return sockets.refused();
    }
}
