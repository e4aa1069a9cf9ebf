package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.testing.Crowd;
import io.keck.testing.Eventually;
import io.keck.testing.KeckProcess;
import io.keck.testing.PostgresServer;
import io.keck.testing.RawClient;
import io.keck.testing.RawHttp;
import io.keck.testing.Seeds;
import io.keck.testing.SyncClient;
import io.keck.testing.Typist;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code DELETE /api/block/ROOM} on one of two nodes. */
class DeleteIT {
    @TempDir
    private static Path files;

    private static PostgresServer postgres;
    private static KeckProcess one;
    private static KeckProcess two;

    @BeforeAll
    static void start() {
        postgres = PostgresServer.start(files);
        one = node();
        two = node();
    }

    private static KeckProcess node(String... jvm) {
        return KeckProcess.on(postgres, "postgres", files).jvm(jvm).brief().start();
    }

    @AfterAll
    static void stop() {
        one.close();
        two.close();
        postgres.close();
    }

    private static HttpResponse<String> delete(KeckProcess node, String rawRoom) {
        return node.send("DELETE", "/api/block/" + rawRoom);
    }

    /** The status of an upgrade: 101 where the connection was made. */
    private static int upgrade(KeckProcess node, String rawRoom) {
        return RawHttp.upgrade(node, "/collaboration/" + rawRoom).status();
    }

    @Test
    void deletedUnderLoad_everySocketIsTold_onBothNodes_andOtherRoomsGoOn() {
        Random random = new Random(Seeds.next("DeleteIT"));
        int rounds = Boolean.getBoolean("keck.campaign") ? 50 : 2;
        try (Crowd other = Crowd.gather("other", 1, random, List.of(one, two))) {
            for (int round = 0; round < rounds; round++) {
                String room = "gone-" + round;
                try (Crowd crowd = Crowd.gather(room, 2, random, List.of(one, two))) {
                    crowd.awaitProgressAcross(1 + random.nextInt(200), 0, 1);
                    KeckProcess node = random.nextBoolean() ? one : two;
                    assertThat(delete(node, room).statusCode()).isEqualTo(204);
                    assertThat(upgrade(node, room))
                            .as("an upgrade a moment later")
                            .isEqualTo(404);
                    for (SyncClient client : crowd.all()) {
                        RawClient.End end = client.raw().awaitEnd();
                        assertThat(end.code()).as("round %d, %s", round, end).isEqualTo(4404);
                        assertThat(end.reason()).isNotBlank();
                    }
                    assertThat(upgrade(one, room)).isEqualTo(404);
                    assertThat(upgrade(two, room)).isEqualTo(404);
                    crowd.stopTyping();
                }
                other.awaitProgressAcross(10, 0, 1);
            }
            other.stopTyping();
            other.awaitEqual();
            other.assertConnected(0, 1);
        }
        assertThat(one.log()).doesNotContain("ERROR");
        assertThat(two.log()).doesNotContain("ERROR");
    }

    @Test
    void nodeThatNeverHadTheRoom_doesNotCreateItEither() {
        try (SyncClient client = SyncClient.join(one.room("hold"))) {
            assertThat(delete(two, "hold").statusCode()).isEqualTo(204);
            assertThat(client.raw().awaitEnd().code()).isEqualTo(4404);
        }
        try (KeckProcess late = node();
                RawClient client = RawClient.connect(late.room("hold"))) {
            // not final: a back end may create the document at any moment, and then newcomers get in
            assertThat(client.awaitEnd().code()).isEqualTo(1013);
            Eventually.await("the hold is known here", () -> upgrade(late, "hold") == 404);
        }
    }

    @Test
    void afterTheHold_theNameIsFree_andTheNewRoomIsEmpty() {
        try (KeckProcess brief = node("-Ddw.rooms.deletedNameHold=1s")) {
            Typist typist = new Typist(5);
            try (SyncClient client = SyncClient.join(brief.room("again"))) {
                byte[] old = typist.type("old");
                client.write(old);
                Crowd.awaitFresh(brief, "again", List.of(old));
                assertThat(delete(brief, "again").statusCode()).isEqualTo(204);
                assertThat(client.raw().awaitEnd().code()).isEqualTo(4404);
            }
            Eventually.await("the end of the hold", () -> upgrade(brief, "again") == 101);
            try (SyncClient client = SyncClient.join(brief.room("again"))) {
                assertThat(client.stateVector().asMap()).isEmpty();
                byte[] fresh = new Typist(6).type("new");
                client.write(fresh);
                Crowd.awaitFresh(brief, "again", List.of(fresh));
                assertThat(client.raw().isEnded()).isFalse();
            }
        }
    }

    @Test
    void badNames_andUnknownRooms() {
        for (String bad : List.of("%0A", "a%2F%2Fb", "x".repeat(256), "%C2%80")) {
            HttpResponse<String> answer = delete(one, bad);
            assertThat(answer.statusCode()).as(bad).isEqualTo(400);
            assertThat(answer.body()).as(bad).isNotBlank();
        }
        assertThat(RawHttp.ask(one, "DELETE", "/api/block/%2E%2E", "").status()).isEqualTo(400);
        assertThat(delete(one, "never-there").statusCode()).isEqualTo(204);
        assertThat(upgrade(one, "never-there"))
                .as("nothing was deleted, nothing is held")
                .isEqualTo(101);
        assertThat(delete(one, "%E6%88%BF%20%25").statusCode()).isEqualTo(204);
    }
}
