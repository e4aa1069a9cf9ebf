package io.keck.api;

import io.keck.protocol.RoomName;
import io.keck.room.RequestKey;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.Encoded;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
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

    /** What makes a repeat of a write known, or null; to be asked when the body is read. */
    @Nullable
    RequestKey key() {
        return request == null ? null : KeyFilter.key(request);
    }

    /** A path segment without its percent signs; refuses what is not UTF-8, with 400. */
    static String decode(String segment) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(segment.length());
        for (int i = 0; i < segment.length(); i++) {
            char c = segment.charAt(i);
            if (c != '%') {
                out.writeBytes(String.valueOf(c).getBytes(StandardCharsets.UTF_8));
                continue;
            }
            int high = i + 2 <= segment.length() - 1 ? Character.digit(segment.charAt(i + 1), 16) : -1;
            int low = high < 0 ? -1 : Character.digit(segment.charAt(i + 2), 16);
            if (low < 0) {
                throw notUtf8();
            }
            out.write(high << 4 | low);
            i += 2;
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(out.toByteArray()))
                    .toString();
        } catch (CharacterCodingException e) {
            throw notUtf8();
        }
    }

    private static Refusal notUtf8() {
        return Refusal.bad("The path is not percent-encoded UTF-8.");
    }
}
