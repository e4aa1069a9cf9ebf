package io.keck.storage.log;

import io.keck.access.NameRange;
import io.keck.failure.RoomGone;
import io.keck.failure.RoomMissing;
import io.keck.failure.Unavailable;
import io.keck.room.EndedLives;
import io.keck.room.RequestKey;
import io.keck.room.UpdateLog;
import io.keck.room.UpdateLog.Begun;
import io.keck.room.UpdateLog.Contents;
import io.keck.room.UpdateLog.Named;
import io.keck.storage.database.Database;
import io.keck.storage.rows.NameKeys;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;
import org.jspecify.annotations.Nullable;

/**
 * Rooms by name: the current life of a name, the beginning and end of lives, and the lives that ended within the hold.
 * Opening a room reads all of this in one query. Thread-safe.
 */
final class NamedRooms {
    /** How often a name may get a new life between two statements before a read gives up. */
    private static final int ATTEMPTS = 10;
    /** How often other transactions may begin a life of the name before this one gives up. */
    private static final int INIT_ATTEMPTS = 20;

    private static final String LOOK = """
            SELECT id, 0 AS gone, 0 AS deleted_at, NULL AS clients
            FROM rooms WHERE name = :name AND deleted_at IS NULL
            UNION ALL
            SELECT * FROM (
              SELECT r.id, 1 AS gone, r.deleted_at, e.clients
              FROM rooms r LEFT JOIN ended_lives e ON e.room_id = r.id
              WHERE r.name = :name AND r.deleted_at > :since ORDER BY r.deleted_at DESC LIMIT :most
            ) ended
            ORDER BY gone, deleted_at DESC""";

    private static final String HELD = """
            SELECT MAX(deleted_at) FROM rooms WHERE name = :name AND deleted_at > :since
              AND NOT EXISTS (SELECT 1 FROM rooms WHERE name = :name AND deleted_at IS NULL)""";

    /** NAME stands for the name as the database sorts it by bytes. */
    private static final String LIST = """
            SELECT name, id, head, created_at FROM rooms
            WHERE deleted_at IS NULL AND (unmade = 0 OR head > 0)
              AND NAME >= :from AND NAME > :after""";

    private static final String DELETE =
            "UPDATE rooms SET deleted_at = :now WHERE name = :name AND deleted_at IS NULL RETURNING id";

    private final Database database;
    private final RoomLoads loads;
    private final List<LifeEnd> lifeEnds;
    private final String node;
    private final LogStatements statements;
    private final Clock clock;
    private final Duration deletedNameHold;

    NamedRooms(
            Database database,
            RoomLoads loads,
            LogStatements statements,
            String node,
            Duration deletedNameHold,
            List<LifeEnd> lifeEnds) {
        this.database = database;
        this.loads = loads;
        this.lifeEnds = lifeEnds;
        this.node = node;
        this.statements = statements;
        this.clock = database.clock();
        this.deletedNameHold = deletedNameHold;
    }

    /**
     * A room of a name.
     *
     * @param clients the stored client ids, or null
     */
    private record Life(long id, boolean gone, long deletedAt, byte @Nullable [] clients) {}

    private List<Life> look(Handle h, String name) {
        return h.createQuery(LOOK)
                .bind("name", name)
                .bind("since", heldSince())
                .bind("most", EndedLives.MAX_LIVES)
                .map((rs, ctx) -> new Life(rs.getLong(1), rs.getInt(2) == 1, rs.getLong(3), rs.getBytes(4)))
                .list();
    }

    private long heldSince() {
        return clock.millis() - deletedNameHold.toMillis();
    }

    // ------------------------------------------------------------------ reading

    /**
     * Finds the live room with a name, in the calling thread; empty if there is none.
     *
     * @throws RoomGone if there is none, and the name is held
     */
    Optional<Long> live(String name) {
        return liveOf(database.jdbi().withHandle(h -> look(h, name)));
    }

    private static Optional<Long> liveOf(List<Life> lives) {
        if (lives.isEmpty()) {
            return Optional.empty();
        }
        if (lives.get(0).gone()) {
            throw new RoomGone(lives.get(0).id());
        }
        return Optional.of(lives.get(0).id());
    }

    CompletionStage<Contents> find(String name) {
        return database.reading(() -> read(name).orElseThrow(() -> new RoomMissing(name)));
    }

    /** Reads the live room with a name, in the calling thread; fails like {@link #live}. */
    private Optional<Contents> read(String name) {
        for (int i = 0; i < ATTEMPTS; i++) {
            List<Life> lives = database.jdbi().withHandle(h -> look(h, name));
            Optional<Long> id = liveOf(lives);
            if (id.isEmpty()) {
                return Optional.empty();
            }
            try {
                Contents contents = loads.begin(id.get());
                return Optional.of(lives.size() == 1 ? contents : contents.after(ended(lives)));
            } catch (RoomGone e) {
                // this life ended between the two statements, and the name may have a new one
            }
        }
        throw new IllegalStateException("the room " + name + " was deleted repeatedly while it was read");
    }

    private EndedLives ended(List<Life> lives) {
        List<EndedLives.Life> ended = new ArrayList<>();
        for (Life life : lives) {
            if (life.gone()) {
                long left = life.deletedAt() + deletedNameHold.toMillis() - clock.millis();
                ended.add(new EndedLives.Life(clients(life), left));
            }
        }
        return EndedLives.of(ended);
    }

    /** Reads the client ids from the rows of an ended life, and stores them for other nodes. */
    private long[] clients(Life life) {
        byte[] kept = life.clients();
        if (kept != null) {
            return EndedClients.decode(kept);
        }
        long[] clients = database.jdbi().withHandle(h -> EndedClients.read(h, life.id()));
        var unused = database.change(
                life.id(),
                h -> EndedClients.keep(h, life.id(), clients, life.deletedAt() + deletedNameHold.toMillis()));
        return clients;
    }

    CompletionStage<Contents> open(String name) {
        return open(name, 1);
    }

    private CompletionStage<Contents> open(String name, int attempt) {
        return database.reading(() -> read(name))
                .thenCompose(found ->
                        found.isPresent() ? CompletableFuture.completedStage(found.get()) : create(name, attempt));
    }

    private CompletionStage<Contents> create(String name, int attempt) {
        return database.write(
                        name.hashCode(),
                        new LogWrite.Create(name, heldSince(), new CompletableFuture<>()),
                        LogWrite.Create::done)
                .thenCompose(id -> database.reading(() -> loads.begin(id)))
                .exceptionallyCompose(error -> isGone(error) && attempt < ATTEMPTS
                        ? open(name, attempt + 1) // deleted meanwhile: the name may be held now, or have a new life
                        : CompletableFuture.failedStage(error));
    }

    private static boolean isGone(Throwable error) {
        return (error instanceof CompletionException ? error.getCause() : error) instanceof RoomGone;
    }

    /** See {@link UpdateLog#names}. */
    CompletionStage<List<Named>> list(List<NameRange> ranges, String after, int limit) {
        return database.reading(() -> database.jdbi().withHandle(h -> {
            List<Named> found = new ArrayList<>();
            for (NameRange range : ranges) {
                String to = range.to();
                if (found.size() < limit && (to == null || NameRange.ORDER.compare(after, to) < 0)) {
                    found.addAll(list(h, range, after, limit - found.size()));
                }
            }
            return found;
        }));
    }

    private List<Named> list(Handle h, NameRange range, String after, int limit) {
        String sorted = database.dialect().isShared() ? "name COLLATE \"C\"" : "name"; // SQLite sorts by bytes anyway
        String to = range.to();
        String sql =
                (LIST + (to == null ? "" : " AND NAME < :to") + " ORDER BY NAME LIMIT :limit").replace("NAME", sorted);
        Query query = h.createQuery(sql)
                .bind("from", range.from())
                .bind("after", after)
                .bind("limit", limit);
        return (to == null ? query : query.bind("to", to))
                .map((rs, ctx) -> new Named(rs.getString(1), rs.getLong(2), rs.getLong(3), rs.getLong(4)))
                .list();
    }

    CompletionStage<Long> heldMillis(String name) {
        return database.reading(() -> database.jdbi()
                .withHandle(h -> h.createQuery(HELD)
                        .bind("name", name)
                        .bind("since", heldSince())
                        .map((rs, ctx) -> {
                            long deletedAt = rs.getLong(1);
                            return rs.wasNull()
                                    ? 0
                                    : Math.max(0, deletedAt + deletedNameHold.toMillis() - clock.millis());
                        })
                        .one()));
    }

    // ------------------------------------------------------------------ acts

    CompletionStage<Optional<Begun>> init(
            String name, UpdateLog.Entry entry, boolean replace, @Nullable RequestKey key) {
        LogWrite.Append first = new LogWrite.Append(0, List.of(entry), false, null, new CompletableFuture<>());
        return act(name, h -> {
            Optional<Begun> life = init(h, first, name, replace);
            NameKeys.claim(h, name, key, life.map(Begun::roomId).orElse(NameKeys.NO_ROOM), clock.millis());
            return life;
        });
    }

    CompletionStage<Optional<Long>> create(String name, @Nullable RequestKey key) {
        return act(name, h -> {
            Optional<Long> id = LogWriter.make(h, name, clock.millis());
            NameKeys.claim(h, name, key, id.orElse(NameKeys.NO_ROOM), clock.millis());
            return id;
        });
    }

    CompletionStage<Optional<Long>> delete(String name, @Nullable RequestKey key) {
        return act(name, h -> {
            long now = clock.millis();
            List<Long> ended = end(h, name, now);
            lifeEnds.forEach(part -> part.ended(h, name, now));
            NameKeys.claim(h, name, key, NameKeys.NO_ROOM, now);
            return ended.stream().findFirst();
        });
    }

    /** Ends the current life of a name; returns its id, if there was one. */
    static List<Long> end(Handle h, String name, long now) {
        return h.createQuery(DELETE)
                .bind("now", now)
                .bind("name", name)
                .mapTo(Long.class)
                .list();
    }

    /** Creates a room with one row, or does nothing if one exists that may not be replaced. */
    private Optional<Begun> init(Handle h, LogWrite.Append first, String name, boolean replace) {
        long now = clock.millis();
        List<Long> ended = new ArrayList<>();
        for (int i = 0; i < INIT_ATTEMPTS; i++) {
            // the room's clients stay connected, because there is no other content
            Optional<Long> met = LogWriter.claim(h, name);
            if (met.isPresent()) {
                statements.append(h, List.of(first.to(met.get())), new AuthorIds(clock), node, now);
                return Optional.of(new Begun(met.get(), List.copyOf(ended)));
            }
            if (replace) {
                ended.addAll(end(h, name, now));
            }
            Optional<Long> fresh = LogWriter.make(h, name, now);
            if (fresh.isPresent()) {
                if (!ended.isEmpty()) {
                    lifeEnds.forEach(part -> part.ended(h, name, now));
                }
                statements.append(h, List.of(first.to(fresh.get())), new AuthorIds(clock), node, now);
                return Optional.of(new Begun(fresh.get(), List.copyOf(ended)));
            }
            if (!replace) {
                return Optional.empty();
            }
            // Another transaction, for which the update had to wait, has begun a life that the update did not see; the
            // next statement sees it.
        }
        throw new Unavailable("others keep creating " + name + "", false); // rolls back everything
    }

    private <T> CompletionStage<T> act(String name, Function<Handle, T> work) {
        AtomicReference<@Nullable T> result = new AtomicReference<>();
        return database.change(name.hashCode(), h -> {
                    result.set(work.apply(h));
                    return true;
                })
                .thenApply(done -> Objects.requireNonNull(result.get()));
    }
}
