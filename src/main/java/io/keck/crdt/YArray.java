package io.keck.crdt;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A list of values. Indexes count elements. See {@link AbstractType}. Source: Yjs {@code YArray.js}. */
public final class YArray extends AbstractType {
    /** An empty array, to be inserted somewhere. */
    public YArray() {
        super(Branch.ARRAY, "");
    }

    YArray(Branch branch) {
        super(branch);
    }

    /** An array of these values, to be inserted somewhere. */
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
     * @throws IllegalArgumentException if a value is not one a type can hold
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
     * @throws IndexOutOfBoundsException if they are not all there
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
     * One element.
     *
     * @throws IndexOutOfBoundsException if it is not there
     */
    public @Nullable Object get(int index) {
        checkRange(index, 1);
        return isPreliminary() ? null : Lists.get(branch, index);
    }

    /** All elements; types and documents as such. */
    public List<@Nullable Object> toList() {
        return Collections.unmodifiableList(Lists.toList(branch));
    }

    /** All elements, as they were; of a document without garbage collection. */
    public List<@Nullable Object> toList(Snapshot snapshot) {
        List<@Nullable Object> list = new ArrayList<>();
        Doc doc = doc();
        if (doc != null) {
            // what is split here is merged again when the transaction ends, so all is read before
            doc.transact(transaction -> {
                snapshot.split(transaction);
                Lists.forEach(branch, snapshot, list::add);
            });
        }
        return Collections.unmodifiableList(list);
    }

    /**
     * The elements from one index up to another, as a copy.
     *
     * @throws IndexOutOfBoundsException if they are not all there
     */
    public List<@Nullable Object> slice(int from, int to) {
        checkRange(from, to - from);
        List<@Nullable Object> slice = new ArrayList<>(to - from);
        Lists.forEach(branch, from, to, slice::add);
        return Collections.unmodifiableList(slice);
    }

    /** Gives every element in order. The array must not be edited meanwhile. */
    public void forEach(Consumer<@Nullable Object> consumer) {
        Lists.forEach(branch, consumer);
    }

    @Override
    public YArray copy() {
        return Copies.of(this);
    }
}
