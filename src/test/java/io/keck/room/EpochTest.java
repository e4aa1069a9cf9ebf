package io.keck.room;

import static io.keck.room.World.ROOM;
import static org.assertj.core.api.Assertions.assertThat;

import io.keck.crdt.lib0.Decoder;
import io.keck.failure.RoomMissing;
import io.keck.protocol.CloseReason;
import io.keck.protocol.Message;
import io.keck.testing.Grants;
import io.keck.testing.OpenDocuments;
import org.junit.jupiter.api.Test;

/** Clients that say which life of the document their copy is of. */
class EpochTest extends SeveralNodes {
    private final World a = node(Twin.NONE);
    private final World b = node(Twin.NONE);

    private long create(World node) {
        return now(OpenDocuments.of(node.rooms).create(ROOM, doc -> 1)).roomId();
    }

    /** Deletes the document and creates it again with other content; the new epoch. */
    private long replace(World node) {
        now(OpenDocuments.of(node.rooms).delete(ROOM));
        long epoch = create(node);
        now(OpenDocuments.of(node.rooms)
                .write(ROOM, null, doc -> doc.getText("t").insert(0, "new"), doc -> 1));
        return epoch;
    }

    private FakeClient connected(World node, FakeClient client, long epoch) {
        client.epoch = epoch;
        client.connect(node.rooms, ROOM);
        settle();
        return client;
    }

    private static long toldEpoch(FakeClient client) {
        Decoder first = new Decoder(client.connection.frames.get(0));
        assertThat(first.readVarUint()).isEqualTo(Message.EPOCH);
        return Long.parseLong(first.readVarString());
    }

    private String text(World node) {
        return now(OpenDocuments.of(node.rooms)
                        .read(ROOM, false, doc -> doc.getText("t").toString()))
                .value();
    }

    @Test
    void epoch_isToldFirst_andOnlyToWhoAsks() {
        long epoch = create(a);
        assertThat(toldEpoch(connected(a, a.client(), 0))).isEqualTo(epoch);
        assertThat(toldEpoch(connected(b, b.client(), epoch))).isEqualTo(epoch);
        FakeClient stock = connected(a, a.client(), Connection.NO_EPOCH);
        assertThat(stock.connection.frames).isNotEmpty().noneMatch(frame -> frame[0] == Message.EPOCH);
    }

    @Test
    void copyOfAnotherLife_isClosedBeforeAnySync_onEveryNode() {
        long first = create(a);
        FakeClient client = connected(a, a.client(), 0);
        client.type("old");
        settle();
        client.disconnect();
        settle();
        long second = replace(b);
        for (World node : new World[] {a, b}) {
            connected(node, client, first);
            assertThat(client.connection.closed).isEqualTo(CloseReason.otherEpoch(second));
            assertThat(client.connection.frames).isEmpty();
        }
        assertThat(text(a)).isEqualTo("new");
        assertThat(toldEpoch(connected(a, a.client(), second))).isEqualTo(second);
    }

    /** The copy shows none of the client ids of the ended life, so that only the epoch tells it apart. */
    private FakeClient strangeCopy(World node, long epoch) {
        FakeClient client = node.client();
        client.type("double");
        return connected(node, client, epoch);
    }

    @Test
    void copyThatOnlyTheEpochTellsApart_isNotMerged() {
        long first = create(a);
        replace(b);
        long rows = a.rows();
        assertThat(strangeCopy(a, first).connection.closed).isNotNull();
        assertThat(a.rows()).isEqualTo(rows);
    }

    @Test
    void twin_withoutComparison_mergesTheCopy() {
        World twin = node(Twin.NO_EPOCHS);
        long first = create(twin);
        replace(b);
        long rows = twin.rows();
        assertThat(strangeCopy(twin, first).connection.closed).isNull();
        assertThat(twin.rows()).isGreaterThan(rows);
    }

    @Test
    void epochOfAName_isThatOfItsLife() {
        create(a);
        long second = replace(b);
        assertThat(now(a.rooms.epoch(Grants.on(ROOM)))).isEqualTo(second);
        assertThat(failure(a.rooms.epoch(Grants.on("none")))).isInstanceOf(RoomMissing.class);
    }
}
