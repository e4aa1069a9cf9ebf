package io.keck.room;

import static io.keck.room.World.ROOM;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.access.Author;
import io.keck.access.Origin;
import io.keck.access.Right;
import io.keck.failure.RoomMissing;
import io.keck.protocol.Message;
import io.keck.testing.Grants;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Messages between applications and back ends, in one room on two nodes. */
class RoomMessagesTest extends SeveralNodes {
    private static final Author ALICE = new Author("alice", Origin.SOCKET, Map.of());

    private final World a = node(Twin.NONE);
    private final World b = node(Twin.NONE);
    private FakeClient alice;
    private FakeClient neighbour;
    private FakeClient far;

    @BeforeEach
    void join() {
        alice = a.client();
        alice.author = ALICE;
        alice.connect(a.rooms, ROOM);
        neighbour = a.joined();
        far = b.joined();
        alice.type("x");
        settle();
    }

    /** Those who follow the room, as the streams of a node do. */
    private static final class Follower implements Watcher {
        final List<String> heard = new ArrayList<>();

        @Override
        public void risen(long roomId, long seq) {}

        @Override
        public void clientMessage(String principal, String text) {
            heard.add(principal + ": " + text);
        }

        @Override
        public void wentBack() {}

        @Override
        public void ended(RuntimeException why) {}
    }

    private void say(FakeClient client, String text) {
        client.seat.receive(List.of(new Message.ClientMessage(text)), text.length());
        settle();
    }

    private List<List<String>> told() {
        return List.of(alice.connection.told, neighbour.connection.told, far.connection.told);
    }

    @Test
    void messageOfAClient_reachesBackEndsOnEveryNode_andNoOtherClient() {
        Follower here = new Follower();
        Follower there = new Follower();
        a.rooms.watch(Grants.on(ROOM), here);
        b.rooms.watch(Grants.on(ROOM), there);
        List<ClientMessages.Sent> ofA = new ArrayList<>();
        List<ClientMessages.Sent> ofB = new ArrayList<>();
        a.rooms.clientMessages().listen(ofA::add);
        b.rooms.clientMessages().listen(ofB::add);
        settle();
        int before = neighbour.connection.frames.size();

        say(alice, "order a print");
        say(far, "and another");

        assertThat(here.heard).containsExactly("alice: order a print", "unknown: and another");
        assertThat(there.heard).isEqualTo(here.heard);
        assertThat(ofA).containsExactly(new ClientMessages.Sent(ROOM, "alice", "order a print"));
        assertThat(ofB).containsExactly(new ClientMessages.Sent(ROOM, "unknown", "and another"));
        assertThat(told()).allSatisfy(heard -> assertThat(heard).isEmpty());
        assertThat(neighbour.connection.frames).hasSize(before);
    }

    @Test
    void messageOfABackEnd_reachesAllClientsOfTheDocument_onEveryNode() {
        FakeClient elsewhere = a.client();
        elsewhere.connect(a.rooms, "other");
        settle();
        for (World node : nodes) {
            now(node.rooms.documents().broadcast(Grants.of("shop", ROOM, Right.MESSAGES), "printed"));
        }
        settle();
        assertThat(told()).allSatisfy(heard -> assertThat(heard).containsExactly("printed", "printed"));
        assertThat(elsewhere.connection.told).isEmpty();
    }

    @Test
    void messageForADocumentThatIsNotThere_isRefused_andSoIsOneThatIsTooLong() {
        Documents documents = a.rooms.documents();
        assertThat(failure(documents.broadcast(Grants.of("shop", "none", Right.MESSAGES), "x")))
                .isInstanceOf(RoomMissing.class);
        assertThatThrownBy(() ->
                        documents.broadcast(Grants.of("shop", ROOM, Right.MESSAGES), "x".repeat(Message.MAX_TEXT + 1)))
                .isInstanceOf(IllegalArgumentException.class);
        settle();
        assertThat(told()).allSatisfy(heard -> assertThat(heard).isEmpty());
    }

    /** A node whose room is not open yet opens it to reach the clients of the others. */
    @Test
    void nodeWithoutTheRoom_reachesTheClientsOfOthers() {
        World c = node(Twin.NONE);
        now(c.rooms.documents().broadcast(Grants.of("shop", ROOM, Right.MESSAGES), "hello"));
        settle();
        assertThat(told()).allSatisfy(heard -> assertThat(heard).containsExactly("hello"));
    }

    /** Whoever reads nothing would hold every message in the memory of the node. */
    @Test
    void clientForWhichMuchWaits_misses_andHearsTheNextOneAgain() {
        far.connection.slow = true;
        String much = "y".repeat(100);
        for (long size = 0; size <= World.SMALL.maxBacklog(); size += 100) {
            alice.type(much);
            settle();
        }
        assertThat(far.connection.backlog()).isGreaterThan(World.SMALL.maxBacklog());
        var unused = b.rooms.documents().broadcast(Grants.of("shop", ROOM, Right.MESSAGES), "missed");
        settle();
        far.connection.drain(far.seat);
        settle();
        var again = b.rooms.documents().broadcast(Grants.of("shop", ROOM, Right.MESSAGES), "heard");
        settle();
        assertThat(far.connection.told).containsExactly("heard");
        assertThat(alice.connection.told).containsExactly("missed", "heard");
    }
}
