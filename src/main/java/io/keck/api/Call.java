package io.keck.api;

import io.keck.protocol.PercentEncoding;
import io.keck.protocol.RoomName;
import jakarta.ws.rs.Encoded;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import org.jspecify.annotations.Nullable;

/** What every call on a workspace may say: its name, how fresh an answer has to be, and what makes a repeat known. */
public final class Call {
    private static final int MAX_KEY = 255;

    @Encoded
    @PathParam("workspace")
    private String workspace = "";

    @QueryParam("consistency")
    private @Nullable String consistency;

    @HeaderParam("Idempotency-Key")
    private @Nullable String key;

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

    /** What makes a repeat of a write known, or null. */
    @Nullable
    String key() {
        if (key != null && (key.isBlank() || key.length() > MAX_KEY)) {
            throw Refusal.bad("An Idempotency-Key has 1 to " + MAX_KEY + " characters.");
        }
        return key;
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
