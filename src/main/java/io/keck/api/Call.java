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

/**
 * The parameters of every call on a document, which the interface of OctoBase calls a workspace: its name, the freshness of
 * the answer, and the idempotency key.
 */
public final class Call {

    @Encoded
    @PathParam("workspace")
    private String workspace = "";

    /** The name in paths of the interface for documents. */
    @Encoded
    @PathParam("document")
    private @Nullable String document;

    @Encoded
    @PathParam("name")
    private String name = "";

    @QueryParam("consistency")
    private @Nullable String consistency;

    @Context
    private @Nullable HttpServletRequest request;

    /** Filled in by Jersey. */
    public Call() {}

    /** The name of the workspace; refuses an invalid one with 400. */
    String workspace() {
        String decoded = decode(document == null ? workspace : document);
        RoomName.problem(decoded).ifPresent(problem -> {
            throw Refusal.bad(problem);
        });
        return decoded;
    }

    /** The name of the root that the path names; refuses bytes that are not UTF-8 with 400. */
    String root() {
        return decode(name);
    }

    /** Whether the current replica of this node suffices. */
    boolean isLocal() {
        if (consistency == null) {
            return false;
        }
        if (consistency.equals("local")) {
            return true;
        }
        throw Refusal.bad("consistency is \"local\" or left out.");
    }

    /** The idempotency key, or null; may be called once, after the call has read the part of the body that it needs. */
    @Nullable
    RequestKey key() {
        return request == null ? null : KeyFilter.key(request);
    }

    /** The address of the client. */
    String address() {
        return request == null ? "" : request.getRemoteAddr();
    }

    /** The unused part of the limits of the call's grant. */
    Allowance allowance() {
        return NeedsFilter.allowance(request);
    }

    /** The rights of the caller on the workspace; refuses an invalid name, as {@link #workspace} does. */
    Grant grant() {
        Grant grant = NeedsFilter.grant(request);
        if (!grant.document().equals(workspace())) {
            throw new Forbidden("for this document");
        }
        return grant;
    }

    /** Decodes a path segment; refuses bytes that are not UTF-8 with 400. */
    static String decode(String segment) {
        String decoded = PercentEncoding.decode(segment);
        if (decoded == null) {
            throw Refusal.bad("The path is not percent-encoded UTF-8.");
        }
        return decoded;
    }
}
