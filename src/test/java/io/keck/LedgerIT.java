package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.crdt.Doc;
import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.store.StateVector;
import io.keck.crdt.store.Update;
import io.keck.protocol.Message;
import io.keck.testing.KeckProcess;
import io.keck.testing.RawClient;
import io.keck.testing.SyncClient;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * How well the ledger knows the heap, in each way in which peers fill it: the estimate beside what a full collection leaves.
 * The campaign takes twice as much of everything.
 */
class LedgerIT {
    private static final int TIMES = Boolean.getBoolean("keck.campaign") ? 2 : 1;
    private static final long MIB = 1 << 20;
    private static final double TOLERANCE = 0.25;
    /** What is too little to be measured. */
    private static final long NOISE = 4 * MIB;

    @TempDir
    private Path dir;

    private KeckProcess keck;
    private final List<AutoCloseable> open = new ArrayList<>();
    private long heapBefore;
    private long ledgerBefore;

    @BeforeEach
    void start() throws Exception {
        keck = KeckProcess.in(dir).jvm("-Xmx2g").start();
        try (SyncClient warm = SyncClient.join(keck.room("warm"))) {
            write(warm, "k", new byte[8 << 20]);
        }
        post("warm", "{\"a\":1}");
        keck.get("/api/block/warm/export?format=json");
        heapBefore = heap();
        ledgerBefore = keck.metric("keck.ledger.bytes");
    }

    @AfterEach
    void stop() throws Exception {
        for (AutoCloseable each : open) {
            each.close();
        }
        keck.close();
    }

    private long heap() throws Exception {
        for (int i = 0; i < 3; i++) {
            HttpRequest request = HttpRequest.newBuilder(
                            URI.create("http://127.0.0.1:" + keck.adminPort() + "/tasks/gc"))
                    .header("Keck-Admin", "1")
                    .POST(BodyPublishers.noBody())
                    .build();
            assertThat(KeckProcess.HTTP
                            .send(request, HttpResponse.BodyHandlers.discarding())
                            .statusCode())
                    .isEqualTo(200);
        }
        return keck.metric("jvm.memory.heap.used");
    }

    private void judge(String way) throws Exception {
        long real = heap() - heapBefore;
        long estimate = keck.metric("keck.ledger.bytes") - ledgerBefore;
        // what the last commit and its answers take beside what stays is gone after some collections
        for (int again = 0; again < 10 && real > estimate * (1 + TOLERANCE); again++) {
            real = heap() - heapBefore;
            estimate = keck.metric("keck.ledger.bytes") - ledgerBefore;
        }
        System.out.printf(
                "LedgerIT %s: estimate %.1f MiB, heap %.1f MiB, ratio %.2f %s%n",
                way, estimate / 1048576.0, real / 1048576.0, (double) estimate / real, kinds());
        assertThat((double) estimate).as(way).isBetween(real * (1 - TOLERANCE) - NOISE, real * (1 + TOLERANCE) + NOISE);
    }

    private String kinds() {
        return keck.healthMessage("memory");
    }

    private static void write(SyncClient client, String key, byte[] value) {
        Doc doc = new Doc();
        new Random(key.hashCode()).nextBytes(value);
        doc.getMap("m").set(key, value);
        put(client, doc.encodeStateAsUpdate());
    }

    /** Sends an update, and waits for the answer to a question that comes after it: then it is committed. */
    private static void put(SyncClient client, byte[] update) {
        int before = client.syncFrames();
        client.send(Message.update(update));
        client.send(Message.step1(Update.stateVector(update)));
        client.await("the commit", () -> client.syncFrames() > before);
    }

    /** Joins a room and stays. */
    private SyncClient join(String room) {
        SyncClient client = SyncClient.join(keck.room(room));
        open.add(client);
        return client;
    }

    private int post(String room, String json) throws Exception {
        keck.send("POST", "/api/block/" + room);
        HttpRequest request = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + keck.port() + "/api/block/" + room + "/map/x"))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(json))
                .build();
        return KeckProcess.HTTP
                .send(request, HttpResponse.BodyHandlers.discarding())
                .statusCode();
    }

    @Test
    void a_growingDocument() throws Exception {
        SyncClient client = join("grows");
        for (int i = 0; i < 4 * TIMES; i++) {
            write(client, "k" + i, new byte[15 << 20]);
        }
        judge("a, a growing document");
    }

    @Test
    void b_manyClients() throws Exception {
        SyncClient client = join("many");
        int clients = 60_000;
        for (int n = 0; n < 4 * TIMES; n++) {
            Encoder out = new Encoder();
            out.writeVarUint(clients);
            for (int i = 0; i < clients; i++) {
                out.writeVarUint(1);
                out.writeVarUint(1_000_000L * (n + 1) + i);
                out.writeVarUint(0);
                out.writeUint8(4);
                out.writeVarUint(1);
                out.writeVarString("t");
                out.writeVarString("x");
            }
            out.writeVarUint(0);
            put(client, out.toByteArray());
        }
        judge("b, many client ids");
    }

    @Test
    void c_manyStructs() throws Exception {
        SyncClient client = join("structs");
        int structs = 250_000;
        for (int n = 0; n < 2 * TIMES; n++) {
            Encoder out = new Encoder();
            out.writeVarUint(1);
            out.writeVarUint(structs);
            out.writeVarUint(77 + n);
            out.writeVarUint(0);
            for (int i = 0; i < structs; i++) {
                out.writeUint8(4);
                out.writeVarUint(1);
                out.writeVarString("t");
                out.writeVarString("x");
            }
            out.writeVarUint(0);
            put(client, out.toByteArray());
        }
        judge("c, many structs");
    }

    @Test
    void d_awareness() throws Exception {
        String json = "\"" + "x".repeat(60_000) + "\"";
        for (int socket = 0; socket < 4 * TIMES; socket++) {
            RawClient client = RawClient.connect(keck.room("aware" + socket));
            open.add(client::close);
            for (int part = 0; part < 10; part++) {
                Encoder states = new Encoder();
                states.writeVarUint(10);
                for (int i = 0; i < 10; i++) {
                    states.writeVarUint(1_000L * socket + 10L * part + i);
                    states.writeVarUint(1);
                    states.writeVarString(json);
                }
                Encoder out = new Encoder();
                out.writeVarUint(1);
                out.writeVarUint8Array(states.toByteArray());
                assertThat(client.sendNow(out.toByteArray())).isTrue();
            }
        }
        for (int socket = 0; socket < 4 * TIMES; socket++) {
            int number = socket;
            try (SyncClient witness = SyncClient.join(keck.room("aware" + number))) {
                witness.await("the last state", () -> witness.sees(1_000L * number + 99));
            }
        }
        judge("d, awareness");
    }

    @Test
    void e_manyReplicas() throws Exception {
        for (int i = 0; i < 8 * TIMES; i++) {
            SyncClient client = join("room" + i);
            write(client, "k", new byte[10 << 20]);
        }
        judge("e, a large room for each socket");
    }

    @Test
    void f_answersThatNobodyTakes() throws Exception {
        SyncClient client = join("asked");
        write(client, "k", new byte[15 << 20]);
        for (int i = 0; i < 5 * TIMES; i++) {
            WebSocketOnTcp deaf = new WebSocketOnTcp(keck.port(), "asked");
            open.add(deaf);
            Encoder vector = new Encoder();
            vector.writeVarUint(1);
            vector.writeVarUint(1_000 + i);
            vector.writeVarUint(1);
            deaf.send(Message.step1(StateVector.decode(vector.toByteArray())));
        }
        // all of them lack nearly everything, so they get one encoding, which the ledger counts once
        long atLeast = 5L * TIMES * (14 << 20);
        client.await("all answers", () -> keck.metric("keck.connections.backlog-bytes") > atLeast);
        judge("f, answers that nobody takes");
    }

    /** Large answers are files, of which the heap has a slice, exports as updates, too. */
    @Test
    void g_httpAnswersThatNobodyTakes() throws Exception {
        SyncClient client = join("read");
        write(client, "k", new byte[4 << 20]);
        assertThat(keck.get("/api/block/read/export?format=v1").statusCode()).isEqualTo(200);
        for (int i = 0; i < 6 * TIMES; i++) {
            Socket socket = new Socket("127.0.0.1", keck.port());
            open.add(socket);
            socket.setReceiveBufferSize(4 << 10);
            socket.getOutputStream()
                    .write("GET /api/block/read/export?format=v1 HTTP/1.1\r\nHost: localhost\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
        }
        client.await("all answers", () -> answers() >= 6 * TIMES);
        assertThat(keck.metric("keck.ledger.bytes") - ledgerBefore)
                .as("the document, and a slice of each answer")
                .isLessThan(20 * MIB);
        judge("g, HTTP answers that nobody takes");
    }

    private int answers() {
        return keck.admin("/metrics/prometheus")
                .lines()
                .filter(line -> line.startsWith("keck_ledger_kind_bytes{kind=\"answer\"}"))
                .mapToInt(line -> (int) (Double.parseDouble(line.substring(line.indexOf(' '))) / (32 << 10)))
                .findFirst()
                .orElse(0);
    }

    @Test
    void h_documentsOfBackEnds() throws Exception {
        StringBuilder json = new StringBuilder("{");
        for (int i = 0; i < 20_000; i++) {
            json.append(i == 0 ? "" : ",")
                    .append("\"key")
                    .append(i)
                    .append("\":{\"a\":")
                    .append(i)
                    .append("}");
        }
        json.append("}");
        for (int i = 0; i < 6 * TIMES; i++) {
            assertThat(post("doc" + i, json.toString())).isEqualTo(200);
        }
        judge("h, documents of back ends");
    }

    /** A WebSocket that reads nothing but the answer to its upgrade. */
    private static final class WebSocketOnTcp implements AutoCloseable {
        private final Socket socket;

        WebSocketOnTcp(int port, String room) throws IOException {
            socket = new Socket();
            socket.setReceiveBufferSize(4 << 10);
            socket.connect(new java.net.InetSocketAddress("127.0.0.1", port));
            socket.getOutputStream()
                    .write(("GET /collaboration/" + room + " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                                    + "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                                    + "Sec-WebSocket-Version: 13\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            int last = 0;
            while (last != 0x0d0a0d0a) {
                last = last << 8 | socket.getInputStream().read();
            }
        }

        /** Sends a message of fewer than 126 bytes. */
        void send(byte[] message) throws IOException {
            byte[] frame = new byte[message.length + 6];
            frame[0] = (byte) 0x82;
            frame[1] = (byte) (0x80 | message.length);
            System.arraycopy(message, 0, frame, 6, message.length);
            socket.getOutputStream().write(frame);
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
