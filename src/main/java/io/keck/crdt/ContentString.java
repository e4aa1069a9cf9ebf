package io.keck.crdt;

import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.store.Refs;
import org.jspecify.annotations.Nullable;

/** Text in UTF-16 code units, stored in the text buffer of the item's history. Source: Yjs {@code ContentString.js}. */
final class ContentString extends ItemContent {
    static final ContentString INSTANCE = new ContentString();

    private ContentString() {}

    @Override
    int ref() {
        return Refs.STRING;
    }

    @Override
    Object value(Item item, int i) {
        return String.valueOf(item.list().text().charAt(item.at + i));
    }

    @Override
    void split(Item left, Item right, long offset) {
        right.at = left.at + (int) offset;
    }

    @Override
    void delete(Transaction transaction, Item item) {
        Item left = item.left;
        Item right = item.right;
        if (endsInside(left)) {
            separate(left, item);
        }
        if (endsInside(item)) {
            separate(item, right);
        }
    }

    /**
     * Separates two neighbours for good. If the border lies inside a surrogate pair, both halves become U+FFFD, as in
     * Yjs. (Yjs does so with every pair that it splits; after a split that no change follows, the text of one replica
     * differs from that of the others.)
     */
    static void separate(@Nullable Item left, @Nullable Item right) {
        if (left != null && left.isString()) {
            left.list().text().replaceSurrogate(left.at + (int) left.length() - 1, true);
        }
        if (right != null && right.isString()) {
            right.list().text().replaceSurrogate(right.at, false);
        }
    }

    private static boolean endsInside(@Nullable Item item) {
        return item != null
                && item.isString()
                && Character.isHighSurrogate(item.list().text().charAt(item.at + (int) item.length() - 1));
    }

    @Override
    boolean merges(Item left, Item right) {
        return left.at + left.length() == right.at;
    }

    @Override
    void drop(Item item) {
        item.list().dropText((int) item.length());
    }

    @Override
    void write(Encoder out, Item item, long offset) {
        item.list().text().writeVarString(item.at + (int) offset, item.at + (int) item.length(), out);
    }

    @Override
    ItemContent copy(Item item, Item copy, StructList own) {
        copy.at = own.text().length();
        own.text().append(item.list().text(), item.at, item.at + (int) item.length());
        return this;
    }
}
