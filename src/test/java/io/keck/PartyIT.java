package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.testing.ClientsOfTwoServers;
import io.keck.testing.Eventually;
import io.keck.testing.KeckProcess;
import io.keck.testing.NodeClients;
import io.keck.testing.Ports;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The unmodified providers of y-partyserver and y-partykit against the packaged jar. */
class PartyIT extends ClientsOfTwoServers {
    private static final String SERVER = "y-partyserver";
    private static final String KIT = "y-partykit";
    private static final Map<String, Object> MAIN = Map.of();
    private static final Map<String, String> SAVED = Map.of("saved", "1");
    private static final int MILLION = 1_000_000;

    @ParameterizedTest
    @ValueSource(strings = {SERVER, KIT})
    void rooms_areTheDocumentsOfAllOtherClients(String library) {
        String name = "room-" + library;
        clients.openParty("p", keck.port(), name, library, MAIN, SAVED);
        clients.openParty("other", keck.port(), name, library, Map.of("party", "board"), SAVED);
        clients.open("y", keck.port(), name);
        clients.open("y2", keck.port(), "board/" + name);
        clients.openYSweet("s", "ys://127.0.0.1:" + keck.port(), name, Map.of());
        clients.openHocuspocus("h", keck.port(), name, "hocuspocus-provider-4", "h", "");
        clients.awaitSynced("p", "other", "y", "y2", "s", "h");
        clients.edit("p", NodeClients.insert(0, "from p"), new Object[] {"bold", 0, true});
        clients.edit("y", NodeClients.insert(0, "from y"));
        clients.edit("s", NodeClients.insert(0, "from s"));
        clients.edit("other", NodeClients.insert(0, "elsewhere"));
        clients.awaitEqual("p", "y", "s", "h");
        clients.awaitEqual("other", "y2");
        clients.awaitSaved("p", "other", "s");
        assertThat(clients.text("y2")).isEqualTo("elsewhere");
        clients.awareness("p", Map.of("cursor", 1));
        clients.awareness("h", Map.of("cursor", 2));
        clients.awaitPresent(4, "p", "h"); // two have a state without a cursor
        clients.disconnect("p");
        clients.edit("p", NodeClients.insert(0, "offline"));
        clients.connect("p");
        clients.awaitEqual("p", "y", "s", "h");
        clients.awaitSaved("p");
        clients.openParty("reloaded", keck.port(), name, library, MAIN, SAVED);
        clients.awaitEqual("p", "reloaded");
    }

    @ParameterizedTest
    @ValueSource(strings = {SERVER, KIT})
    void killedServer_hasWhatWasCalledSaved_andGetsWhatWasTypedMeanwhile(String library, @TempDir Path own) {
        int port = Ports.free();
        KeckProcess first = at(own, port);
        try {
            clients.openParty("a", port, "doc", library, MAIN, SAVED);
            clients.awaitSynced("a");
            clients.type("a", 200).join();
            clients.awaitSaved("a");
            var unused = clients.type("a", 300);
        } finally {
            first.kill();
        }
        clients.edit("a", NodeClients.insert(0, "offline"));
        KeckProcess second = at(own, port);
        try {
            clients.open("y", port, "doc");
            clients.awaitLength(507, "a", "y");
            clients.awaitSaved("a");
        } finally {
            second.close();
        }
    }

    /** y-partykit sends it in nine parts; y-partyserver in one message. */
    @ParameterizedTest
    @ValueSource(strings = {SERVER, KIT})
    void eightMegabytes_comeInOnePiece(String library) {
        String name = "large-" + library;
        clients.openParty("a", keck.port(), name, library, MAIN, SAVED);
        clients.open("y", keck.port(), name);
        clients.awaitSynced("a", "y");
        clients.edit("a", NodeClients.insert(0, "x".repeat(8 * MILLION)));
        clients.awaitSaved("a");
        clients.awaitLength(8 * MILLION, "y");
        clients.edit("a", NodeClients.insert(0, "on"));
        clients.awaitSaved("a");
        assertThat(clients.closeCodes("a")).isEmpty();
    }

    /** Offline for so long that the first answer has parts. */
    @Test
    void largeOfflineEdits_comeInParts(@TempDir Path own) {
        clients.openParty("a", keck.port(), "large-offline", KIT, MAIN, SAVED);
        clients.awaitSynced("a");
        clients.disconnect("a");
        clients.edit("a", NodeClients.insert(0, "x".repeat(3 * MILLION)));
        clients.connect("a");
        clients.awaitSaved("a");
        clients.open("y", keck.port(), "large-offline");
        clients.awaitLength(3 * MILLION, "y");
    }

    @Test
    void partsThatDoNotFit_endThatConnectionAlone() {
        clients.open("bad", keck.port(), "parts");
        clients.open("good", keck.port(), "parts");
        clients.awaitSynced("bad", "good");
        clients.sendText("bad", "y-pk-batch#{\"id\":\"a\",\"type\":\"start\",\"size\":3,\"count\":1}");
        clients.sendFrame("bad", new byte[] {0, 0});
        clients.sendText("bad", "y-pk-batch#{\"id\":\"a\",\"type\":\"end\",\"size\":3,\"count\":1}");
        clients.awaitClosed(1, "bad");
        assertThat(clients.closeCodes("bad").get(0)).isEqualTo(4400);
        clients.edit("good", NodeClients.insert(0, "on"));
        clients.open("late", keck.port(), "parts");
        clients.awaitEqual("good", "late");
    }

    @ParameterizedTest
    @ValueSource(strings = {SERVER, KIT})
    void reader_isNeverCalledSavedWithAnEdit_andABadTokenIsRefused(String library) {
        String name = "rights-" + library;
        Map<String, String> read = Map.of("saved", "1", "token", reader.key());
        clients.openParty("w", guarded.port(), name, library, MAIN, Map.of("saved", "1", "token", writer.key()));
        clients.openParty("r", guarded.port(), name, library, MAIN, read);
        clients.openParty("bad", guarded.port(), name, library, MAIN, Map.of("token", "keck_nonsense"));
        clients.awaitSynced("w", "r");
        clients.edit("w", NodeClients.insert(0, "written"));
        clients.awaitSaved("w");
        clients.awaitEqual("w", "r");
        clients.edit("r", NodeClients.insert(0, "never"));
        clients.edit("w", NodeClients.insert(0, "on "));
        clients.awaitSaved("w");
        Eventually.await("the reader sees it", () -> clients.text("r").contains("on "));
        assertThat(clients.isSaved("r")).isFalse();
        assertThat(clients.text("w")).isEqualTo("on written");
        Eventually.await("it tries again", () -> clients.tries("bad") > 1);
        assertThat(clients.connects("bad")).isZero();
        assertThat(clients.text("bad")).isEmpty();
    }
}
