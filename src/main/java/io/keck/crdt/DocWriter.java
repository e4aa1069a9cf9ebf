package io.keck.crdt;

import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.store.Ranges;
import io.keck.crdt.store.Refs;
import io.keck.crdt.store.StateVector;

/** Writes the structs of a document unchanged, one after another, as Yjs does. Source: Yjs {@code encoding.js}. */
final class DocWriter {
    private DocWriter() {}

    /** Writes the structs of a document from a state vector on, and its whole delete set. */
    static void state(Encoder out, ItemStore store, StateVector known) {
        StructList[] lists = store.lists();
        int count = 0;
        for (StructList list : lists) {
            count += list.end() > known.clock(list.client) ? 1 : 0;
        }
        out.writeVarUint(count);
        for (int i = lists.length - 1; i >= 0; i--) {
            long from = known.clock(lists[i].client);
            if (lists[i].end() > from) {
                structs(out, lists[i], from);
            }
        }
        deletes(out, lists);
    }

    /** Writes one client's structs from a clock on, which must be below the client's end and may lie within a struct. */
    static void structs(Encoder out, StructList list, long from) {
        long first = list.find(from);
        out.writeVarUint(list.countFrom(first));
        out.writeVarUint(list.client);
        out.writeVarUint(from);
        long offset = from - list.get(first).clock();
        for (long p = first; p != StructList.NONE; p = list.next(p)) {
            struct(out, list.get(p), offset);
            offset = 0;
        }
    }

    /** Writes one client's structs up to a clock at which a struct ends. */
    static void prefix(Encoder out, StructList list, long to) {
        long last = list.find(to - 1);
        out.writeVarUint(list.size() - list.countFrom(last) + 1);
        out.writeVarUint(list.client);
        out.writeVarUint(0);
        for (long p = list.first(); p != StructList.NONE && list.get(p).clock() < to; p = list.next(p)) {
            struct(out, list.get(p), 0);
        }
    }

    private static void struct(Encoder out, Struct struct, long offset) {
        if (struct instanceof Item item) {
            item(out, item, offset);
        } else {
            out.writeUint8(Refs.GC);
            out.writeVarUint(struct.length() - offset);
        }
    }

    private static void item(Encoder out, Item item, long offset) {
        StructList origin = offset > 0 ? item.list() : item.originList();
        long originClock = offset > 0 ? item.clock() + offset - 1 : item.originClock();
        StructList right = item.rightList();
        out.writeUint8(item.content().ref()
                | (origin == null ? 0 : Refs.ORIGIN)
                | (right == null ? 0 : Refs.RIGHT_ORIGIN)
                | (item.parentSub() == null ? 0 : Refs.PARENT_SUB));
        if (origin != null) {
            out.writeVarUint(origin.client);
            out.writeVarUint(originClock);
        }
        if (right != null) {
            out.writeVarUint(right.client);
            out.writeVarUint(item.rightClock());
        }
        if (origin == null && right == null) {
            Item parent = item.parent().item;
            if (parent == null) {
                out.writeVarUint(1);
                out.writeVarString(item.parent().name());
            } else {
                out.writeVarUint(0);
                out.writeVarUint(parent.list().client);
                out.writeVarUint(parent.clock());
            }
            if (item.parentSub() != null) {
                out.writeVarString(item.parentSub());
            }
        }
        item.content().write(out, item, offset);
    }

    /** Writes the delete set of the whole document; deleted structs with adjacent clocks are one range. */
    private static void deletes(Encoder out, StructList[] lists) {
        Encoder all = new Encoder();
        Ranges ranges = new Ranges();
        int count = 0;
        for (int i = lists.length - 1; i >= 0; i--) {
            ranges.clear();
            lists[i].addDeletesTo(ranges);
            if (ranges.size() > 0) {
                count++;
                all.writeVarUint(lists[i].client);
                ranges.encode(all);
            }
        }
        out.writeVarUint(count);
        out.write(all);
    }
}
