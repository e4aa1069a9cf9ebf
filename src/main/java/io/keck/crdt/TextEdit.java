package io.keck.crdt;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Edits a text with formats, one step after another from left to right.
 *
 * <p>A format is a mark in the list: from there on the attribute has that value. Content whose formats differ from
 * those in force at its place is therefore put between marks that set its formats and marks that restore the previous
 * ones. All replicas see which marks are written and deleted, so this follows Yjs: existing marks are used instead of
 * new ones, and when text between marks is deleted, marks that no longer have an effect are deleted too. Source: Yjs
 * {@code YText.js}.
 */
final class TextEdit {
    private final TextCursor cursor;

    private TextEdit(TextCursor cursor) {
        this.cursor = cursor;
    }

    /** Begins an edit at an index, which must exist. */
    static TextEdit at(Transaction transaction, Branch text, long index) {
        TextCursor cursor = new TextCursor(transaction, text);
        cursor.skip(index);
        return new TextEdit(cursor);
    }

    /** Inserts into a text that never had formats, so that there are no marks to look for. */
    static void insertPlain(Transaction transaction, Branch text, long index, String string) {
        transaction.editsByIndex(text);
        TextCursor cursor = new TextCursor(transaction, text, Lists.before(transaction, text, index));
        cursor.pass(mark -> false);
        cursor.insert(ContentString.INSTANCE, string, string.length());
        if (text.markers != null) {
            text.markers.inserted(index, string.length());
        }
        transaction.editsByIndex(null);
    }

    /** The formats in force here, as a copy. */
    Map<String, @Nullable Object> formats() {
        return new LinkedHashMap<>(cursor.formats());
    }

    void make(TextStep step) {
        if (step instanceof TextStep.Insert insert) {
            insert(insert);
        } else if (step instanceof TextStep.Retain retain) {
            format(retain.length(), retain.formats());
        } else {
            delete(((TextStep.Delete) step).length());
        }
    }

    private void insert(TextStep.Insert insert) {
        if (insert.length() == 0) {
            return;
        }
        Map<String, @Nullable Object> wanted = new LinkedHashMap<>(insert.formats());
        cursor.formats().keySet().forEach(key -> wanted.putIfAbsent(key, null));
        Map<String, @Nullable Object> restore = set(wanted);
        cursor.insert(insert.content(), insert.string(), insert.length());
        restore(restore);
    }

    private void format(long length, Map<String, @Nullable Object> wanted) {
        Map<String, @Nullable Object> restore = set(wanted);
        long rest = length;
        for (Item item = cursor.right(); item != null; item = cursor.right()) {
            ContentFormat mark = cursor.mark();
            if (rest == 0 && (restore.isEmpty() || (mark == null && !item.isDeleted()))) {
                break; // marks after the last unit are examined too: they may restore formats that have to be restored
            }
            if (mark != null && wanted.containsKey(mark.key)) {
                boolean same = Formats.equal(wanted.get(mark.key), mark.value);
                if (!same && rest == 0) {
                    break;
                }
                // this mark would end a wanted format or is redundant; its value is put into force after the range
                if (same) {
                    restore.remove(mark.key);
                } else {
                    restore.put(mark.key, mark.value);
                }
                cursor.transaction().delete(item);
            } else if (mark == null && !item.isDeleted()) {
                rest -= cursor.cut(item, rest);
            }
            cursor.next();
        }
        restore(restore);
    }

    /** Puts formats into force from here on; returns the previous values of those that needed a mark. */
    private Map<String, @Nullable Object> set(Map<String, @Nullable Object> wanted) {
        cursor.pass(mark -> Formats.equal(wanted.get(mark.key), mark.value));
        Map<String, @Nullable Object> replaced = new LinkedHashMap<>();
        wanted.forEach((key, value) -> {
            Object holds = cursor.formats().get(key);
            if (!Formats.equal(holds, value)) {
                replaced.put(key, holds);
                cursor.insert(key, value);
            }
        });
        return replaced;
    }

    /** Puts formats into force again, by the marks that follow here and by new marks for the others. */
    private void restore(Map<String, @Nullable Object> formats) {
        cursor.pass(mark -> {
            boolean restores = formats.containsKey(mark.key) && Formats.equal(formats.get(mark.key), mark.value);
            if (restores) {
                formats.remove(mark.key);
            }
            return restores;
        });
        formats.forEach(cursor::insert);
    }

    private void delete(long length) {
        Map<String, @Nullable Object> before = formats();
        Item first = cursor.right();
        cursor.delete(length);
        if (first != null) {
            cleanGap(first, before);
        }
    }

    /**
     * Deletes marks without effect, from the place of deleted text up to the next visible item: of several marks for
     * one key only the last counts, and only if it changes the value in force before.
     */
    private void cleanGap(Item first, Map<String, @Nullable Object> before) {
        Map<String, Item> last = new HashMap<>();
        Item end = first;
        for (; end != null && !end.isVisible(); end = end.right) {
            if (!end.isDeleted() && end.content() instanceof ContentFormat mark) {
                last.put(mark.key, end);
            }
        }
        boolean beforeCursor = true;
        for (Item item = first; item != null && item != end; item = item.right) {
            beforeCursor &= item != cursor.right();
            if (item.isDeleted() || !(item.content() instanceof ContentFormat mark)) {
                continue;
            }
            boolean changes = !Formats.identical(before.get(mark.key), mark.value);
            if (changes && last.get(mark.key) == item) {
                if (beforeCursor) {
                    TextCursor.note(cursor.formats(), mark);
                }
                continue;
            }
            cursor.transaction().delete(item);
            if (beforeCursor && changes && Formats.identical(cursor.formats().get(mark.key), mark.value)) {
                TextCursor.note(cursor.formats(), new ContentFormat(mark.key, before.get(mark.key)));
            }
        }
    }
}
