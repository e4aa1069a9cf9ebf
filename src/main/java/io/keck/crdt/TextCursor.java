package io.keck.crdt;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A place between two items of a text, and the formats that hold there. Goes rightwards only. */
final class TextCursor {
    private final Transaction transaction;
    private final Branch text;
    private final Map<String, @Nullable Object> formats = new LinkedHashMap<>();
    private @Nullable Item left;
    private @Nullable Item right;

    /** At the start. */
    TextCursor(Transaction transaction, Branch text) {
        this.transaction = transaction;
        this.text = text;
        this.right = text.start;
    }

    /** Behind an item, null for the start, in a text without formats. */
    TextCursor(Transaction transaction, Branch text, @Nullable Item left) {
        this(transaction, text);
        this.left = left;
        this.right = left == null ? text.start : left.right;
    }

    Transaction transaction() {
        return transaction;
    }

    /** The item behind the place, or null at the end. */
    @Nullable
    Item right() {
        return right;
    }

    /** The formats that hold here; may be changed. */
    Map<String, @Nullable Object> formats() {
        return formats;
    }

    /** The mark behind the place, or null if something else is there. */
    @Nullable
    ContentFormat mark() {
        return right != null && !right.isDeleted() && right.content() instanceof ContentFormat format ? format : null;
    }

    /** Goes over the next item, which is there. */
    void next() {
        Item item = right;
        if (item == null) {
            throw new IllegalStateException("at the end of the text");
        }
        ContentFormat mark = mark();
        if (mark != null) {
            note(formats, mark);
        }
        left = item;
        right = item.right;
    }

    /** What holds after a mark. */
    static void note(Map<String, @Nullable Object> formats, ContentFormat mark) {
        if (mark.value == null) {
            formats.remove(mark.key);
        } else {
            formats.put(mark.key, mark.value);
        }
    }

    /** Goes over visible units and what is between them; an item that goes on beyond them is split. */
    void skip(long units) {
        long rest = units;
        while (rest > 0 && right != null) {
            rest -= right.isVisible() ? cut(right, rest) : 0;
            next();
        }
    }

    /** Deletes visible units, not marks. */
    void delete(long units) {
        long rest = units;
        while (rest > 0 && right != null) {
            if (right.isVisible()) {
                rest -= cut(right, rest);
                transaction.delete(right);
            }
            next();
        }
    }

    /** Splits the visible item behind the place if it is longer; its length then. */
    long cut(Item item, long units) {
        if (units < item.length()) {
            transaction.doc().store().split(transaction, item, units);
        }
        return item.length();
    }

    /** Goes over what is deleted, and over marks as long as they are of that kind. */
    void pass(Predicate<ContentFormat> kind) {
        while (right != null) {
            ContentFormat mark = mark();
            if (!right.isDeleted() && (mark == null || !kind.test(mark))) {
                return;
            }
            next();
        }
    }

    /** Puts a mark here and goes over it. */
    void insert(String key, @Nullable Object value) {
        insert(new ContentFormat(key, value), "", 1);
    }

    /**
     * Puts content here and goes over it.
     *
     * @param string the text, if the content is one
     */
    void insert(ItemContent content, String string, long length) {
        Item item = Lists.newItem(transaction, text, null, left, right, length);
        item.content(content);
        if (content == ContentString.INSTANCE) {
            item.at = item.list().text().length();
            item.list().text().append(string);
        }
        transaction.doc().integration().link(transaction, item);
        right = item;
        next();
    }
}
