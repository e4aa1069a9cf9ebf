package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.protocol.HocuspocusMessage;
import io.keck.testing.ClientsOfTwoServers;
import io.keck.testing.Eventually;
import io.keck.testing.KeckProcess;
import io.keck.testing.NodeClients;
import io.keck.testing.Ports;
import io.keck.testing.RawClient;
import io.keck.testing.SseReader;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Unmodified clients of {@code @hocuspocus/provider} 2, 3 and 4 against the packaged jar. */
class HocuspocusIT extends ClientsOfTwoServers {
    private static final String NEWEST = "hocuspocus-provider-4";

    private static void open(String name, String document, String library) {
        clients.openHocuspocus(name, keck.port(), document, library, name, "");
    }

    @ParameterizedTest
    @ValueSource(strings = {"hocuspocus-provider-2", "hocuspocus-provider-3", NEWEST})
    void twoDocumentsOnOneSocket_beSideYWebsocket_areSyncedAndSaved(String library) {
        String one = "one-" + library;
        String other = "an/other-" + library;
        clients.openHocuspocus("h1", keck.port(), one, library, "shared", "");
        clients.openHocuspocus("h2", keck.port(), other, library, "shared", "");
        clients.open("y1", keck.port(), one);
        clients.open("y2", keck.port(), "an%2Fother-" + library);
        clients.awaitSynced("h1", "h2", "y1", "y2");
        clients.edit("h1", NodeClients.insert(0, "from h1"), new Object[] {"bold", 0, true});
        clients.edit("y1", NodeClients.insert(0, "from y1"));
        clients.edit("h2", NodeClients.insert(0, "from h2"));
        clients.awaitEqual("h1", "y1");
        clients.awaitEqual("h2", "y2");
        clients.awaitSaved("h1", "h2");
        assertThat(clients.text("y1")).contains("from h1").contains("from y1");
        assertThat(clients.text("y2")).isEqualTo("from h2");

        clients.awareness("h1", 1);
        clients.awareness("y1", 2);
        clients.awaitPresent(2, "h1", "y1");
        if (!library.endsWith("-2")) { // version 2 says nothing when it lets a document go
            clients.provider("h1", "detach", "");
            clients.awaitPresent(1, "y1");
        }
        clients.edit("h2", NodeClients.insert(0, "still there, "));
        clients.awaitEqual("h2", "y2");
        clients.awaitSaved("h2");
    }

    /** What the provider takes for saved has to be there after kill -9, and what was typed meanwhile comes. */
    @ParameterizedTest
    @ValueSource(strings = {"hocuspocus-provider-2", "hocuspocus-provider-3", NEWEST})
    void killedServer_hasWhatTheProviderCalledSaved_andGetsWhatWasTypedMeanwhile(String library, @TempDir Path own) {
        int port = Ports.free();
        KeckProcess first = at(own, port);
        try {
            clients.openHocuspocus("a", port, "doc", library, "a", "");
            clients.awaitSynced("a");
            clients.type("a", 200).join();
            clients.awaitSaved("a");
        } finally {
            first.kill();
        }
        clients.edit("a", NodeClients.insert(0, "offline"));
        assertThat(clients.isSaved("a")).isFalse();
        clients.disconnect("a");
        KeckProcess second = at(own, port);
        try {
            clients.openHocuspocus("b", port, "doc", library, "b", "");
            clients.awaitLength(200, "b");
            clients.connect("a");
            clients.awaitLength(207, "a", "b");
            clients.awaitEqual("a", "b");
            clients.provider("a", "forceSync", "");
            if (!library.endsWith("-2")) { // version 2 goes on counting what was under way when its connection broke
                clients.awaitSaved("a");
            }
        } finally {
            second.close();
        }
    }

    @Test
    void hundredDocumentsOnOneSocket_areSynced() {
        List<String> names = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            names.add("many-" + i);
            clients.openHocuspocus("many-" + i, keck.port(), "many-" + i, NEWEST, "many", "");
        }
        clients.awaitSynced(names.toArray(new String[0]));
        for (String name : names) {
            clients.edit(name, NodeClients.insert(0, name));
        }
        clients.awaitSaved(names.toArray(new String[0]));
        assertThat(clients.connects("many-0")).isEqualTo(1);
    }

    @Test
    void forcedSync_endsSaved_thoughUpdatesAreUnderWay() {
        open("a", "forced", NEWEST);
        clients.awaitSynced("a");
        for (int i = 0; i < 20; i++) {
            clients.edit("a", NodeClients.insert(0, "x"));
            clients.provider("a", "forceSync", "");
        }
        clients.awaitSaved("a");
    }

    @ParameterizedTest
    @ValueSource(strings = {"hocuspocus-provider-3", NEWEST})
    void reader_isReadOnly_isNeverCalledSaved_andIsNeverRefused(String library) {
        String document = "read-" + library;
        clients.openHocuspocus("w", guarded.port(), document, library, "w", writer.key());
        clients.openHocuspocus("r", guarded.port(), document, library, "r", reader.key());
        clients.awaitSynced("w", "r");
        clients.awaitSaved("r");
        clients.edit("w", NodeClients.insert(0, "written"));
        clients.awaitEqual("w", "r");
        clients.edit("r", NodeClients.insert(0, "never"));
        clients.edit("w", NodeClients.insert(0, "later "));
        clients.awaitSaved("w");
        Eventually.await("the reader sees it", () -> clients.text("r").contains("later"));
        assertThat(clients.text("w")).isEqualTo("later written");
        assertThat(clients.isSaved("r")).isFalse();
        assertThat(clients.events("r")).containsExactly("authenticated readonly");
        assertThat(clients.events("w")).containsExactly("authenticated read-write");

        clients.showToken("r", writer.key());
        Eventually.await(
                "what the reader typed comes in", () -> clients.text("w").contains("never"));
        clients.awaitEqual("w", "r");
        assertThat(clients.events("r")).contains("authenticated read-write");
    }

    @ParameterizedTest
    @ValueSource(strings = {"hocuspocus-provider-2", "hocuspocus-provider-3", NEWEST})
    void refusedToken_isToldTheProvider_andOtherDocumentsOfTheSocketGoOn(String library) {
        clients.openHocuspocus("good", guarded.port(), "good-" + library, library, "both", writer.key());
        clients.openHocuspocus("bad", guarded.port(), "bad-" + library, library, "both", "keck_nonsense");
        clients.awaitSynced("good");
        Eventually.await("the refusal", () -> !clients.events("bad").isEmpty());
        assertThat(clients.events("bad").get(0)).startsWith("refused ");
        clients.edit("bad", NodeClients.insert(0, "x"));
        clients.edit("good", NodeClients.insert(0, "y"));
        clients.awaitSaved("good");
        assertThat(clients.isSaved("bad")).isFalse();

        if (library.endsWith("-2")) {
            return; // it shows a token only when it connects
        }
        clients.showToken("bad", writer.key()); // it is let in, and a forced sync begins what opening did not
        Eventually.await("it is let in", () -> clients.events("bad").size() > 1);
        clients.provider("bad", "forceSync", "");
        clients.awaitSynced("bad");
        clients.awaitSaved("bad");
    }

    @Test
    void messagesOfApplications_reachBackEnds_andOnlyBackEndsReachAll() {
        open("a", "strings", NEWEST);
        clients.openHocuspocus("b", keck.port(), "strings", "hocuspocus-provider-2", "b", "");
        clients.openHocuspocus("c", keck.port(), "strings", "hocuspocus-provider-3", "c", "");
        clients.open("y", keck.port(), "strings");
        clients.openParty("p", keck.port(), "strings", "y-partyserver", Map.of(), Map.of());
        clients.openParty("k", keck.port(), "strings", "y-partykit", Map.of(), Map.of());
        clients.awaitSynced("a", "b", "c", "y", "p", "k");
        clients.edit("a", NodeClients.insert(0, "on"));
        clients.awaitEqual("a", "b", "c", "y", "p", "k");
        SseReader stream = new SseReader("strings", keck::port, 1, 0);
        Thread reading = new Thread(stream);
        reading.start();
        Eventually.await("the stream", stream::hasBegun);
        clients.provider("a", "sendStateless", "from a: é");
        clients.provider("p", "sendMessage", "from p");
        clients.sendFrame("a", frame(HocuspocusMessage.prefix("strings"), new byte[] {6, 1, 'x'}));
        Eventually.await("both in the stream", () -> stream.events().size() == 2);
        assertThat(stream.events())
                .extracting(event -> event.name() + event.data())
                .containsExactlyInAnyOrder(
                        "client-message{\"by\":\"anonymous\",\"message\":\"from a: é\"}",
                        "client-message{\"by\":\"anonymous\",\"message\":\"from p\"}");
        stream.finish();
        Eventually.await(
                "the webhook",
                () -> receiver.deliveries().stream()
                                .filter(delivery -> delivery.id().startsWith("message-"))
                                .count()
                        == 2);
        Eventually.await(
                "the broadcast of a client is counted",
                () -> keck.admin("/metrics/prometheus")
                        .contains("keck_connections_messages_ignored_total{kind=\"broadcast\"} 1.0"));

        keck.sendJson("POST", "/api/messages/strings", "{\"message\":\"from the back end: ü\"}");
        for (String name : List.of("a", "b", "c", "p")) {
            Eventually.await(name, () -> clients.events(name).contains("message from the back end: ü"));
            assertThat(clients.events(name)).noneMatch(event -> event.startsWith("message from " + name.charAt(0)));
            assertThat(clients.events(name))
                    .filteredOn(event -> event.startsWith("message "))
                    .hasSize(1);
        }
        clients.edit("y", NodeClients.insert(0, "still "));
        clients.awaitEqual("a", "b", "c", "y", "p", "k");
        for (String name : List.of("a", "b", "c", "y", "p", "k")) {
            assertThat(clients.closeCodes(name)).as(name).isEmpty();
        }
    }

    /** The other dialect: a message of its own, for a client that asks for it. */
    @Test
    void yWebsocketWithSaved1_knowsWhatIsSaved_alsoAReader() {
        clients.open("w", guarded.port(), "counted", Map.of("saved", "1", "token", writer.key()));
        clients.open("r", guarded.port(), "counted", Map.of("saved", "1", "token", reader.key()));
        clients.awaitSaved("w", "r");
        clients.type("w", 100).join();
        clients.awaitSaved("w");
        clients.awaitEqual("w", "r");
        assertThat(clients.isSaved("r")).isTrue();
        clients.edit("r", NodeClients.insert(0, "never"));
        clients.edit("w", NodeClients.insert(0, "on"));
        clients.awaitSaved("w");
        assertThat(clients.isSaved("r")).isFalse();
    }

    @Test
    void kick_endsOneDocument_andTheOtherGoesOn() {
        clients.openHocuspocus("k1", keck.port(), "kicked", NEWEST, "kick", "");
        clients.openHocuspocus("k2", keck.port(), "kept", NEWEST, "kick", "");
        clients.awaitSynced("k1", "k2");
        assertThat(keck.task("kick?room=kicked").toString()).contains("1");
        Eventually.await("it is told", () -> clients.events("k1").toString().contains("closed 1000"));
        clients.edit("k2", NodeClients.insert(0, "on"));
        clients.awaitSaved("k2");
        assertThat(clients.closeCodes("k2")).isEmpty();
    }

    @Test
    void malformedFrame_closesTheSocketWith4400() {
        open("a", "malformed", NEWEST);
        clients.awaitSynced("a");
        clients.sendFrame("a", new byte[] {(byte) 0xff, 0x7f, 0});
        clients.awaitClosed(1, "a");
        assertThat(clients.closeCodes("a")).startsWith(4400);
    }

    @Test
    void epochInTheAddress_isRefused_becauseASocketHasManyDocuments() {
        URI address = URI.create("ws://127.0.0.1:" + keck.port() + "/hocuspocus?epoch=42");
        try (RawClient client = RawClient.connect(address)) {
            RawClient.End end = client.awaitEnd();
            assertThat(end.code()).isEqualTo(4400);
            assertThat(end.reason()).contains("epoch is not known at /hocuspocus");
        }
    }

    @Test
    void otherRequests_areToldWhatItIs() {
        HttpResponse<String> got = keck.get("/hocuspocus");
        assertThat(got.statusCode()).isEqualTo(426);
        assertThat(keck.send("POST", "/hocuspocus").statusCode()).isEqualTo(405);
    }

    private static byte[] frame(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }
}
