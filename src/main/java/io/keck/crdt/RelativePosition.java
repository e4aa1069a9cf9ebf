package io.keck.crdt;

import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.lib0.Decoder;
import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.store.Id;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A place in a type that stays with its surroundings when others edit: it refers to a unit, or to the end of a type.
 * Immutable. Source: Yjs {@code RelativePosition.js}.
 *
 * @param type the id of the item with the type that the place is in; null if that type is a root or only the unit is
 *     named
 * @param root the name of the root that the place is in; null if it is in another type or only the unit is named
 * @param item the unit that the place refers to, or null for the end (the start, with {@code assoc} below 0)
 * @param assoc whether the place stays with the unit after it (0 or more) or before it (below 0)
 */
public record RelativePosition(
        @Nullable Id type, @Nullable String root, @Nullable Id item, int assoc) {
    /** The place before the unit at an index; at the length of the type, its end. */
    public static RelativePosition of(AbstractType type, int index) {
        return of(type, index, 0);
    }

    /**
     * The place at an index.
     *
     * @param assoc 0 or more to stay with the unit after it, below 0 to stay with the one before it
     * @throws IndexOutOfBoundsException if {@code index} is not within 0 and the length
     * @throws IllegalArgumentException if the type is not in a document yet
     */
    public static RelativePosition of(AbstractType type, int index, int assoc) {
        type.checkIndex(index);
        if (type.isPreliminary()) {
            throw new IllegalArgumentException("the type is not in a document yet");
        }
        if (assoc < 0 && index == 0) {
            return in(type.branch, null, assoc);
        }
        long rest = assoc < 0 ? index - 1 : index;
        for (Item item = type.branch.start; item != null; item = item.right) {
            if (item.isVisible()) {
                if (item.length() > rest) {
                    return in(type.branch, new Id(item.list().client, item.clock() + rest), assoc);
                }
                rest -= item.length();
            }
            if (item.right == null && assoc < 0) {
                return in(type.branch, item.lastId(), assoc);
            }
        }
        return in(type.branch, null, assoc);
    }

    private static RelativePosition in(Branch branch, @Nullable Id unit, int assoc) {
        Item owner = branch.item;
        return owner == null
                ? new RelativePosition(null, branch.name(), unit, assoc)
                : new RelativePosition(owner.id(), null, unit, assoc);
    }

    /**
     * Reads the wire form, which names only one of unit, root and type.
     *
     * @throws DecodeException if it is malformed
     */
    public static RelativePosition decode(byte[] bytes) {
        Decoder in = new Decoder(bytes);
        long kind = in.readVarUint();
        Id item = kind == 0 ? new Id(in.readVarUint(), in.readVarUint()) : null;
        String root = kind == 1 ? in.readVarString() : null;
        Id type = kind == 2 ? new Id(in.readVarUint(), in.readVarUint()) : null;
        if (kind > 2) {
            throw new DecodeException("unknown kind of relative position " + kind);
        }
        double assoc = in.hasRemaining() ? in.readVarInt() : 0;
        if (in.hasRemaining() || Math.abs(assoc) > Integer.MAX_VALUE) {
            throw new DecodeException("relative position followed by more bytes, or its association is out of range");
        }
        return new RelativePosition(type, root, item, (int) assoc);
    }

    /** The wire form. */
    public byte[] encode() {
        Encoder out = new Encoder();
        if (item != null) {
            out.writeUint8(0);
            out.writeVarUint(item.client());
            out.writeVarUint(item.clock());
        } else if (root != null) {
            out.writeUint8(1);
            out.writeVarString(root);
        } else if (type != null) {
            out.writeUint8(2);
            out.writeVarUint(type.client());
            out.writeVarUint(type.clock());
        } else {
            throw new IllegalStateException("a relative position without type, root and unit");
        }
        out.writeVarInt(assoc);
        return out.toByteArray();
    }

    /**
     * Reads the JSON value that {@link #toJson}, or Yjs, writes; for messages in JSON.
     *
     * @throws DecodeException if {@code json} is not such a value
     */
    public static RelativePosition fromJson(@Nullable Object json) {
        if (!(json instanceof Map<?, ?> map)) {
            throw new DecodeException("a relative position must be an object");
        }
        Object root = map.get("tname");
        if (root != null && !(root instanceof String)) {
            throw new DecodeException("the name of a root must be a string");
        }
        Object assoc = map.get("assoc");
        RelativePosition position = new RelativePosition(
                id(map.get("type")), (String) root, id(map.get("item")), assoc == null ? 0 : (int) whole(assoc, true));
        if (position.type == null && root == null && position.item == null) {
            throw new DecodeException("a relative position must name a type, a root or a unit");
        }
        return position;
    }

    private static @Nullable Id id(@Nullable Object json) {
        if (json == null) {
            return null;
        }
        if (!(json instanceof Map<?, ?> map)) {
            throw new DecodeException("an id must be an object");
        }
        return new Id((long) whole(map.get("client"), false), (long) whole(map.get("clock"), false));
    }

    private static double whole(@Nullable Object json, boolean signed) {
        double x = json instanceof Number number ? number.doubleValue() : Double.NaN;
        double largest = signed ? Integer.MAX_VALUE : Decoder.MAX_SAFE_INTEGER;
        if (x != Math.rint(x) || Math.abs(x) > largest || (!signed && x < 0)) { // NaN is not equal to itself
            throw new DecodeException("not a whole number, or out of range: " + json);
        }
        return x;
    }

    /** The position as a JSON value, in the form of Yjs: {@code type} or {@code tname}, {@code item}, {@code assoc}. */
    public Map<String, @Nullable Object> toJson() {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        if (type != null) {
            json.put("type", json(type));
        }
        if (root != null) {
            json.put("tname", root);
        }
        if (item != null) {
            json.put("item", json(item));
        }
        json.put("assoc", (double) assoc);
        return Collections.unmodifiableMap(json);
    }

    private static Map<String, @Nullable Object> json(Id id) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("client", (double) id.client());
        json.put("clock", (double) id.clock());
        return Collections.unmodifiableMap(json);
    }

    /** Returns the current place; an item that an undo recreated represents the deleted item. */
    public @Nullable AbsolutePosition resolve(Doc doc) {
        return resolve(doc, true);
    }

    /**
     * Returns the current place.
     *
     * @param followUndone whether an item that an undo recreated represents the deleted item
     * @return null if the unit or type has not arrived yet or was collected
     */
    public @Nullable AbsolutePosition resolve(Doc doc, boolean followUndone) {
        if (item != null) {
            Found unit = Found.find(doc.store(), item, followUndone);
            return unit == null ? null : at(unit);
        }
        Branch branch = null;
        if (root != null) {
            branch = doc.root(root);
        } else if (type != null) {
            Found owner = Found.find(doc.store(), type, followUndone);
            branch = owner != null && owner.item.content() instanceof ContentType content ? content.branch : null;
        }
        return branch == null ? null : new AbsolutePosition(branch, assoc < 0 ? 0 : (int) branch.length, assoc);
    }

    private AbsolutePosition at(Found unit) {
        Branch branch = unit.item.parent();
        long index = 0;
        if (!branch.isDeleted()) {
            index = unit.item.isVisible() ? unit.offset + (assoc < 0 ? 1 : 0) : 0;
            for (Item before = unit.item.left; before != null; before = before.left) {
                index += before.isVisible() ? before.length() : 0;
            }
        }
        return new AbsolutePosition(branch, (int) index, assoc);
    }

    /** An item and the offset of a unit in it. */
    private record Found(Item item, long offset) {
        static @Nullable Found find(ItemStore store, Id id, boolean followUndone) {
            Id next = id;
            while (true) {
                if (!(store.get(next) instanceof Item item)) {
                    return null;
                }
                long offset = next.clock() - item.clock();
                Id as = followUndone ? store.redone(item) : null;
                if (as == null) {
                    return new Found(item, offset);
                }
                next = new Id(as.client(), as.clock() + offset);
            }
        }
    }
}
