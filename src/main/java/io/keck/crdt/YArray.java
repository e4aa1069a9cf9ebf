package io.keck.crdt;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A list of values. Indexes count elements. See {@link AbstractType}. Source: Yjs {@code YArray.js}. */
public final class YArray extends AbstractType {
    /** Creates an empty array, to be inserted into another type. */
    public YArray() {
        super(Branch.ARRAY, "");
    }

    YArray(Branch branch) {
        super(branch);
    }

    /** Creates an array of these values, to be inserted into another type. */
    public static YArray of(@Nullable Object... values) {
        YArray array = new YArray();
        array.insert(0, Arrays.asList(values));
        return array;
    }

    /** The number of elements. */
    public int length() {
        return lengthAsInt();
    }

    /**
     * Inserts values before an element, or at the end.
     *
     * @throws IndexOutOfBoundsException if {@code index} is not within 0 and the length
     * @throws IllegalArgumentException if a type cannot hold one of the values
     */
    public void insert(int index, List<? extends @Nullable Object> values) {
        checkIndex(index);
        if (values.isEmpty()) {
            return;
        }
        List<@Nullable Object> checked = Lists.checked(values);
        preliminaryLength(checked.size());
        edit(transaction -> Lists.insert(transaction, branch, index, checked));
    }

    /** Adds a value at the start. */
    public void unshift(@Nullable Object value) {
        insert(0, Collections.singletonList(value));
    }

    /** Adds a value at the end. */
    public void push(@Nullable Object value) {
        insert(length(), Collections.singletonList(value));
    }

    /**
     * Deletes elements.
     *
     * @throws IndexOutOfBoundsException if the range is not within the array
     */
    public void delete(int index, int length) {
        checkRange(index, length);
        if (length > 0) {
            preliminaryLength(-length);
            edit(transaction -> Lists.delete(transaction, branch, index, length));
        }
    }

    /** Deletes one element. */
    public void delete(int index) {
        delete(index, 1);
    }

    /**
     * Returns one element.
     *
     * @throws IndexOutOfBoundsException if there is no such element
     */
    public @Nullable Object get(int index) {
        checkRange(index, 1);
        return isPreliminary() ? null : Lists.get(branch, index);
    }

    /** All elements, as a copy; types and documents are not converted. */
    public List<@Nullable Object> toList() {
        return Collections.unmodifiableList(Lists.toList(branch));
    }

    /** The elements one by one. The array must not be edited meanwhile. */
    public Iterator<@Nullable Object> elements() {
        return new Lists.Elements(branch);
    }

    /** All elements at the time of a snapshot, for a document without garbage collection. */
    public List<@Nullable Object> toList(Snapshot snapshot) {
        List<@Nullable Object> list = new ArrayList<>();
        Doc doc = doc();
        if (doc != null) {
            // items split here are merged again when the transaction ends, so they are read within it
            doc.transact(transaction -> {
                snapshot.split(transaction);
                Lists.forEach(branch, snapshot, list::add);
            });
        }
        return Collections.unmodifiableList(list);
    }

    /**
     * The elements {@code [from, to)}, as a copy.
     *
     * @throws IndexOutOfBoundsException if the range is not within the array
     */
    public List<@Nullable Object> slice(int from, int to) {
        checkRange(from, to - from);
        List<@Nullable Object> slice = new ArrayList<>(to - from);
        Lists.forEach(branch, from, to, slice::add);
        return Collections.unmodifiableList(slice);
    }

    /** Passes on every element in order. The array must not be edited meanwhile. */
    public void forEach(Consumer<@Nullable Object> consumer) {
        Lists.forEach(branch, consumer);
    }

    @Override
    public YArray copy() {
        return Copies.of(this);
    }
}
