package io.keck.api;

import io.keck.crdt.lib0.JsonValue;
import io.keck.feed.BlockHistory;
import io.keck.feed.ChangeLog.Change;
import io.keck.feed.Credit;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Server-sent events. Source: WHATWG HTML, 9.2. Stateless. */
final class EventFrames {
    private static final EventFrame COMMENT = EventFrame.of(":\n\n");

    private EventFrames() {}

    /** Says nothing: it shows that the connection lives. */
    static EventFrame comment() {
        return COMMENT;
    }

    /** An id without an event: a client that is disconnected can resume from here. */
    static EventFrame position(long roomId, long seq) {
        return EventFrame.of(id(roomId, seq) + '\n');
    }

    /** A row of the log. */
    static EventFrame update(long roomId, Change row, List<BlockHistory> histories) {
        return event("update", roomId, row.seq(), histories, row.payload(), new Credit(row.author(), row.at(), null));
    }

    /** A message of a client application. It has no id, because a client cannot resume after it. */
    static EventFrame clientMessage(String principal, String text) {
        return EventFrame.of("event:client-message\ndata:{\"by\":" + JsonValue.write(principal) + ",\"message\":"
                + JsonValue.write(text) + "}\n\n");
    }

    /** The whole document: the client must discard its state. */
    static EventFrame reset(long roomId, long seq, byte[] state) {
        return event("reset", roomId, seq, List.of(), state, null);
    }

    private static EventFrame event(
            String name, long roomId, long seq, List<BlockHistory> histories, byte[] update, @Nullable Credit credit) {
        StringBuilder out =
                new StringBuilder(id(roomId, seq)).append("event:").append(name).append("\ndata:{\"histories\":[");
        for (int i = 0; i < histories.size(); i++) {
            out.append(i == 0 ? "" : ",");
            histories.get(i).writeEventTo(out);
        }
        out.append("],\"update\":[");
        StringBuilder tail = new StringBuilder("]");
        if (credit != null) {
            credit.writeTo(tail);
        }
        return EventFrame.of(out, update, tail.append("}\n\n"));
    }

    private static String id(long roomId, long seq) {
        return "id:" + roomId + "-" + seq + "\n";
    }
}
