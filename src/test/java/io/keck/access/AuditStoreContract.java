package io.keck.access;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the table of the audit log does, wherever it is. */
public abstract class AuditStoreContract {
    /** Over an empty table. */
    protected abstract AuditStore audit();

    private static AuditEntry entry(long at, String principal, String document) {
        return new AuditEntry(0, at, "n1", "deleted", principal, document, "{\"event\":\"deleted\"}");
    }

    private static List<Long> times(List<AuditEntry> entries) {
        return entries.stream().map(AuditEntry::at).toList();
    }

    @Test
    void entries_areReadInPages_theNewestFirst() {
        AuditStore store = audit();
        store.add(List.of(entry(1, "a", "x"), entry(2, "b", "y"), entry(3, "a", "")));
        store.add(List.of(entry(4, "a", "y")));
        List<AuditEntry> first = store.before(Long.MAX_VALUE, null, null, 3);
        assertThat(times(first)).containsExactly(4L, 3L, 2L);
        assertThat(first.get(0).node()).isEqualTo("n1");
        assertThat(first.get(0).line()).isEqualTo("{\"event\":\"deleted\"}");
        assertThat(times(store.before(first.get(2).id(), null, null, 3))).containsExactly(1L);
        assertThat(times(store.before(Long.MAX_VALUE, "a", null, 2))).containsExactly(4L, 3L);
        assertThat(times(store.before(Long.MAX_VALUE, null, "y", 9))).containsExactly(4L, 2L);
        assertThat(times(store.before(Long.MAX_VALUE, "a", "y", 9))).containsExactly(4L);
        assertThat(store.before(Long.MAX_VALUE, "nobody", null, 9)).isEmpty();
    }

    @Test
    void oldEntries_areForgotten_aBoundedNumberAtATime() {
        AuditStore store = audit();
        List<AuditEntry> entries = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            entries.add(entry(i, "a", "x"));
        }
        store.add(entries);
        assertThat(store.forget(7, 5)).isEqualTo(5);
        assertThat(times(store.before(Long.MAX_VALUE, null, null, 99))).containsExactly(9L, 8L, 7L, 6L, 5L);
        assertThat(store.forget(7, 5)).isEqualTo(2);
        assertThat(store.forget(7, 5)).isZero();
        assertThat(times(store.before(Long.MAX_VALUE, null, null, 99))).containsExactly(9L, 8L, 7L);
    }
}
