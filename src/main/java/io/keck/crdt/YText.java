package io.keck.crdt;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Text with formats and embedded values. Indexes and lengths count UTF-16 code units, as Java's strings do; an embedded
 * value counts one. An edit that cuts a surrogate pair turns the remaining half into U+FFFD, as in Yjs. See
 * {@link AbstractType}. Source: Yjs {@code YText.js}.
 */
public sealed class YText extends AbstractType permits YXmlText {
    /** Creates an empty text, to be inserted into another type. */
    public YText() {
        this(Branch.TEXT);
    }

    /** Creates a text, to be inserted into another type. */
    public YText(String text) {
        this();
        insert(0, text);
    }

    YText(int kind) {
        super(kind, "");
    }

    YText(Branch branch) {
        super(branch);
    }

    /** The number of code units and embedded values. */
    public final int length() {
        return lengthAsInt();
    }

    /**
     * Inserts text with the formats of the text before it.
     *
     * @throws IndexOutOfBoundsException if {@code index} is not within 0 and the length
     */
    public final void insert(int index, String text) {
        checkIndex(index);
        if (!text.isEmpty()) {
            String clean = Values.wellFormed(text);
            preliminaryLength(clean.length());
            edit(transaction -> {
                if (branch.isRich()) {
                    TextEdit at = TextEdit.at(transaction, branch, index);
                    at.make(TextStep.text(clean, at.formats()));
                } else {
                    TextEdit.insertPlain(transaction, branch, index, clean);
                }
            });
        }
    }

    /**
     * Inserts text with these formats and no others.
     *
     * @throws IndexOutOfBoundsException if {@code index} is not within 0 and the length
     * @throws IllegalArgumentException if a format is not a JSON value
     */
    public final void insert(int index, String text, Map<String, ? extends @Nullable Object> attributes) {
        checkIndex(index);
        TextStep step = TextStep.text(text, TextStep.formats(attributes));
        if (!text.isEmpty()) {
            change(index, step);
        }
    }

    /** Inserts a value without formats; see {@link #insertEmbed(int, Object, Map)}. */
    public final void insertEmbed(int index, @Nullable Object embed) {
        insertEmbed(index, embed, Map.of());
    }

    /**
     * Inserts a JSON value or another type.
     *
     * @throws IndexOutOfBoundsException if {@code index} is not within 0 and the length
     * @throws IllegalArgumentException if {@code embed} is neither, or a format is not a JSON value
     */
    public final void insertEmbed(
            int index, @Nullable Object embed, Map<String, ? extends @Nullable Object> attributes) {
        checkIndex(index);
        Map<String, @Nullable Object> formats = TextStep.formats(attributes);
        change(index, TextStep.embed(embed, formats));
    }

    /**
     * Deletes text and embedded values.
     *
     * @throws IndexOutOfBoundsException if the range is not within the text
     */
    public final void delete(int index, int length) {
        checkRange(index, length);
        if (length > 0) {
            preliminaryLength(-length);
            edit(transaction -> {
                if (branch.isRich()) {
                    TextEdit.at(transaction, branch, index).make(new TextStep.Delete(length));
                } else {
                    Lists.delete(transaction, branch, index, length);
                }
            });
        }
    }

    /**
     * Sets formats of text and embedded values; a null value removes a format.
     *
     * @throws IndexOutOfBoundsException if the range is not within the text
     * @throws IllegalArgumentException if a format is not a JSON value
     */
    public final void format(int index, int length, Map<String, ? extends @Nullable Object> attributes) {
        checkRange(index, length);
        Map<String, @Nullable Object> formats = TextStep.formats(attributes);
        if (length > 0) {
            change(index, new TextStep.Retain(length, formats));
        }
    }

    private void change(int index, TextStep step) {
        preliminaryLength(step.grows());
        edit(transaction -> TextEdit.at(transaction, branch, index).make(step));
    }

    /**
     * Executes several steps, each of which begins where the previous one ended.
     *
     * @throws IndexOutOfBoundsException if the steps go beyond the end of the text
     * @throws IllegalArgumentException if a step inserts content that a text cannot hold
     */
    public final void applyDelta(List<Delta> delta) {
        List<TextStep> steps = new ArrayList<>(delta.size());
        long rest = branch.length;
        long change = 0;
        for (Delta each : delta) {
            TextStep step = TextStep.of(each);
            rest -= step.needs();
            change += step.grows();
            steps.add(step);
        }
        if (rest < 0) {
            throw new IndexOutOfBoundsException("delta of more than the length of " + branch.length);
        }
        preliminaryLength(change);
        edit(transaction -> {
            TextEdit at = TextEdit.at(transaction, branch, 0);
            steps.forEach(at::make);
        });
    }

    /** The content with its formats, as a list of inserts. */
    public final List<Delta> toDelta() {
        return Collections.unmodifiableList(TextDelta.of(branch));
    }

    /**
     * Returns a reader of the content with its formats, run by run and piece by piece. The text must not be edited
     * meanwhile.
     */
    public final TextRuns runs() {
        return new TextRuns(branch, false);
    }

    /**
     * Returns the result of {@link #toString} in pieces of a few thousand code units; a piece is longer only if a
     * single value is. A surrogate pair may be cut between two pieces. The text and the types in it must not be edited
     * meanwhile.
     */
    public Iterator<String> pieces() {
        return new TextRuns.Plain(branch);
    }

    /** The content at the time of a snapshot, for a document without garbage collection. */
    public final List<Delta> toDelta(Snapshot snapshot) {
        return TextDelta.between(this, snapshot, null);
    }

    /**
     * The content at the time of a snapshot, with the text that was removed or added since an earlier snapshot marked
     * by the format {@code ychange}, {@code {type: "removed"}} or {@code {type: "added"}}; for a document without
     * garbage collection.
     */
    public final List<Delta> toDelta(Snapshot snapshot, Snapshot earlier) {
        return TextDelta.between(this, snapshot, earlier);
    }

    /** Sets an attribute of the text as a whole, beside its content. */
    public final void setAttribute(String name, @Nullable Object value) {
        String key = Values.wellFormed(name);
        Object checked = Lists.checked(Collections.singletonList(value)).get(0);
        edit(transaction -> Lists.set(transaction, branch, key, checked));
    }

    /** Deletes an attribute; does nothing if there is no such attribute. */
    public final void removeAttribute(String name) {
        edit(transaction -> Lists.remove(transaction, branch, name));
    }

    /** The value of an attribute, or null if there is none. */
    public final @Nullable Object getAttribute(String name) {
        Item item = branch.value(name);
        return item == null ? null : Lists.last(item);
    }

    /** All attributes, as a copy. */
    public final Map<String, @Nullable Object> getAttributes() {
        return Attributes.of(branch);
    }

    /** The text without formats and embedded values. */
    @Override
    public String toString() {
        return TextDelta.plain(branch);
    }

    @Override
    public YText copy() {
        return Copies.of(this);
    }
}
