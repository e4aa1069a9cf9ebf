package io.keck.socket;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which document the path of a socket names, for each protocol. */
class DoorTest {
    @ParameterizedTest
    @CsvSource({
        "COLLABORATION, /collaboration/a%2Fb/c, a/b/c",
        "Y_SWEET, /d/a/ws/a, a",
        "Y_SWEET, /d/a%2Fb%20c/ws/a/b%20c, a/b c",
        "Y_SWEET, /d/a%2Fb%20c/ws/a%2Fb%20c, a/b c",
        "Y_SWEET, /d/a%2520b/ws/a%20b, a%20b",
        "PARTIES, /parties/main/room, room",
        "PARTIES, /parties/main/team/room, team/room",
        "PARTIES, /parties/board/room, board/room",
        "PARTY, /party/room, room",
        "PARTY, /party/a%2Fb, a/b"
    })
    void path_namesADocument(Door door, String path, String room) {
        assertThat(Door.of(path)).isEqualTo(door);
        assertThat(door.parse(path).room()).isEqualTo(room);
    }

    @ParameterizedTest
    @CsvSource({
        "Y_SWEET, /d/a, 404",
        "Y_SWEET, /d/, 404",
        "Y_SWEET, /d/ws/ws, 404",
        "Y_SWEET, /d/a/ws/b, 400",
        "Y_SWEET, /d//ws/, 400",
        "Y_SWEET, /d/%zz/ws/a, 400",
        "Y_SWEET, /d/../ws/.., 400",
        "PARTIES, /parties/main, 404",
        "PARTIES, /parties/, 400",
        "PARTIES, /parties/main/, 400",
        "PARTIES, /parties/%2E%2E/room, 400",
        "PARTY, /party/, 400",
        "PARTY, /party/%00, 400"
    })
    void otherPath_isRefusedWithASentence(Door door, String path, int status) {
        RoomPath parsed = door.parse(path);
        assertThat(parsed.room()).isNull();
        assertThat(parsed.status()).isEqualTo(status);
        assertThat(parsed.problem()).endsWith(".");
    }

    @Test
    void tickets_areForTheAddressesOfTheirProtocol() {
        assertThat(Door.Y_SWEET.purpose()).isNotEqualTo(Door.COLLABORATION.purpose());
        assertThat(Door.PARTIES.purpose()).isEqualTo(Door.COLLABORATION.purpose());
    }
}
