package io.keck.auth;

import io.keck.access.AccessStore;
import io.keck.access.Revocation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/** In memory, and can be switched off. */
final class FakeAccessStore implements AccessStore {
    private static final long EXTENSION_MILLIS = 60_000;

    private final byte[] key = new byte[32];
    private final List<Revocation> rows = new ArrayList<>();
    private final Map<Long, Long> createdAt = new HashMap<>();
    private long version;
    private final Map<String, Long> used = new HashMap<>();
    private final Map<String, long[]> nodes = new HashMap<>();
    private final LongSupplier clock;
    volatile boolean isDown;
    /** Whether it has as many revocations as it may have. */
    volatile boolean isFull;

    FakeAccessStore(LongSupplier clock) {
        this.clock = clock;
        Arrays.fill(key, (byte) 7);
    }

    private void answer() {
        if (isDown) {
            throw new UncheckedIOException(new IOException("the database does not answer"));
        }
    }

    @Override
    public byte[] ticketKey() {
        answer();
        return key.clone();
    }

    @Override
    public synchronized List<Revocation> after(long version, int limit) {
        answer();
        return rows.stream().filter(row -> row.version() > version).limit(limit).toList();
    }

    @Override
    public synchronized Revocation revoke(Revocation.Kind kind, String subject, long before) {
        answer();
        if (isFull) {
            throw new IllegalStateException("there are as many revocations as there may be");
        }
        long now = clock.getAsLong();
        rows.removeIf(old ->
                old.kind() == Revocation.Kind.EXTENSION && createdAt.get(old.version()) < now - EXTENSION_MILLIS);
        Revocation row = new Revocation(++version, kind, subject, before == 0 ? now : before);
        rows.add(row);
        createdAt.put(row.version(), now);
        return row;
    }

    @Override
    public synchronized boolean use(String ticket, long until) {
        answer();
        used.values().removeIf(end -> end < clock.getAsLong());
        return used.putIfAbsent(ticket, until) == null;
    }

    @Override
    public synchronized void confirm(String node, long version) {
        answer();
        nodes.put(node, new long[] {version, clock.getAsLong()});
    }

    @Override
    public synchronized List<String> behind(long version, long millis) {
        answer();
        return nodes.entrySet().stream()
                .filter(node -> node.getValue()[0] < version && node.getValue()[1] > clock.getAsLong() - millis)
                .map(Map.Entry::getKey)
                .sorted()
                .toList();
    }
}
