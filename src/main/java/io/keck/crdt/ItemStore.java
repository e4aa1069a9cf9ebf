package io.keck.crdt;

import io.keck.crdt.store.DeleteSet;
import io.keck.crdt.store.Id;
import io.keck.crdt.store.LongMap;
import io.keck.crdt.store.Ranges;
import io.keck.crdt.store.StateVector;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** All structs of a document, by client and clock. Source: Yjs {@code StructStore.js}. */
final class ItemStore {
    /** A walk that begins above this number resets all numbers first; hardly any single walk uses up the numbers above it. */
    private static final int MANY_STEPS = Item.MAX_WALK / 2;

    private final LongMap<StructList> clients = new LongMap<>();
    private @Nullable StructList recent;
    /** All histories by client id, ascending; null until the next request after a history was added. */
    private StructList @Nullable [] ascending;
    /** The recreated items: the id of the new item by the deleted item that an undo recreated. */
    private final Map<Item, Id> redone = new HashMap<>();

    private int walk;

    /** The history of a client, or null if the document has none. */
    @Nullable
    StructList find(long client) {
        StructList list = recent;
        if (list == null || list.client != client) {
            list = clients.get(client);
            if (list != null) {
                recent = list;
            }
        }
        return list;
    }

    StructList client(long client) {
        StructList list = find(client);
        if (list == null) {
            list = new StructList(client, clients.size());
            clients.put(client, list);
            recent = list;
            ascending = null;
        }
        return list;
    }

    long end(long client) {
        StructList list = find(client);
        return list == null ? 0 : list.end();
    }

    /** The histories of all clients, by id, ascending; not to be changed. */
    StructList[] lists() {
        StructList[] lists = ascending;
        if (lists == null) {
            lists = new StructList[clients.size()];
            long[] ids = clients.sortedKeys();
            for (int i = 0; i < lists.length; i++) {
                lists[i] = client(ids[i]);
            }
            ascending = lists;
        }
        return lists;
    }

    StateVector stateVector() {
        Map<Long, Long> clocks = new HashMap<>();
        clients.forEach(list -> clocks.put(list.client, list.end()));
        return StateVector.of(clocks);
    }

    /** The struct with that id, or null if it has not arrived. */
    @Nullable
    Struct get(Id id) {
        StructList list = find(id.client());
        return list == null || id.clock() >= list.end() ? null : list.at(id.clock());
    }

    /** Returns the struct that begins at {@code clock}, which must be below the end; splits an item that begins earlier. */
    Struct cleanStart(Transaction transaction, StructList list, long clock) {
        long position = list.find(clock);
        Struct struct = list.get(position);
        if (struct.clock() < clock && struct instanceof Item item) {
            return split(transaction, item, position, clock - item.clock());
        }
        return struct;
    }

    /** Returns the struct that ends with {@code clock}, which must be below the end; splits an item that ends later. */
    Struct cleanEnd(Transaction transaction, StructList list, long clock) {
        long position = list.find(clock);
        Struct struct = list.get(position);
        if (struct.end() - 1 > clock && struct instanceof Item item) {
            split(transaction, item, position, clock + 1 - item.clock());
        }
        return struct;
    }

    /** Splits an item at {@code offset}; returns the right half. */
    Item split(Transaction transaction, Item item, long offset) {
        return split(transaction, item, item.list().find(item.clock()), offset);
    }

    private Item split(Transaction transaction, Item item, long position, long offset) {
        Item rest = item.cut(offset);
        item.list().insertAfter(position, rest);
        transaction.addSplit(rest);
        if (item.isRedone()) {
            Id as = redone.get(item);
            if (as != null) {
                setRedone(rest, new Id(as.client(), as.clock() + offset));
            }
        }
        return rest;
    }

    @Nullable
    Id redone(Item item) {
        return item.isRedone() ? redone.get(item) : null;
    }

    void setRedone(Item item, Id as) {
        item.markRedone();
        redone.put(item, as);
    }

    void forgetRedone(Item item) {
        redone.remove(item);
    }

    /** Begins a walk; returns the highest number of the walks before, see {@link Item#walk}. */
    int beginWalk() {
        if (walk > MANY_STEPS) {
            walk = 0;
            clients.forEach(list -> {
                for (long p = list.first(); p != StructList.NONE; p = list.next(p)) {
                    if (list.get(p) instanceof Item item) {
                        item.walk(0);
                    }
                }
            });
        }
        return walk;
    }

    /** Returns a number above all earlier ones. */
    int nextStep() {
        if (walk == Item.MAX_WALK) {
            throw new IllegalStateException("more than " + MANY_STEPS + " items conflict at one place");
        }
        return ++walk;
    }

    /** The deleted clocks, as a copy. */
    DeleteSet deletes() {
        DeleteSet out = new DeleteSet();
        Ranges ranges = new Ranges();
        for (StructList list : lists()) {
            ranges.clear();
            list.addDeletesTo(ranges);
            for (int i = 0; i < ranges.size(); i++) {
                out.add(list.client, ranges.from(i), ranges.to(i));
            }
        }
        return out;
    }
}
