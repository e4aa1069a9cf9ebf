package io.keck.storage;

import io.keck.room.RequestKey;
import io.keck.room.UpdateLog;
import io.keck.room.UpdateLog.Appended;
import io.keck.room.UpdateLog.Head;
import io.keck.room.UpdateLog.KeyUsedException;
import java.time.Clock;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;

/**
 * The keys of requests that were carried out, in {@code room_keys}. Each room has its own; rows of a release before this
 * one name no request, and match any. Keys are inserted in the order of rooms, whatever inserts them, so that two
 * transactions never wait for each other. Used by one thread.
 */
final class RequestKeys {
    private static final String ROW = "(?, ?, ?, ?)";

    private static final String INSERT = """
            INSERT INTO room_keys (room_id, idempotency_key, request, created_at) VALUES %s
            ON CONFLICT DO NOTHING RETURNING room_id, idempotency_key""";

    private static final String FIND = "SELECT request FROM room_keys WHERE room_id = :room AND idempotency_key = :key";

    private final Dialect dialect;
    private final Clock clock;

    private record Claim(long roomId, RequestKey key) {}

    private record RoomKey(long roomId, String key) {}

    RequestKeys(Dialect dialect, Clock clock) {
        this.dialect = dialect;
        this.clock = clock;
    }

    /** Takes a key for a room, in this transaction; why not where the room has it already. */
    Optional<KeyUsedException> claim(Handle h, long roomId, RequestKey key) {
        return insert(h, List.of(new Claim(roomId, key))).isEmpty()
                ? Optional.of(used(h, roomId, key))
                : Optional.empty();
    }

    /** Takes the keys of edits that changed nothing. */
    void keep(Handle h, List<Write> writes, List<Runnable> outcomes) {
        List<Write.Keep> keeps = writes.stream()
                .filter(Write.Keep.class::isInstance)
                .map(Write.Keep.class::cast)
                .sorted(Comparator.comparingLong(Write.Keep::roomId)
                        .thenComparing(keep -> keep.key().key()))
                .toList();
        if (keeps.isEmpty()) {
            return;
        }
        Set<RoomKey> fresh = insert(
                h,
                keeps.stream().map(keep -> new Claim(keep.roomId(), keep.key())).toList());
        Map<Long, Head> heads =
                dialect.heads(h, keeps.stream().map(Write.Keep::roomId).collect(Collectors.toSet()));
        for (Write.Keep keep : keeps) {
            Head head = heads.get(keep.roomId());
            if (head == null || head.deleted()) {
                outcomes.add(() -> keep.done().completeExceptionally(LogWriter.missing(keep.roomId(), head)));
            } else if (fresh.remove(new RoomKey(keep.roomId(), keep.key().key()))) {
                outcomes.add(() -> keep.done().complete(new Appended(head.seq(), head.link(), UpdateLog.UNKNOWN_LINK)));
            } else {
                KeyUsedException used = used(h, keep.roomId(), keep.key());
                outcomes.add(() -> keep.done().completeExceptionally(used));
            }
        }
    }

    /** Inserts those that are not there, in one statement; which those were. */
    private Set<RoomKey> insert(Handle h, List<Claim> claims) {
        String rows = claims.stream().map(claim -> ROW).collect(Collectors.joining(", "));
        long now = clock.millis();
        try (Query query = h.createQuery(INSERT.formatted(rows))) {
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

    private static KeyUsedException used(Handle h, long roomId, RequestKey key) {
        String known = h.createQuery(FIND)
                .bind("room", roomId)
                .bind("key", key.key())
                .map((rs, context) -> rs.getString(1))
                .one();
        return new KeyUsedException(roomId, key.contradicts(known));
    }
}
