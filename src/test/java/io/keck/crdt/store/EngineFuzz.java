package io.keck.crdt.store;

import io.keck.crdt.UnitForm;
import io.keck.crdt.lib0.DecodeException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What must hold of any bytes at all: they are refused with a {@link DecodeException}, or everything the engine does with
 * them agrees with a store that keeps every clock by itself. The entry of a coverage-guided fuzzer ({@code -Pfuzz}); what
 * it found, and inputs that reach far, stand in {@code src/test/resources/fuzz} and are run in every build.
 *
 * <p><b>Input.</b> Updates one after the other, each after two bytes that say how long it is and a byte of which bit 0
 * says that it is in V2.
 */
public final class EngineFuzz {
    private static final DecodeLimits LIMITS = new DecodeLimits(1 << 16, 50, 50, 4_000, 1_000);
    /** Clocks of one update up to which the plain store follows. */
    private static final long FEW_CLOCKS = 2_000;

    private EngineFuzz() {}

    /** Throws if something does not hold. */
    public static void fuzzerTestOneInput(byte[] data) {
        List<Update> updates = new ArrayList<>();
        for (int at = 0; at + 3 <= data.length && updates.size() < 8; ) {
            int length = Math.min((data[at] & 0xff) << 8 | (data[at + 1] & 0xff), data.length - at - 3);
            byte[] bytes = Arrays.copyOfRange(data, at + 3, at + 3 + length);
            Update update = decode(bytes, (data[at + 2] & 1) != 0);
            if (update != null) {
                updates.add(update);
            }
            at += 3 + length;
        }
        if (!updates.isEmpty()) {
            together(updates);
        }
    }

    /** What must hold of one update: null if it is refused. Throws if something does not hold. */
    public static Update decode(byte[] bytes, boolean v2) {
        StateVector skimmed = v2 ? null : skimmed(bytes);
        Update update;
        try {
            update = v2 ? UpdateV2.decode(bytes, LIMITS) : Update.decode(bytes, LIMITS);
        } catch (DecodeException e) {
            return null;
        }
        require(v2 || update.stateVector().equals(skimmed), "another state vector when only skimmed");
        alone(update);
        return update;
    }

    /** Null if it is refused; what is taken may still be refused by who reads all of it. */
    private static StateVector skimmed(byte[] bytes) {
        try {
            return Update.stateVector(bytes);
        } catch (DecodeException e) {
            return null;
        }
    }

    private static void alone(Update update) {
        StructReader reader = new StructReader();
        reader.structs(update);
        int structs = 0;
        while (reader.next()) {
            structs++;
        }
        require(structs == update.structCount, "read other structs than were checked");
        require(structs == 0 || reader.position() <= update.deletesAt, "read beyond the structs");
        reader.deletes(update.bytes, update.deletesAt);
        int deletes = 0;
        while (reader.nextDelete()) {
            deletes++;
        }
        require(deletes == update.deleteCount, "read other deletes than were checked");
        require(reader.position() == update.bytes.length, "did not read to the end");

        Update again = Update.decode(update.encode(), DecodeLimits.OWN);
        require(again.stateVector().equals(update.stateVector()), "another state vector when decoded again");
        require(
                update.stateVector().equals(skimmed(update.bytes)),
                "another state vector when put in order and skimmed");
        loaded(update.bytes);
        StructStore whole = new StructStore(true);
        whole.apply(update);
        require(whole.stateVector().equals(update.stateVector()), "another state vector in a store");
        try {
            Update back = UpdateV2.decode(UpdateV2.encode(update), DecodeLimits.OWN);
            require(back.structCount == update.structCount, "other structs after V2");
            require(back.stateVector().equals(update.stateVector()), "another state vector after V2");
        } catch (DecodeException e) {
            throw new AssertionError("V2 that we wrote is refused", e);
        }
        Map<Long, Long> half = new HashMap<>();
        update.stateVector().asMap().forEach((client, clock) -> half.put(client, clock / 2));
        StateVector known = StateVector.of(half);
        StructStore rest = new StructStore(true);
        rest.apply(update.diff(known));
        StructStore same = new StructStore(true);
        same.apply(Update.decode(whole.diff(known), DecodeLimits.OWN));
        require(rest.stateVector().equals(same.stateVector()), "another state vector than the store's difference");
        require(rest.deletes().equals(same.deletes()), "other deletes than the store's difference");
        // how much is squashed depends on what is known of the items before, so only units are compared
        if (new Plain().follows(update)) {
            require(
                    UnitForm.lines(rest.encode()).equals(UnitForm.lines(same.encode())),
                    "another difference than the store's");
        }
    }

    /** Throws if a store that checks while it takes is not as one that is given what was checked before. */
    private static void loaded(byte[] bytes) {
        for (boolean keepDeleted : new boolean[] {false, true}) {
            StructStore twoSteps = new StructStore(keepDeleted);
            twoSteps.apply(Update.decode(bytes, DecodeLimits.OWN));
            StructStore one = new StructStore(keepDeleted);
            one.load(bytes, DecodeLimits.OWN);
            require(one.stateVector().equals(twoSteps.stateVector()), "another state vector when loaded");
            require(one.deletes().equals(twoSteps.deletes()), "other deletes when loaded");
            require(Arrays.equals(one.encode(), twoSteps.encode()), "encodes otherwise when loaded");
        }
    }

    private static void together(List<Update> updates) {
        StructStore store = new StructStore();
        Plain plain = new Plain();
        for (Update update : updates) {
            boolean followed = plain.follows(update);
            Update news = store.reduce(update);
            if (followed) {
                require(news.isEmpty() == plain.hasAll(update), "reduced to something else than what is new");
            }
            store.apply(news);
            require(store.reduce(update).isEmpty(), "something is still new after it was applied");
            if (followed) {
                plain.add(update);
            }
        }
        if (plain.complete) {
            plain.check(store);
        }
        byte[] encoded = store.encode();
        StructStore copy = new StructStore();
        copy.apply(Update.decode(encoded, DecodeLimits.OWN));
        loaded(encoded);
        require(Arrays.equals(copy.encode(), encoded), "encoded otherwise by a copy");
        require(Arrays.equals(store.encode(), encoded), "encoded otherwise the second time");
        require(store.reduce(Update.decode(encoded, DecodeLimits.OWN)).isEmpty(), "lacks what it encoded itself");

        List<Update> reversed = new ArrayList<>(updates);
        Collections.reverse(reversed);
        StructStore other = new StructStore();
        reversed.forEach(other::apply);
        require(other.stateVector().equals(store.stateVector()), "another state vector in another order");
        // of what two updates say about one clock the first counts, and only one of them may say that it is deleted
        if (plain.complete && !plain.overlaps) {
            require(other.deletes().equals(store.deletes()), "other deletes in another order");
        }
        Update merged = Update.merge(updates);
        require(merged.stateVector().equals(store.stateVector()), "another state vector when merged");
    }

    /** Throws if a store is not what these updates make, clock by clock. */
    public static void agree(StructStore store, List<Update> updates) {
        Plain plain = new Plain();
        updates.forEach(plain::add);
        plain.check(store);
    }

    private static void require(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }

    /** A store that keeps every clock by itself. */
    private static final class Plain {
        private final Map<Long, TreeMap<Long, Boolean>> present = new TreeMap<>();
        private final Map<Long, TreeMap<Long, Boolean>> deleted = new TreeMap<>();
        private boolean complete = true;
        private boolean overlaps;

        /** Whether an update is small enough to be kept clock by clock; from the first that is not on nothing is. */
        boolean follows(Update u) {
            long clocks = 0;
            StructRows rows = u.rows();
            for (int row = 0; row < rows.count() && clocks <= FEW_CLOCKS; row++) {
                clocks += rows.length(row);
            }
            long[] deletes = u.deleteRows();
            for (int r = 0; r < deletes.length && clocks <= FEW_CLOCKS; r += Update.DELETE_ROW) {
                clocks += deletes[r + 2] - deletes[r + 1];
            }
            complete &= clocks <= FEW_CLOCKS;
            return complete;
        }

        void add(Update u) {
            StructRows rows = u.rows();
            for (int row = 0; row < rows.count(); row++) {
                for (long k = 0; k < rows.length(row); k++) {
                    long clock = rows.clock(row) + k;
                    boolean isNew = clocks(present, rows.client(row)).put(clock, true) == null;
                    overlaps |= !isNew;
                    int ref = rows.ref(row);
                    if (isNew && (ref == Refs.GC || ref == Refs.DELETED)) {
                        clocks(deleted, rows.client(row)).put(clock, true);
                    }
                }
            }
            long[] deletes = u.deleteRows();
            for (int r = 0; r < deletes.length; r += Update.DELETE_ROW) {
                for (long clock = deletes[r + 1]; clock < deletes[r + 2]; clock++) {
                    clocks(deleted, deletes[r]).put(clock, true);
                }
            }
        }

        boolean hasAll(Update u) {
            StructRows rows = u.rows();
            for (int row = 0; row < rows.count(); row++) {
                for (long k = 0; k < rows.length(row); k++) {
                    if (!clocks(present, rows.client(row)).containsKey(rows.clock(row) + k)) {
                        return false;
                    }
                }
            }
            long[] deletes = u.deleteRows();
            for (int r = 0; r < deletes.length; r += Update.DELETE_ROW) {
                for (long clock = deletes[r + 1]; clock < deletes[r + 2]; clock++) {
                    if (!clocks(deleted, deletes[r]).containsKey(clock)) {
                        return false;
                    }
                }
            }
            return true;
        }

        void check(StructStore store) {
            present.forEach((client, clocks) -> {
                long state = 0;
                while (clocks.containsKey(state)) {
                    state++;
                }
                require(store.stateVector().clock(client) == state, "another state than clock by clock");
            });
            DeleteSet all = new DeleteSet();
            deleted.forEach((client, clocks) -> clocks.keySet().forEach(clock -> all.add(client, clock, clock + 1)));
            require(all.equals(store.deletes()), "other deletes than clock by clock");
            Map<Long, TreeMap<Long, Boolean>> held = new TreeMap<>();
            StructRows rows = Update.decode(store.encode(), DecodeLimits.OWN).rows();
            for (int row = 0; row < rows.count(); row++) {
                for (long k = 0; k < rows.length(row); k++) {
                    clocks(held, rows.client(row)).put(rows.clock(row) + k, true);
                }
            }
            present.values().removeIf(Map::isEmpty);
            require(held.equals(present), "other structs than clock by clock");
        }

        private static TreeMap<Long, Boolean> clocks(Map<Long, TreeMap<Long, Boolean>> of, long client) {
            return of.computeIfAbsent(client, c -> new TreeMap<>());
        }
    }
}
