package io.keck.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Reads the server-sent events of a room over HTTP/1.0. It cuts its connection again and again, also in the middle of an
 * event, and resumes after the last complete one. To be run by a thread of its own; the other methods are thread-safe.
 */
public final class SseReader implements Runnable {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** An event. */
    public record Event(String name, String id, JsonNode data) {}

    private final String room;
    private final IntSupplier port;
    private final Random random;
    private final int cutsWanted;
    private final List<Event> events = new ArrayList<>();
    private volatile @Nullable String lastId;
    private volatile boolean finish;
    private volatile int cuts;
    private volatile int comments;
    private volatile @Nullable String refusal;
    private volatile boolean ended;
    private volatile boolean first;

    /**
     * A reader of the events of a room.
     *
     * @param port of the node to read from next
     * @param cuts how often it cuts the stream. With 0 it ends when the server ends the stream; otherwise it resumes, as a
     *     browser does when a node goes
     */
    public SseReader(String room, IntSupplier port, long seed, int cuts) {
        this.room = room;
        this.port = port;
        this.random = new Random(seed);
        this.cutsWanted = cuts;
    }

    /** Has the reader begin after the event with that id. */
    public SseReader from(String id) {
        lastId = id;
        return this;
    }

    /** Asks the reader to end after the event that it is reading. */
    public void finish() {
        finish = true;
    }

    @Override
    public void run() {
        while (!finish && refusal == null) {
            boolean cutting = cuts < cutsWanted;
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port.getAsInt())) {
                socket.setSoTimeout(cutting && first ? 5 + random.nextInt(80) : 7_000);
                String resume = lastId == null ? "" : "Last-Event-ID: " + lastId + "\r\n";
                socket.getOutputStream()
                        .write(("GET /api/block/" + room + "/subscribe/sse HTTP/1.0\r\nHost: localhost\r\n" + resume
                                        + "\r\n")
                                .getBytes(StandardCharsets.UTF_8));
                read(
                        new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8), 64),
                        cutting ? random.nextInt(4) : Integer.MAX_VALUE);
            } catch (IOException e) {
                // cut, by a time or because the node is gone
            }
            cuts++;
        }
        ended = true;
    }

    private void read(BufferedReader in, int most) throws IOException {
        String status = in.readLine();
        if (status == null) {
            return;
        }
        if (!status.contains(" 200 ")) {
            if (!status.contains(" 503 ")) {
                refusal = status;
            }
            return;
        }
        for (String line = in.readLine(); line != null && !line.isEmpty(); ) {
            line = in.readLine();
        }
        String name = "";
        String id = null;
        JsonNode data = null;
        int left = most;
        for (String line = in.readLine(); line != null && !finish; line = in.readLine()) {
            if (line.startsWith(":")) {
                comments++;
            } else if (line.startsWith("id:")) {
                id = line.substring(3).strip();
            } else if (line.startsWith("event:")) {
                name = line.substring(6).strip();
            } else if (line.startsWith("data:")) {
                data = JSON.readTree(line.substring(5));
            } else if (line.isEmpty()) {
                if (id != null) {
                    lastId = id;
                    first = true;
                }
                if (data != null) {
                    synchronized (events) {
                        events.add(new Event(name, String.valueOf(id), data));
                    }
                    if (left-- <= 0) {
                        return;
                    }
                }
                id = null;
                data = null;
            }
        }
        if (cutsWanted == 0 && !finish) {
            refusal = "the stream ended";
        }
    }

    /** The complete events so far. */
    public List<Event> events() {
        synchronized (events) {
            return List.copyOf(events);
        }
    }

    /** How often the connection was cut. */
    public int cuts() {
        return cuts;
    }

    /** How many comments were received. */
    public int comments() {
        return comments;
    }

    /** Whether it has received an id, from which it can resume. */
    public boolean hasBegun() {
        return first;
    }

    @Nullable
    String lastId() {
        return lastId;
    }

    /** The status line with which the server refused, or a note that the stream ended; null while neither has happened. */
    @Nullable
    public String refusal() {
        return refusal;
    }

    /** Whether the reader has ended. */
    public boolean isEnded() {
        return ended;
    }

    /** The V1 update that an event carries. */
    public static byte[] update(Event event) {
        JsonNode numbers = event.data().get("update");
        byte[] bytes = new byte[numbers.size()];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) numbers.get(i).asInt();
        }
        return bytes;
    }
}
