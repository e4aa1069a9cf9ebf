package io.keck.crdt;

import io.keck.crdt.lib0.JsonValue;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An edit of a text: a place between two items, and the formats that hold there.
 *
 * <p>A format is a mark in the list: from here on the attribute has that value. So an edit that wants other formats puts
 * marks before its content and, after it, marks that bring back what held before. It uses marks that are there already,
 * and when text between marks is deleted it deletes the marks that no longer do anything. Source: Yjs {@code YText.js}.
 */
final class TextEdit {
    /** One step of a delta, its arguments checked. */
    interface Step {
        /** How much of the content before the change it needs. */
        default long consumes() {
            return 0;
        }

        /** What it does to the length. */
        default long adds() {
            return 0;
        }

        void apply(TextEdit edit);
    }

    private record InsertText(String text, Map<String, @Nullable Object> attributes) implements Step {
        @Override
        public long adds() {
            return text.length();
        }

        @Override
        public void apply(TextEdit edit) {
            if (!text.isEmpty()) {
                edit.insertText(text, attributes);
            }
        }
    }

    private record InsertContent(ItemContent content, Map<String, @Nullable Object> attributes) implements Step {
        @Override
        public long adds() {
            return 1;
        }

        @Override
        public void apply(TextEdit edit) {
            edit.insertContent(content, attributes);
        }
    }

    private record Retain(int length, Map<String, @Nullable Object> attributes) implements Step {
        @Override
        public long consumes() {
            return length;
        }

        @Override
        public void apply(TextEdit edit) {
            edit.format(length, attributes);
        }
    }

    private record Delete(int length) implements Step {
        @Override
        public long consumes() {
            return length;
        }

        @Override
        public long adds() {
            return -length;
        }

        @Override
        public void apply(TextEdit edit) {
            edit.delete(length);
        }
    }

    private final Transaction transaction;
    private final Branch text;
    private final Map<String, @Nullable Object> current = new LinkedHashMap<>();
    private @Nullable Item left;
    private @Nullable Item right;

    private TextEdit(Transaction transaction, Branch text) {
        this.transaction = transaction;
        this.text = text;
        this.right = text.start;
    }

    // ---- arguments

    /** Formats, checked and copied. */
    static Map<String, @Nullable Object> checked(Map<String, ? extends @Nullable Object> attributes) {
        if (attributes.isEmpty()) {
            return Map.of();
        }
        Map<String, @Nullable Object> copy = new LinkedHashMap<>();
        attributes.forEach((key, value) -> copy.put(Values.wellFormed(key), json(value)));
        return copy;
    }

    /** A value as it is after a way as JSON. */
    private static @Nullable Object json(@Nullable Object value) {
        return JsonValue.parse(JsonValue.write(Values.normal(value)));
    }

    static ItemContent embed(@Nullable Object value) {
        if (value instanceof AbstractType type) {
            type.take();
            return new ContentType(type.branch);
        }
        return new ContentEmbed(json(value));
    }

    static Step step(Delta delta) {
        if (delta instanceof Delta.Insert insert) {
            Map<String, @Nullable Object> formats = checked(insert.attributes());
            return insert.value() instanceof String string
                    ? new InsertText(Values.wellFormed(string), formats)
                    : new InsertContent(embed(insert.value()), formats);
        }
        int length = delta instanceof Delta.Retain retain ? retain.length() : ((Delta.Delete) delta).length();
        if (length < 0) {
            throw new IndexOutOfBoundsException("a step of a negative length");
        }
        return delta instanceof Delta.Retain retain
                ? new Retain(length, checked(retain.attributes()))
                : new Delete(length);
    }

    // ---- the place

    /** The place at an index that is there; an item that goes on beyond it is split. */
    static TextEdit at(Transaction transaction, Branch text, long index) {
        TextEdit edit = new TextEdit(transaction, text);
        long rest = index;
        while (edit.right != null && rest > 0) {
            Item item = edit.right;
            if (item.isVisible()) {
                if (rest < item.length) {
                    transaction.doc().store().split(transaction, item, rest);
                }
                rest -= item.length;
            }
            edit.forward(item);
        }
        return edit;
    }

    Map<String, @Nullable Object> currentAttributes() {
        return new LinkedHashMap<>(current);
    }

    private void forward(Item item) {
        if (!item.isDeleted() && item.content instanceof ContentFormat format) {
            note(current, format);
        }
        left = item;
        right = item.right;
    }

    private static void note(Map<String, @Nullable Object> attributes, ContentFormat format) {
        if (format.value == null) {
            attributes.remove(format.key);
        } else {
            attributes.put(format.key, format.value);
        }
    }

    private void insertItem(ItemContent content, String string, long length) {
        Item item = Lists.newItem(transaction, text, null, left, right, length);
        item.content = content;
        if (content == ContentString.INSTANCE) {
            item.at = item.list.text().length();
            item.list.text().append(string);
        }
        transaction.doc().integration().link(transaction, item);
        right = item;
        forward(item);
    }

    // ---- edits

    void apply(Step step) {
        step.apply(this);
    }

    /** Inserts into a text that never had formats, where no mark has to be looked for. */
    static void insertPlain(Transaction transaction, Branch text, long index, String string) {
        transaction.editsByIndex(text);
        TextEdit edit = new TextEdit(transaction, text);
        edit.left = Lists.before(transaction, text, index);
        edit.right = edit.left == null ? text.start : edit.left.right;
        while (edit.right != null && edit.right.isDeleted()) {
            edit.forward(edit.right);
        }
        edit.insertItem(ContentString.INSTANCE, string, string.length());
        if (text.markers != null) {
            text.markers.inserted(index, string.length());
        }
        transaction.editsByIndex(null);
    }

    void insertText(String string, Map<String, @Nullable Object> attributes) {
        insert(ContentString.INSTANCE, string, string.length(), attributes);
    }

    void insertContent(ItemContent content, Map<String, @Nullable Object> attributes) {
        insert(content, "", 1, attributes);
    }

    private void insert(ItemContent content, String string, long length, Map<String, @Nullable Object> attributes) {
        Map<String, @Nullable Object> wanted = new LinkedHashMap<>(attributes);
        for (String key : current.keySet()) {
            wanted.putIfAbsent(key, null);
        }
        skipMarks(wanted);
        Map<String, @Nullable Object> negated = insertMarks(wanted);
        insertItem(content, string, length);
        insertNegated(negated);
    }

    void format(long length, Map<String, @Nullable Object> attributes) {
        skipMarks(attributes);
        Map<String, @Nullable Object> negated = insertMarks(attributes);
        long rest = length;
        while (right != null) {
            Item item = right;
            ContentFormat format = item.content instanceof ContentFormat f ? f : null;
            if (rest == 0 && (negated.isEmpty() || (!item.isDeleted() && format == null))) {
                break; // marks behind the last unit are still looked at: they may be what is negated
            }
            if (!item.isDeleted()) {
                if (format == null) {
                    if (rest < item.length) {
                        transaction.doc().store().split(transaction, item, rest);
                    }
                    rest -= item.length;
                } else if (!attributes.containsKey(format.key)) {
                    current.put(format.key, format.value);
                } else if (Formats.equal(attributes.get(format.key), format.value)) {
                    negated.remove(format.key);
                    transaction.delete(item);
                } else if (rest == 0) {
                    break;
                } else {
                    negated.put(format.key, format.value);
                    transaction.delete(item);
                }
            }
            forward(item);
        }
        insertNegated(negated);
    }

    void delete(long length) {
        Map<String, @Nullable Object> before = currentAttributes();
        Item start = right;
        long rest = length;
        while (rest > 0 && right != null) {
            Item item = right;
            if (item.isVisible()) {
                if (rest < item.length) {
                    transaction.doc().store().split(transaction, item, rest);
                }
                rest -= item.length;
                transaction.delete(item);
            }
            forward(item);
        }
        if (start != null) {
            cleanGap(start, right, before);
        }
    }

    /** Passes over marks that say what is wanted anyway. */
    private void skipMarks(Map<String, @Nullable Object> wanted) {
        while (right != null) {
            Item item = right;
            boolean says =
                    item.content instanceof ContentFormat format && Formats.equal(wanted.get(format.key), format.value);
            if (!item.isDeleted() && !says) {
                return;
            }
            forward(item);
        }
    }

    /** Puts marks for what does not hold here yet; returns what they replace. */
    private Map<String, @Nullable Object> insertMarks(Map<String, @Nullable Object> wanted) {
        Map<String, @Nullable Object> negated = new LinkedHashMap<>();
        wanted.forEach((key, value) -> {
            Object holds = current.get(key);
            if (!Formats.equal(holds, value)) {
                negated.put(key, holds);
                insertItem(new ContentFormat(key, value), "", 1);
            }
        });
        return negated;
    }

    /** Brings back what held before, where no mark does so already. */
    private void insertNegated(Map<String, @Nullable Object> negated) {
        while (right != null) {
            Item item = right;
            if (!item.isDeleted()) {
                if (!(item.content instanceof ContentFormat format)
                        || !negated.containsKey(format.key)
                        || !Formats.equal(negated.get(format.key), format.value)) {
                    break;
                }
                negated.remove(format.key);
            }
            forward(item);
        }
        negated.forEach((key, value) -> insertItem(new ContentFormat(key, value), "", 1));
    }

    /** Deletes marks around deleted text that another mark behind them overrules, or that say what held before. */
    private void cleanGap(Item start, @Nullable Item reached, Map<String, @Nullable Object> before) {
        Map<String, ContentFormat> last = new HashMap<>();
        Item end = start;
        while (end != null && !end.isVisible()) {
            if (!end.isDeleted() && end.content instanceof ContentFormat format) {
                last.put(format.key, format);
            }
            end = end.right;
        }
        boolean passed = false;
        for (Item item = start; item != null && item != end; item = item.right) {
            passed |= item == reached;
            if (item.isDeleted() || !(item.content instanceof ContentFormat format)) {
                continue;
            }
            Object held = before.get(format.key);
            if (last.get(format.key) != format || Formats.identical(held, format.value)) {
                transaction.delete(item);
                if (!passed
                        && Formats.identical(current.get(format.key), format.value)
                        && !Formats.identical(held, format.value)) {
                    if (held == null) {
                        current.remove(format.key);
                    } else {
                        current.put(format.key, held);
                    }
                }
            } else if (!passed) {
                note(current, format);
            }
        }
    }
}
