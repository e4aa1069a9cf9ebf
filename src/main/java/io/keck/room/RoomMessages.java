package io.keck.room;

import io.keck.access.Author;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The messages between the applications of clients and back ends, in one room. A message of a client goes to back ends alone:
 * to the webhook from the node that the client is connected to, and to those who follow the room on every node. Only a back end
 * reaches clients. Nothing is stored. Used only in the room's turns.
 */
final class RoomMessages {
    private final RoomScope room;
    private final List<Member> members;
    private final Watchers watchers;
    private final Consumer<Bus.Event> others;

    /**
     * Those of one room.
     *
     * @param members the room's own list
     * @param others sends events to the other nodes
     */
    RoomMessages(RoomScope room, List<Member> members, Watchers watchers, Consumer<Bus.Event> others) {
        this.room = room;
        this.members = members;
        this.watchers = watchers;
        this.others = others;
    }

    /** A member here has a message for back ends. */
    void came(@Nullable Author author, String text) {
        String principal = author == null ? Author.UNKNOWN : author.principal();
        Bus.Event.ClientMessage message = new Bus.Event.ClientMessage(principal, text);
        watchers.clientMessage(message);
        others.accept(message);
        room.context().clientMessages().sent(new ClientMessages.Sent(room.name(), principal, text));
    }

    /** A member on another node has one. */
    void cameElsewhere(Bus.Event.ClientMessage message) {
        watchers.clientMessage(message);
    }

    /** A back end has a message for all clients, here and on other nodes. */
    void broadcast(String text) {
        send(text);
        others.accept(new Bus.Event.Broadcast(text));
    }

    /** Sends a message of a back end to the members here, apart from those for which much waits already. */
    void send(String text) {
        long most = room.context().settings().maxBacklog();
        for (Member member : members) {
            if (member.connection.backlog() <= most) {
                member.connection.tell(text);
            }
        }
    }
}
