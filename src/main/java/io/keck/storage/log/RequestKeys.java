package io.keck.storage.log;

import io.keck.failure.Refused;
import io.keck.room.Link;
import io.keck.room.RequestKey;
import io.keck.room.UpdateLog.Appended;
import io.keck.room.UpdateLog.Head;
import io.keck.storage.database.Write;
import io.keck.storage.rows.NameKeys;
import java.time.Clock;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;
import org.jspecify.annotations.Nullable;

/**
 * The keys of edits that were carried out. They are stored by the name of the room ({@link NameKeys}), and by its id in
 * {@code room_keys} for nodes of the previous release, which read only that table. Its oldest rows have no fingerprint
 * and match any request.
 *
 * <p>The keys of a transaction are inserted by one statement per table, always in the order of names and of rooms, so
 * that two transactions never deadlock. Used by one thread.
 */
final class RequestKeys {
    private static final String ROW = "(?, ?, ?, ?)";

    /** A deleted room stores no key, because its edit is carried out in the next life of the name. */
    private static final String INSERT_BY_NAME = """
            INSERT INTO name_keys (name, idempotency_key, request, room_id, created_at)
            SELECT r.name, c.column2, c.column3, r.id, c.column4
            FROM (VALUES %s) AS c JOIN rooms r ON r.id = c.column1
            WHERE r.deleted_at IS NULL ORDER BY r.name, c.column2
            ON CONFLICT DO NOTHING RETURNING room_id, idempotency_key""";

    private static final String INSERT_BY_ROOM = """
            INSERT INTO room_keys (room_id, idempotency_key, request, created_at) VALUES %s
            ON CONFLICT DO NOTHING RETURNING room_id, idempotency_key""";

    private static final String FIND = """
            SELECT k.request, k.room_id FROM rooms r JOIN name_keys k ON k.name = r.name
            WHERE r.id = :room AND r.deleted_at IS NULL AND k.idempotency_key = :key""";

    private static final String CORRECT = """
            UPDATE name_keys SET request =
              (SELECT k.request FROM room_keys k WHERE k.room_id = :room AND k.idempotency_key = :key)
            WHERE name = (SELECT name FROM rooms WHERE id = :room) AND idempotency_key = :key""";

    private static final Comparator<Claim> ORDER = Comparator.comparingLong(Claim::roomId)
            .thenComparing(claim -> claim.key().key());

    private final LogStatements statements;
    private final Clock clock;

    private record Claim(long roomId, RequestKey key) {
        RoomKey roomKey() {
            return new RoomKey(roomId, key.key());
        }
    }

    private record RoomKey(long roomId, String key) {}

    RequestKeys(LogStatements statements, Clock clock) {
        this.statements = statements;
        this.clock = clock;
    }

    /**
     * Claims the keys of edits in this transaction, in which their rooms are locked.
     *
     * @param appends at most one per room
     * @return the appends whose key was used before, each with its refusal
     */
    Map<LogWrite.Append, Refused> claim(Handle h, List<LogWrite.Append> appends) {
        Map<LogWrite.Append, Refused> used = new HashMap<>();
        Map<Claim, LogWrite.Append> claims = new HashMap<>();
        for (LogWrite.Append append : appends) {
            if (append.key() != null) {
                claims.put(new Claim(append.roomId(), append.key()), append);
            }
        }
        Set<RoomKey> free = insert(h, claims.keySet());
        claims.forEach((claim, append) -> {
            if (!free.contains(claim.roomKey())) {
                find(h, claim).ifPresent(how -> used.put(append, how)); // otherwise the room was deleted
            }
        });
        return used;
    }

    /** Claims the keys of edits that changed nothing. */
    void keep(Handle h, List<Write> writes, List<Runnable> outcomes) {
        List<LogWrite.Keep> keeps = writes.stream()
                .filter(LogWrite.Keep.class::isInstance)
                .map(LogWrite.Keep.class::cast)
                .toList();
        if (keeps.isEmpty()) {
            return;
        }
        Set<RoomKey> free = insert(
                h,
                keeps.stream().map(keep -> new Claim(keep.roomId(), keep.key())).toList());
        Map<Long, Head> heads =
                statements.heads(h, keeps.stream().map(LogWrite.Keep::roomId).collect(Collectors.toSet()));
        for (LogWrite.Keep keep : keeps) {
            Claim claim = new Claim(keep.roomId(), keep.key());
            Head head = heads.get(keep.roomId());
            if (head != null && free.remove(claim.roomKey())) {
                outcomes.add(() -> keep.done().complete(new Appended(head.seq(), head.link(), Link.UNKNOWN)));
                continue;
            }
            @Nullable Refused used = find(h, claim).orElse(null);
            outcomes.add(() ->
                    keep.done().completeExceptionally(used == null ? LogWriter.missing(keep.roomId(), head) : used));
        }
    }

    /** Inserts the keys that are free, except those of deleted rooms; returns the inserted keys. */
    private Set<RoomKey> insert(Handle h, Collection<Claim> claims) {
        if (claims.isEmpty()) {
            return new HashSet<>();
        }
        List<Claim> ordered = claims.stream().sorted(ORDER).toList();
        Set<RoomKey> free = insert(h, INSERT_BY_NAME, ordered);
        List<Claim> fresh =
                ordered.stream().filter(claim -> free.contains(claim.roomKey())).toList();
        if (!fresh.isEmpty()) {
            Set<RoomKey> before = new HashSet<>(free);
            before.removeAll(insert(h, INSERT_BY_ROOM, fresh));
            before.forEach(key -> correct(h, key));
            free.removeAll(before);
        }
        return free;
    }

    private Set<RoomKey> insert(Handle h, String statement, List<Claim> claims) {
        String rows = claims.stream().map(claim -> ROW).collect(Collectors.joining(", "));
        long now = clock.millis();
        try (Query query = h.createQuery(statement.formatted(rows))) {
            int at = 0;
            for (Claim claim : claims) {
                query.bind(at++, claim.roomId())
                        .bind(at++, claim.key().key())
                        .bind(at++, claim.key().fingerprint())
                        .bind(at++, now);
            }
            return new HashSet<>(query.map((rs, context) -> new RoomKey(rs.getLong(1), rs.getString(2)))
                    .list());
        }
    }

    /** Records a key under its name that a node of the previous release stored by room id only. */
    private static void correct(Handle h, RoomKey key) {
        h.createUpdate(CORRECT)
                .bind("room", key.roomId())
                .bind("key", key.key())
                .execute();
    }

    /** The earlier use of a key that is not free; empty if the room was deleted. */
    private static Optional<Refused> find(Handle h, Claim claim) {
        return h.createQuery(FIND)
                .bind("room", claim.roomId())
                .bind("key", claim.key().key())
                .map((rs, context) -> new Refused(rs.getLong(2), claim.key().contradicts(rs.getString(1))))
                .findFirst();
    }
}
