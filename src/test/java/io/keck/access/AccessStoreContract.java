package io.keck.access;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What every store of access does. */
public abstract class AccessStoreContract {
    private static final int THREADS = 4;

    /** A store, of which another one sees all that it is told. */
    protected abstract AccessStore store();

    /** Another node's view of the same. */
    protected abstract AccessStore other();

    /** Moves the clock of both. */
    protected abstract void pass(long millis);

    protected abstract long now();

    @Test
    void ticketKey_isTheSameEverywhere() {
        byte[] key = store().ticketKey();
        assertEquals(32, key.length);
        assertArrayEquals(key, other().ticketKey());
        assertArrayEquals(key, store().ticketKey());
    }

    @Test
    void revocations_areReadByNumber() {
        Revocation first = store().revoke(Revocation.Kind.PRINCIPAL, "alice", 0);
        Revocation second = other().revoke(Revocation.Kind.ISSUED_BEFORE, "", 1_234);
        assertEquals(now(), first.before());
        assertEquals(1_234, second.before());
        assertTrue(second.version() > first.version());
        assertEquals(List.of(first, second), other().after(0, 10));
        assertEquals(List.of(first), other().after(0, 1));
        assertEquals(List.of(second), store().after(first.version(), 10));
        assertEquals(List.of(), store().after(second.version(), 10));
    }

    /** A reader that goes on from the last number it saw misses none, however many write at the same time. */
    @Test
    void concurrentRevocations_areNeverMissed() throws Exception {
        int each = 25;
        CountDownLatch done = new CountDownLatch(THREADS);
        AtomicInteger failures = new AtomicInteger();
        for (int t = 0; t < THREADS; t++) {
            int thread = t;
            new Thread(() -> {
                        try {
                            for (int i = 0; i < each; i++) {
                                (i % 2 == 0 ? store() : other()).revoke(Revocation.Kind.TOKEN, thread + "-" + i, 0);
                            }
                        } catch (RuntimeException e) {
                            failures.incrementAndGet();
                        } finally {
                            done.countDown();
                        }
                    })
                    .start();
        }
        List<Revocation> seen = new ArrayList<>();
        while (done.getCount() > 0) {
            seen.addAll(store().after(last(seen), 7));
        }
        for (List<Revocation> page = store().after(last(seen), 7);
                !page.isEmpty();
                page = store().after(last(seen), 7)) {
            seen.addAll(page);
        }
        assertEquals(0, failures.get());
        Set<String> subjects = new HashSet<>();
        seen.forEach(row -> subjects.add(row.subject()));
        assertEquals(THREADS * each, subjects.size());
        assertEquals(THREADS * each, seen.size());
    }

    private static long last(List<Revocation> seen) {
        return seen.isEmpty() ? 0 : seen.get(seen.size() - 1).version();
    }

    @Test
    void ticket_isUsedOnce() {
        assertTrue(store().use("t", now() + 60_000));
        assertFalse(other().use("t", now() + 60_000));
        assertFalse(store().use("t", now() + 60_000));
        assertTrue(store().use("u", now() + 60_000));
    }

    @Test
    void usedTicket_isKnownUntilItHasEnded() {
        assertTrue(store().use("t", now() + 60_000));
        pass(59_000);
        assertTrue(store().use("other", now() + 60_000)); // forgets what has ended
        assertFalse(store().use("t", now() + 1_000));
    }

    @Test
    void nodes_areBehindUntilTheyConfirm() {
        store().confirm("one", 3);
        other().confirm("two", 5);
        assertEquals(List.of("one"), store().behind(5, 10_000));
        assertEquals(List.of("one", "two"), store().behind(6, 10_000));
        store().confirm("one", 5);
        assertEquals(List.of(), other().behind(5, 10_000));
        pass(11_000);
        assertEquals(List.of(), store().behind(6, 10_000), "a node that is gone is not waited for");
    }

    /** They come with every refreshed token, so they must neither pile up nor use up the room of revocations. */
    @Test
    void extensions_areReadByOthersAndForgottenAfterAMinute() {
        Revocation extension = store().revoke(Revocation.Kind.EXTENSION, "alice\nteam-1/board", now() + 900_000);
        assertEquals(List.of(extension), other().after(0, 10));
        pass(60_001);
        Revocation next = store().revoke(Revocation.Kind.EXTENSION, "alice\nteam-1/board", now() + 900_000);
        assertEquals(List.of(next), other().after(0, 10));
    }
}
