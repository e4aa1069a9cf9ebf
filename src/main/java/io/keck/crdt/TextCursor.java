package io.keck.crdt;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A place between two items of a text, and the formats in force there. Moves to the right only. */
final class TextCursor {
    private final Transaction transaction;
    private final Branch text;
    private final Map<String, @Nullable Object> formats = new LinkedHashMap<>();
    private @Nullable Item left;
    private @Nullable Item right;

    /** Creates a cursor at the start of the text. */
    TextCursor(Transaction transaction, Branch text) {
        this.transaction = transaction;
        this.text = text;
        this.right = text.start;
    }

    /** Creates a cursor after an item, null for the start, in a text without formats. */
    TextCursor(Transaction transaction, Branch text, @Nullable Item left) {
        this(transaction, text);
        this.left = left;
        this.right = left == null ? text.start : left.right;
    }

    Transaction transaction() {
        return transaction;
    }

    /** The item to the right, or null at the end. */
    @Nullable
    Item right() {
        return right;
    }

    /** The formats in force here; may be changed. */
    Map<String, @Nullable Object> formats() {
        return formats;
    }

    /** The mark to the right, or null if the item there is not a mark or is deleted. */
    @Nullable
    ContentFormat mark() {
        return right != null && !right.isDeleted() && right.content() instanceof ContentFormat format ? format : null;
    }

    /** Moves over the next item, which must exist. */
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

    /** Applies a mark to {@code formats}: afterwards they are the formats in force after it. */
    static void note(Map<String, @Nullable Object> formats, ContentFormat mark) {
        if (mark.value == null) {
            formats.remove(mark.key);
        } else {
            formats.put(mark.key, mark.value);
        }
    }

    /** Moves over visible units and all items between them; splits an item that extends beyond them. */
    void skip(long units) {
        long rest = units;
        while (rest > 0 && right != null) {
            rest -= right.isVisible() ? cut(right, rest) : 0;
            next();
        }
    }

    /** Deletes visible units but no marks. */
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

    /** Splits a visible item if it has more than {@code units}; returns its length after that. */
    long cut(Item item, long units) {
        if (units < item.length()) {
            transaction.doc().store().split(transaction, item, units);
        }
        return item.length();
    }

    /** Moves over deleted items, and over marks that match {@code kind}. */
    void pass(Predicate<ContentFormat> kind) {
        while (right != null) {
            ContentFormat mark = mark();
            if (!right.isDeleted() && (mark == null || !kind.test(mark))) {
                return;
            }
            next();
        }
    }

    /** Inserts a mark and moves over it. */
    void insert(String key, @Nullable Object value) {
        insert(new ContentFormat(key, value), "", 1);
    }

    /**
     * Inserts content and moves over it.
     *
     * @param string the text, if the content is text
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
