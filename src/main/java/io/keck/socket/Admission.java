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

/** Decides whether a client may connect to a document now. The same for all protocols. Thread-safe. */
final class Admission {
    /**
     * Why not now.
     *
     * @param status of HTTP
     * @param retryAfter seconds after which it may be otherwise; 0 where that is not known
     */
    record Refusal(int status, int retryAfter, String sentence) {
        /** Whether the same client may be let in later, with the same credential and for the same name. */
        boolean passes() {
            return retryAfter > 0;
        }
    }

    /** The status where this node cannot have the room open now. */
    static final int UNAVAILABLE = 503;

    private final SocketFactory.Gatekeeper gatekeeper;

    Admission(SocketFactory.Gatekeeper gatekeeper) {
        this.gatekeeper = gatekeeper;
    }

    /**
     * What the visit may do with the document, or why it may not connect to it. May wait, as {@link Visit#on} does.
     *
     * @param purpose what a ticket has to be for
     */
    Decision judge(Visit visit, String room, Purpose purpose) {
        Decision decision = judgeAgain(visit, room, purpose);
        return decision instanceof Decision.Admitted admitted
                ? withinLimits(visit.allowance(admitted.grant()), admitted, room)
                : decision;
    }

    /** The same for a client that is connected to the document, and shows another credential: it takes no other place. */
    Decision judgeAgain(Visit visit, String room, Purpose purpose) {
        Decision decision = Clearance.judge(visit, room, purpose);
        boolean lacks = decision instanceof Decision.Admitted admitted && lacksDocument(admitted.grant(), room);
        return lacks ? new Decision.Refused(Fault.FORBIDDEN) : decision;
    }

    /** Refuses a connection that would be one too many, or that would begin a document too many with its first content. */
    private Decision withinLimits(Allowance allowance, Decision.Admitted admitted, String room) {
        Decision.Refused full = allowance.connection();
        if (full != null) {
            return full;
        }
        Decision.Refused noDocument = admitted.grant().allows(Right.WRITE) ? allowance.newDocument() : null;
        return noDocument != null && !gatekeeper.exists(room) ? noDocument : admitted;
    }

    /** A writer would create the document with its first content. */
    private boolean lacksDocument(Grant grant, String room) {
        return grant.allows(Right.WRITE) && !grant.allows(Right.CREATE) && !gatekeeper.exists(room);
    }

    /** Why a connection from that address cannot be taken for the room now; null where it can. */
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
