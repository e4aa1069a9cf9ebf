package io.keck.socket;

import io.keck.access.Allowance;
import io.keck.access.Decision;
import io.keck.access.Fault;
import io.keck.access.Grant;
import io.keck.access.Purpose;
import io.keck.access.Right;
import io.keck.access.Visit;
import io.keck.protocol.RoomName;
import org.jspecify.annotations.Nullable;

/** Decides whether a client may connect to a document now, for every protocol. Thread-safe. */
final class Admission {
    /**
     * The reason for which a client may not connect now.
     *
     * @param status the HTTP status
     * @param retryAfter seconds after which the client may try again; 0 if that is not known
     */
    record Refusal(int status, int retryAfter, String sentence) {
        /** Whether the same client may be admitted later, with the same credential and for the same name. */
        boolean passes() {
            return retryAfter > 0;
        }
    }

    /** The HTTP status if this node cannot open the room now. */
    static final int UNAVAILABLE = 503;

    private final SocketFactory.Gatekeeper gatekeeper;

    Admission(SocketFactory.Gatekeeper gatekeeper) {
        this.gatekeeper = gatekeeper;
    }

    /**
     * Returns the grant of a visit for a document, or the reason for which it has none. May block, as {@link Visit#on} does.
     *
     * @param purpose the purpose for which a ticket is accepted
     */
    Decision judge(Visit visit, String room, Purpose purpose) {
        Decision decision = judgeAgain(visit, room, purpose);
        return decision instanceof Decision.Admitted admitted
                ? withinLimits(visit.allowance(admitted.grant()), admitted, room)
                : decision;
    }

    /** As {@link #judge}, for a client that is connected to the document and shows another credential: it needs no other place. */
    Decision judgeAgain(Visit visit, String room, Purpose purpose) {
        Decision decision = Clearance.judge(visit, room, purpose);
        boolean lacks = decision instanceof Decision.Admitted admitted && lacksDocument(admitted.grant(), room);
        return lacks ? new Decision.Refused(Fault.FORBIDDEN) : decision;
    }

    /** Refuses a connection above the limit of its grant, or one whose first content would create a document above it. */
    private Decision withinLimits(Allowance allowance, Decision.Admitted admitted, String room) {
        Decision.Refused full = allowance.connection();
        if (full != null) {
            return full;
        }
        Decision.Refused noDocument = admitted.grant().allows(Right.WRITE) ? allowance.newDocument() : null;
        return noDocument != null && !gatekeeper.exists(room) ? noDocument : admitted;
    }

    /** Whether the document does not exist and the first content of this writer would create it. */
    private boolean lacksDocument(Grant grant, String room) {
        return grant.allows(Right.WRITE) && !grant.allows(Right.CREATE) && !gatekeeper.exists(room);
    }

    /** Returns the reason for which the address may not connect to the room now; null if it may. */
    @Nullable
    Refusal refusal(String address, String room) {
        if (gatekeeper.isHeld(room)) {
            return new Refusal(404, 60, "This document was deleted a moment ago.");
        } else if (!gatekeeper.accepts(room)) {
            return new Refusal(UNAVAILABLE, 1, "This node cannot open the room at the moment, please try again.");
        } else if (RoomName.problemOfNew(room).isPresent() && !gatekeeper.exists(room)) {
            return new Refusal(400, 0, RoomName.problemOfNew(room).get());
        } else if (!gatekeeper.mayBegin(address, room)) {
            return new Refusal(429, 60, "Your address has created too many documents within an hour; try again later.");
        }
        return null;
    }
}
