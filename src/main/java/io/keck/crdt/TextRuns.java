package io.keck.crdt;

import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Reads the content of a text run by run, as {@link YText#toDelta} lists it, and each run piece by piece, so that the
 * text is never copied as a whole. The text must not be edited meanwhile. Counts in {@link Doc#walked}. Belongs to the
 * thread of the document.
 */
public final class TextRuns {
    /** The largest number of code units of a piece. */
    static final int PIECE = 8 << 10;

    private final Branch text;
    private final boolean withValues;
    private final Map<String, @Nullable Object> formats = new LinkedHashMap<>();
    private final Map<String, @Nullable Object> shown = Collections.unmodifiableMap(formats);
    private @Nullable Item item;
    /** The number of units of the item that were passed on. */
    private int at;

    private boolean isText;
    private boolean isBare;
    private @Nullable Object value;

    /**
     * Creates a reader at the start.
     *
     * @param withValues whether values of an array are runs of their own; a text has none
     */
    TextRuns(Branch text, boolean withValues) {
        this.text = text;
        this.withValues = withValues;
        this.item = text.start;
    }

    /** Skips the rest of this run and goes to the next; returns whether there is one. */
    public boolean next() {
        while (isText) {
            isText = piece() != null;
        }
        isBare = false;
        value = null;
        for (Item now = item; now != null; now = advance()) {
            if (now.isDeleted()) {
                continue;
            }
            if (now.isString()) {
                isText = true;
                return true;
            }
            if (now.content() instanceof ContentFormat format) {
                set(format);
            } else if (now.content() instanceof ContentType || now.content() instanceof ContentEmbed) {
                value = now.content().value(now, 0);
                advance();
                return true;
            } else if (isValue(now)) {
                value = now.content().value(now, at);
                isBare = true;
                at++;
                if (at >= now.length()) {
                    advance();
                }
                return true;
            }
        }
        return false;
    }

    private boolean isValue(Item now) {
        return withValues && now.isCountable() && Branch.kindOf(now.content()) == Branch.HAS_VALUES;
    }

    private void set(ContentFormat format) {
        if (format.value == null) {
            formats.remove(format.key);
        } else {
            formats.put(format.key, format.value);
        }
    }

    private @Nullable Item advance() {
        at = 0;
        item = Objects.requireNonNull(item).right;
        walk(1);
        return item;
    }

    private void walk(long steps) {
        Doc doc = text.doc();
        if (doc != null) {
            doc.walk(steps);
        }
    }

    /** Whether the run is text, to be read with {@link #piece}; otherwise it is one value. */
    public boolean isText() {
        return isText;
    }

    /** The value that the run is. */
    public @Nullable Object value() {
        return value;
    }

    /** The formats of the run, as a view that is valid until {@link #next}. */
    public Map<String, @Nullable Object> attributes() {
        return isBare ? Map.of() : shown;
    }

    /** Returns the next piece of a run of text, of at most {@value #PIECE} code units; null at the end of the run. */
    public @Nullable String piece() {
        StringBuilder out = new StringBuilder();
        Item now = item;
        while (now != null && out.length() < PIECE) {
            if (now.isDeleted() || !(now.isString() || endsRun(now))) {
                now = advance();
            } else if (now.isString()) {
                int n = (int) Math.min(now.length() - at, PIECE - out.length());
                now.list().text().appendTo(out, now.at + at, now.at + at + n);
                at += n;
                if (at >= now.length()) {
                    now = advance();
                }
            } else {
                break;
            }
        }
        return out.length() == 0 ? null : out.toString();
    }

    private boolean endsRun(Item now) {
        return now.content() instanceof ContentFormat
                || now.content() instanceof ContentType
                || now.content() instanceof ContentEmbed
                || isValue(now);
    }

    /** Reads text without formats and embedded values, in pieces. */
    static final class Plain implements Iterator<String> {
        private final TextRuns runs;
        private @Nullable String next;

        Plain(Branch text) {
            runs = new TextRuns(text, false);
        }

        @Override
        public boolean hasNext() {
            while (next == null) {
                next = runs.isText() ? runs.piece() : null;
                if (next == null && !runs.next()) {
                    return false;
                }
            }
            return true;
        }

        @Override
        public String next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            String now = Objects.requireNonNull(next);
            next = null;
            return now;
        }
    }
}
