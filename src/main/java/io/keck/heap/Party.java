package io.keck.heap;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** A room or an address, with the bytes in use for it. Thread-safe. */
final class Party {
    final String name;
    final boolean isAddress;
    final AtomicLong bytes = new AtomicLong();
    final Set<Tally> tallies = ConcurrentHashMap.newKeySet();

    Party(String name, boolean isAddress) {
        this.name = name;
        this.isAddress = isAddress;
    }
}
