package io.keck.socket;

import io.keck.access.Caller;
import io.keck.access.Decision;
import io.keck.access.Grant;
import io.keck.access.Purpose;
import io.keck.access.Visit;
import io.keck.heap.Rates;
import io.keck.protocol.Message;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Handles credentials that a y-websocket client shows on its open connection ({@link Message.Credential}). A valid one of the
 * same principal replaces the one that opened the connection; any other changes nothing. Each is answered. Used by the thread
 * that reads alone.
 */
final class Renewal {
    /** Credentials that one connection may show in quick succession. */
    static final int BURST = 5;
    /** Seconds after which it may show another one. */
    static final int EVERY_SECONDS = 10;

    private static final String TOO_MANY =
            "Too many credentials were shown; please wait " + EVERY_SECONDS + " s before the next one.";
    private static final String OTHER_PRINCIPAL =
            "The credential is of another principal than the connection; please connect with it.";
    private static final String KEY = "";
    private static final int MILLIS = 1_000;

    private final Sockets sockets;
    private final String room;
    private final String address;
    /** Created when the first credential is shown: most connections never show any. */
    private @Nullable Rates rates;

    Renewal(Sockets sockets, String room, String address) {
        this.sockets = sockets;
        this.room = room;
        this.address = address;
    }

    /**
     * Judges a credential. May block on a key server, the database or a back end.
     *
     * @param send receives the answer
     * @param sendIfIdle receives the answer to a credential above the rate: a client that does not read gets no more of them
     */
    void show(Clearance clearance, String credential, Consumer<byte[]> send, Consumer<byte[]> sendIfIdle) {
        Grant before = clearance.grant();
        if (before == null) {
            return; // the connection is about to be closed
        }
        if (!mayShow()) {
            sendIfIdle.accept(Message.notRenewed(TOO_MANY));
            return;
        }
        Visit shown = clearance.visit().showing(credential);
        Decision decision = sockets.admission().judgeAgain(shown, room, Purpose.SOCKET);
        if (decision instanceof Decision.Refused refused) {
            send.accept(Message.notRenewed(refused.fault().sentence()));
        } else if (decision instanceof Decision.Admitted admitted) {
            Grant grant = admitted.grant();
            if (grant.principal().id().equals(before.principal().id())) {
                clearance.renew(shown, grant, () -> send.accept(renewed(clearance)));
            } else {
                send.accept(Message.notRenewed(OTHER_PRINCIPAL));
            }
        }
    }

    private boolean mayShow() {
        Rates own = rates;
        if (own == null) {
            own = new Rates(1, sockets.clock());
            rates = own;
        }
        return own.take(KEY, 1.0 / EVERY_SECONDS, (double) BURST * EVERY_SECONDS) == 0
                && sockets.shares().mayJoin(address);
    }

    private static byte[] renewed(Clearance clearance) {
        Grant now = clearance.grant();
        long until = now == null || now.expiresAt() == Caller.NEVER ? 0 : now.expiresAt() / MILLIS;
        return Message.renewed(clearance.mayWrite(), until);
    }
}
