package io.keck.crdt.store;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The content of all runs of one client: text in one buffer, and all other content, as well as the parents of items
 * without an origin, in wire form in another. A run keeps the position of its content ({@link Runs#content}), in UTF-16
 * code units or in bytes. Content is only ever appended. Not thread-safe.
 */
final class RunContent {
    private static final byte[] NO_BYTES = {};

    private @Nullable TextBuffer text;
    private byte[] raw = NO_BYTES;
    private int rawLength;
    /** Index in {@link #raw} of the content that was appended last, or -1. */
    private int rawTail = -1;

    /** The number of UTF-16 code units of text held. */
    int textLength() {
        return text == null ? 0 : text.length();
    }

    /** The number of bytes and UTF-16 code units held. */
    int length() {
        return rawLength + textLength();
    }

    TextBuffer text() {
        if (text == null) {
            text = new TextBuffer();
        }
        return text;
    }

    /** Content in wire form, followed by unused capacity. */
    byte[] bytes() {
        return raw;
    }

    /** Appends bytes in wire form; returns their position. */
    int append(byte[] b, int from, int to) {
        int start = rawLength;
        int need = Math.addExact(start, to - from);
        if (need > raw.length) {
            raw = Arrays.copyOf(raw, Math.max(need, start + (start >> 1)));
        }
        System.arraycopy(b, from, raw, start, to - from);
        rawLength = need;
        rawTail = start;
        return start;
    }

    /** Appends the content of the clocks {@code [from, to)} of a struct; returns its position. */
    int copy(StructReader s, long from, long to, Content.Cursor cursor) {
        int first = (int) (from - s.clock);
        int last = (int) (to - s.clock);
        if (s.ref == Refs.DELETED) {
            return 0;
        }
        if (s.ref == Refs.STRING) {
            TextBuffer buffer = text();
            int at = buffer.length();
            cursor.at(s.start, s.from, first);
            buffer.append(s.bytes, s.from, s.to, (int) (s.end - s.clock), first, last, cursor);
            return at;
        }
        if (from == s.clock && to == s.end) {
            return append(s.bytes, s.from, s.to);
        }
        cursor.at(s.start, s.from, first);
        long part = Content.elements(s.bytes, s.ref, first, last, cursor);
        return append(s.bytes, StructRows.from(part), StructRows.to(part));
    }

    /**
     * Appends the content of the clocks {@code [from, to)} of a struct to the content at {@code position}, which has
     * {@code units} clocks so far.
     *
     * @return false if other content follows it
     */
    boolean grow(int position, long units, StructReader s, long from, long to, Content.Cursor cursor) {
        if (s.ref == Refs.STRING) {
            if (position + units != text().length()) {
                return false;
            }
            copy(s, from, to, cursor);
        } else if (s.ref != Refs.DELETED) {
            if (position != rawTail) {
                return false;
            }
            copy(s, from, to, cursor);
            rawTail = position;
        }
        return true;
    }

    /**
     * Writes elements {@code [first, last)} of the content at {@code position}.
     *
     * @param run the index of the run, for the writer's cursor
     */
    void write(StructWriter w, int ref, int run, int position, int first, int last) {
        if (ref == Refs.STRING) {
            text().write(position + first, position + last, w.content);
        } else if (Refs.squashes(ref)) {
            w.cursor.at(run, position, first);
            long part = Content.elements(raw, ref, first, last, w.cursor);
            w.content.writeBytes(raw, StructRows.from(part), StructRows.to(part));
        } else {
            w.content.writeBytes(raw, position, StructReader.single(raw, position, ref));
        }
    }

    /** Releases unused capacity if it is large. */
    void trim() {
        if (raw.length - rawLength > rawLength / 8 + 64) {
            raw = Arrays.copyOf(raw, rawLength);
        }
        if (text != null) {
            text.growFast(false);
            text = text.length() == 0 ? null : text;
        }
    }

    /** Bytes on the heap. */
    long memory() {
        return 32 + (raw.length == 0 ? 0 : Heap.array(raw.length)) + (text == null ? 0 : text.memory());
    }
}
