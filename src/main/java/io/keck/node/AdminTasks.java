package io.keck.node;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dropwizard.core.setup.Environment;
import io.dropwizard.metrics.servlets.AdminServlet;
import io.dropwizard.servlets.tasks.Task;
import io.keck.failure.RoomDamaged;
import io.keck.ops.LogLevelFilter;
import io.keck.room.RoomView;
import io.keck.room.Rooms;
import io.keck.socket.Sockets;
import io.keck.storage.Storage;
import io.keck.storage.log.JdbiUpdateLog;
import io.keck.storage.nodes.JdbiNodes;
import io.keck.thread.Threads;
import jakarta.servlet.DispatcherType;
import java.io.PrintWriter;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Tasks for operators: {@code POST /tasks/<name>?parameters} on the admin port, answered in JSON. A bad request is answered
 * with a sentence in {@code error}.
 */
public final class AdminTasks {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int PAGE = 100;
    private static final int LARGEST_PAGE = 1_000;
    private static final long PATIENCE_MILLIS = 2_000;

    private final RoomRuntime runtime;
    private final JdbiUpdateLog log;
    private final JdbiNodes nodes;
    private final Sockets sockets;
    private final Kicks kicks;
    private final AtomicBoolean sendingAway = new AtomicBoolean();

    public AdminTasks(RoomRuntime runtime, Storage storage, Sockets sockets, Kicks kicks) {
        this.runtime = runtime;
        this.log = storage.log();
        this.nodes = storage.nodes();
        this.sockets = sockets;
        this.kicks = kicks;
    }

    /** The work of a task, which fills in its answer. */
    @FunctionalInterface
    private interface Work {
        void run(Map<String, List<String>> parameters, ObjectNode answer) throws Exception;
    }

    /** Thrown for a request with bad parameters; the message is a sentence for the operator. */
    private static final class BadQuestion extends RuntimeException {
        private static final long serialVersionUID = 1L;

        BadQuestion(String sentence) {
            super(sentence, null, false, false);
        }
    }

    /**
     * Registers {@code rooms}, {@code room}, {@code kick}, {@code compact}, {@code drain}, {@code undrain} and
     * {@code rotate-bus-key}. Restricts Dropwizard's task for log levels to Keck's own loggers.
     */
    public void addTo(Environment environment) {
        add(environment, "rooms", this::rooms);
        add(environment, "room", this::room);
        add(environment, "kick", this::kick);
        add(environment, "compact", this::compact);
        add(environment, "drain", this::drain);
        add(environment, "undrain", this::undrain);
        add(environment, "rotate-bus-key", this::rotateBusKey);
        environment
                .admin()
                .addFilter("bodies", new AdminBodies())
                .addMappingForUrlPatterns(EnumSet.of(DispatcherType.REQUEST), false, "/*");
        environment
                .admin()
                .addFilter("log-level", new LogLevelFilter())
                .addMappingForUrlPatterns(EnumSet.of(DispatcherType.REQUEST), false, LogLevelFilter.PATH);
        environment.getAdminContext().setInitParameter(AdminServlet.CPU_PROFILE_ENABLED_PARAM_KEY, "false");
    }

    /** Creates a new key for the bus; the previous key is accepted until the next rotation. */
    private void rotateBusKey(Map<String, List<String>> parameters, ObjectNode answer) {
        nodes.rotate();
        answer.put("rotated", true);
    }

    private static void add(Environment environment, String name, Work work) {
        environment.admin().addTask(new Task(name, "application/json") {
            @Override
            public void execute(Map<String, List<String>> parameters, PrintWriter out) throws Exception {
                ObjectNode answer = JSON.createObjectNode();
                try {
                    work.run(parameters, answer);
                } catch (BadQuestion e) {
                    answer.removeAll().put("error", e.getMessage());
                }
                out.println(answer.toPrettyString());
            }
        });
    }

    private static @Nullable String optional(Map<String, List<String>> parameters, String name) {
        List<String> values = parameters.get(name);
        return values == null || values.isEmpty() ? null : values.get(0);
    }

    private static String required(Map<String, List<String>> parameters, String name) {
        String value = optional(parameters, name);
        if (value == null || value.isEmpty()) {
            throw new BadQuestion("The parameter " + name + " is missing.");
        }
        return value;
    }

    private static int number(Map<String, List<String>> parameters, String name, int byDefault, int most) {
        String value = optional(parameters, name);
        try {
            int number = value == null ? byDefault : Integer.parseInt(value);
            if (number >= 0 && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            // the refusal below is the answer
        }
        throw new BadQuestion("The parameter " + name + " must be a number from 0 to " + most + ".");
    }

    // ------------------------------------------------------------------ rooms

    private void rooms(Map<String, List<String>> parameters, ObjectNode answer) {
        Rooms rooms = runtime.rooms();
        int offset = number(parameters, "offset", 0, Integer.MAX_VALUE);
        int limit = number(parameters, "limit", PAGE, LARGEST_PAGE);
        answer.put("total", rooms.size());
        answer.put("offset", offset);
        ArrayNode list = answer.putArray("rooms");
        var views = rooms.names(offset, limit).stream()
                .map(rooms::look)
                .toList(); // ask all rooms before waiting for the first
        long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(PATIENCE_MILLIS);
        for (var view : views) {
            RoomView room = await(view.toCompletableFuture(), until);
            if (room != null) {
                list.add(node(room));
            }
        }
    }

    /** The view of a room; null if the room has closed or does not answer in time. */
    private static @Nullable RoomView await(
            java.util.concurrent.CompletableFuture<@Nullable RoomView> view, long until) {
        try {
            return view.get(Math.max(0, until - System.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (TimeoutException | ExecutionException e) {
            return null;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        }
    }

    private static ObjectNode node(RoomView room) {
        ObjectNode node = JSON.createObjectNode();
        node.put("name", room.name());
        node.put("id", room.roomId());
        node.put("state", room.damage() == null ? room.state() : "quarantined");
        node.put("connections", room.members());
        node.put("applied", room.applied());
        node.put("waitingBytes", room.waitingBytes());
        node.put("unsaved", room.unsaved());
        if (room.damage() != null) {
            node.put("damage", room.damage());
        }
        return node;
    }

    private void room(Map<String, List<String>> parameters, ObjectNode answer) {
        String name = required(parameters, "room");
        long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(PATIENCE_MILLIS);
        RoomView view = await(runtime.rooms().look(name).toCompletableFuture(), until);
        answer.put("name", name);
        if (view == null) {
            answer.putNull("here");
        } else {
            answer.set("here", node(view));
        }
        ArrayNode connections = answer.putArray("connections");
        for (Sockets.View connection : sockets.of(name)) {
            connections
                    .addObject()
                    .put("id", connection.id())
                    .put("address", connection.address())
                    .put("backlogBytes", connection.backlog())
                    .put("silentMillis", connection.silentMillis());
        }
        log.stored(name)
                .ifPresentOrElse(
                        stored -> answer.putObject("stored")
                                .put("id", stored.id())
                                .put("head", stored.head())
                                .put(
                                        "createdAt",
                                        java.time.Instant.ofEpochMilli(stored.createdAt())
                                                .toString())
                                .put("snapshot", stored.snapshot())
                                .put("snapshotBytes", stored.snapshotBytes())
                                .put("rows", stored.rows())
                                .put("rowBytes", stored.rowBytes()),
                        () -> answer.putNull("stored"));
    }

    private void kick(Map<String, List<String>> parameters, ObjectNode answer) {
        String name = required(parameters, "room");
        String connection = optional(parameters, "connection");
        Kicks.Result result = kicks.kick(name, connection == null ? "" : connection);
        answer.put("room", name);
        answer.put("endedHere", result.here());
        answer.put("toldBus", result.toldBus());
        answer.put("toldDatabase", result.toldDatabase());
    }

    private void compact(Map<String, List<String>> parameters, ObjectNode answer) {
        String name = required(parameters, "room");
        try {
            answer.put("folded", log.compact(name));
        } catch (RoomDamaged e) {
            throw new BadQuestion("No rows were folded: " + e.getMessage() + ". See doctor.");
        }
        log.stored(name)
                .ifPresent(stored ->
                        answer.put("snapshot", stored.snapshot()).put("snapshotBytes", stored.snapshotBytes()));
    }

    private void drain(Map<String, List<String>> parameters, ObjectNode answer) {
        runtime.drainByOperator(true);
        answer.put("draining", true);
        answer.put("connections", sockets.size());
        if (sendingAway.compareAndSet(false, true)) {
            Threads.daemon("drain", () -> {
                        try {
                            sockets.restart();
                        } finally {
                            sendingAway.set(false);
                        }
                    })
                    .start();
        }
    }

    private void undrain(Map<String, List<String>> parameters, ObjectNode answer) {
        runtime.drainByOperator(false);
        answer.put("draining", runtime.isDraining());
        answer.put("connections", sockets.size());
    }
}
