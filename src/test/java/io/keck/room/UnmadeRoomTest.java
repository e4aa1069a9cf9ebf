package io.keck.room;

import static io.keck.room.World.ROOM;
import static org.assertj.core.api.Assertions.assertThat;

import io.keck.crdt.Doc;
import io.keck.crdt.store.Update;
import io.keck.failure.RoomMissing;
import io.keck.protocol.CloseReason;
import io.keck.testing.Grants;
import io.keck.testing.OpenDocuments;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A room that clients have only connected to: back ends do not see it before it has content, and it costs nothing later. */
class UnmadeRoomTest extends SeveralNodes {
    private static final Safeguards SHOWING = new Safeguards() {
        @Override
        public boolean hidesUnmadeRooms() {
            return false;
        }
    };

    private final World a = node(Twin.NONE);
    private final World b = node(Twin.NONE);

    /** What is in the room for a back end of that node; null where there is none. */
    private @Nullable String read(World node) {
        CompletionStage<Documents.Answer<String>> read = OpenDocuments.of(node.rooms)
                .read(ROOM, false, doc -> doc.getText("t").toString());
        settle();
        try {
            return read.toCompletableFuture().getNow(null).value();
        } catch (CompletionException e) {
            assertThat(e.getCause()).isInstanceOf(RoomMissing.class);
            return null;
        }
    }

    private static byte[] hello() {
        Doc doc = new Doc();
        doc.getText("t").insert(0, "hello");
        return doc.encodeStateAsUpdate();
    }

    @Test
    void connectAlone_makesNothingForBackEnds_onAnyNode_untilContentIsCommitted() {
        FakeClient alice = a.joined();
        assertThat(read(a)).isNull();
        assertThat(read(b)).isNull();
        CompletionStage<?> found = b.rooms.find(Grants.on(ROOM));
        settle();
        assertThat(found.toCompletableFuture()).isCompletedExceptionally();
        alice.point("{}");
        settle();
        assertThat(read(a)).as("a cursor is no content").isNull();
        alice.type("x");
        settle();
        assertThat(read(a)).isNotNull();
        assertThat(read(b)).isNotNull();
    }

    @Test
    void roomWithoutContent_isRemoved_whenItsClientsAreGone() {
        FakeClient alice = a.joined();
        assertThat(log.rooms()).isEqualTo(1);
        alice.disconnect();
        settle();
        a.pass(100_000);
        assertThat(log.rooms()).isZero();

        FakeClient again = a.joined();
        again.type("x");
        settle();
        again.disconnect();
        settle();
        a.pass(100_000);
        assertThat(log.rooms()).as("it has content").isEqualTo(1);
    }

    @Test
    void roomThatABackEndMade_stays_thoughItIsEmpty() {
        OpenDocuments.of(a.rooms).create(ROOM, null, doc -> "");
        settle();
        FakeClient alice = a.joined();
        assertThat(read(a)).isEmpty();
        alice.disconnect();
        settle();
        a.pass(100_000);
        assertThat(log.rooms()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void backEndThatMakesIt_meetsItsClients_onBothNodes(boolean shared) {
        a.way.shared = shared;
        FakeClient alice = a.joined();
        CompletionStage<Documents.Answer<String>> made =
                OpenDocuments.of(a.rooms).create(ROOM, null, doc -> "");
        settle();
        assertThat(made.toCompletableFuture()).isCompleted();
        assertThat(read(a)).isEmpty();
        assertThat(read(b)).isEmpty();
        assertThat(alice.connection.closed).isNull();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void initOfIt_reachesItsClients_andClosesNobody(boolean replace) {
        FakeClient alice = a.joined();
        FakeClient bob = b.joined();
        byte[] content = hello();
        var init = OpenDocuments.of(b.rooms).init(ROOM, Update.decode(content), replace, null);
        settle();
        assertThat(init.toCompletableFuture().join()).isPresent();
        assertThat(read(a)).isEqualTo("hello");
        for (FakeClient client : new FakeClient[] {alice, bob}) {
            assertThat(client.connection.closed).isNull();
            assertThat(client.replica.reduce(Update.decode(content)).isEmpty()).isTrue();
        }
    }

    /** A node that unloads it does not know of the clients of the others: those come to no harm. */
    @Test
    void roomThatAnotherNodeRemoved_isThereAgain_forThoseWhoAreStillInIt() {
        FakeClient alice = a.joined();
        b.joined().disconnect();
        settle();
        b.pass(100_000);
        settle();
        assertThat(log.rooms()).isZero();
        byte[] typed = alice.type("x");
        settle();
        a.pass(500);
        settle();
        assertThat(alice.connection.closed).isNull();
        assertThat(read(b)).isNotNull();
        assertThat(a.saved().reduce(Update.decode(typed)).isEmpty()).isTrue();
    }

    @Test
    void deletedRoom_isMissing_whetherItWasMadeOrNot() {
        FakeClient alice = a.joined();
        a.rooms.delete(ROOM, null);
        settle();
        assertThat(alice.connection.closed).isEqualTo(CloseReason.deleted());
        assertThat(read(b)).isNull();
    }

    /** A reader of a document that does not exist may gain the right to write, but not that to create. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void writerThatMayNotCreate_createsNothing_andIsAskedOnceTheDocumentExists(boolean isGuarded) {
        World world = new World(World.SMALL, Rooms.Maker.with(new Safeguards() {
            @Override
            public boolean asksForCreate() {
                return isGuarded;
            }
        }));
        FakeClient alice = world.joined();
        alice.connection.mayCreate = false;
        alice.type("hello");
        world.settle();
        assertThat(world.rows()).isEqualTo(isGuarded ? 0 : 1);
        if (!isGuarded) {
            return;
        }
        assertThat(alice.connection.closed).isNull();
        world.pass(100_000);
        assertThat(world.rows()).as("not while the document is missing").isZero();
        FakeClient bob = world.joined();
        bob.type("bob ");
        world.settle();
        world.pass(1_000);
        assertThat(world.rows()).as("what was refused, after the first content").isEqualTo(2);
        world.assertAllEqualTheLog();
    }

    /** What each connection cost before. */
    @Test
    void withoutHiding_aConnectAloneMakesADocument_thatStays() {
        World world = new World(World.SMALL, Rooms.Maker.with(SHOWING));
        FakeClient alice = world.joined();
        var read = OpenDocuments.of(world.rooms)
                .read(ROOM, false, doc -> doc.getText("t").toString());
        world.settle();
        assertThat(read.toCompletableFuture().join().value()).isEmpty();
        alice.disconnect();
        world.settle();
        world.pass(100_000);
        assertThat(world.log.rooms()).isEqualTo(1);
    }

    /** A name that could be taken for another. */
    @Test
    void nameThatIsNoneForANewRoom_makesNone_butReachesOneThatIsThere() {
        String name = "e\u0301";
        FakeClient early = a.client();
        early.connect(a.rooms, name);
        var made = OpenDocuments.of(a.rooms).create(name, null, doc -> "");
        var init = OpenDocuments.of(a.rooms).init(name, Update.decode(hello()), true, null);
        settle();
        assertThat(early.connection.closed).isEqualTo(CloseReason.deleted());
        assertThat(made.toCompletableFuture()).isCompletedExceptionally();
        assertThat(init.toCompletableFuture()).isCompletedExceptionally();
        assertThat(log.rooms()).isZero();

        log.create(name);
        FakeClient late = a.client();
        late.connect(a.rooms, name);
        var read = OpenDocuments.of(b.rooms).create(name, null, doc -> "");
        settle();
        assertThat(late.connection.closed).isNull();
        assertThat(read.toCompletableFuture()).isCompleted();
    }
}
