package io.keck.api;

import io.keck.access.Allowance;
import io.keck.access.Grant;
import io.keck.failure.Forbidden;
import io.keck.protocol.PercentEncoding;
import io.keck.protocol.RoomName;
import io.keck.room.RequestKey;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.Encoded;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import org.jspecify.annotations.Nullable;

/** What every call on a workspace may say: its name, how fresh an answer has to be, and what makes a repeat known. */
public final class Call {

    @Encoded
    @PathParam("workspace")
    private String workspace = "";

    @QueryParam("consistency")
    private @Nullable String consistency;

    @Context
    private @Nullable HttpServletRequest request;

    /** Filled in by Jersey. */
    public Call() {}

    /** The name of the workspace; refuses one that cannot be, with 400. */
    String workspace() {
        String name = decode(workspace);
        RoomName.problem(name).ifPresent(problem -> {
            throw Refusal.bad(problem);
        });
        return name;
    }

    /** Whether the replica of this node will do. */
    boolean isLocal() {
        if (consistency == null) {
            return false;
        }
        if (consistency.equals("local")) {
            return true;
        }
        throw Refusal.bad("consistency is \"local\" or left out.");
    }

    /** What makes a repeat of a write known, or null; to be asked once, when as much of the body is read as the call wants. */
    @Nullable
    RequestKey key() {
        return request == null ? null : KeyFilter.key(request);
    }

    /** Where the client is. */
    String address() {
        return request == null ? "" : request.getRemoteAddr();
    }

    /** The unused part of the limits of the call's grant. */
    Allowance allowance() {
        return NeedsFilter.allowance(request);
    }

    /** What the caller may do with the workspace; refuses a name that cannot be, as {@link #workspace} does. */
    Grant grant() {
        Grant grant = NeedsFilter.grant(request);
        if (!grant.document().equals(workspace())) {
            throw new Forbidden("for this document");
        }
        return grant;
    }

    /** A path segment without its percent signs; refuses what is not UTF-8, with 400. */
    static String decode(String segment) {
        String decoded = PercentEncoding.decode(segment);
        if (decoded == null) {
            throw Refusal.bad("The path is not percent-encoded UTF-8.");
        }
        return decoded;
    }
}
