package io.keck.crdt;

import io.keck.crdt.store.DeleteSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * An edit that makes one document, the target, show what another one, the source, shows. The source is an earlier state
 * of the target ({@link #to}), or a replica of it with all deleted content, from which certain changes are left out
 * ({@link #without}).
 *
 * <p>Content that both show keeps its identity. Content that the target has deleted is inserted again as new items, at
 * the place of the tombstones, because a tombstone cannot be revived; a type is recreated with all of its content that
 * the source shows. A subdocument is recreated under its guid. The edit is an ordinary transaction, so concurrent edits
 * merge with it as with any other.
 *
 * <p>Source and target are walked side by side, type by type, without recursion. Each item that the walk passes counts
 * as a step. Used by the thread that owns both documents.
 */
public final class Restoration {
    /** The largest number of pieces that {@link Outcome#left} lists. */
    public static final int MAX_LEFT = 1_000;

    /** Thrown when a restoration takes more steps than {@link #atMost} allows; the target must be discarded. */
    public static final class TooManyStepsException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        TooManyStepsException(long steps) {
            super("the restoration takes more than " + steps + " steps");
        }
    }

    /** Thrown when one type is to be recreated but the type that contained it is deleted; nothing was changed. */
    public static final class HomelessException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        HomelessException() {
            super("the type that contained it is gone");
        }
    }

    /** Why a piece of content differs from what it would be without the changes that were reverted. */
    public enum Reason {
        /** Another change has set or deleted the same key since. */
        REPLACED,
        /** It stems from another change, and is deleted together with the type that contains it. */
        CONTAINED,
        /**
         * The insertion of this type is reverted only in part: the type stays because it contains content of other
         * changes.
         */
        CONTAINER,
        /** It was deleted, and its content is no longer known. */
        COLLECTED
    }

    /**
     * A piece of content of the source that could not be deleted or recreated.
     *
     * @param entry the piece; its path is the one in the source
     */
    public record Left(Reason reason, History.Entry entry) {}

    /**
     * The result of the edit.
     *
     * @param inserted the number of clocks that were inserted
     * @param deleted the number of clocks that were deleted
     * @param left the pieces that could not be deleted or recreated, at most {@link #MAX_LEFT}
     * @param leftCount the number of all such pieces
     * @param steps the number of items passed
     */
    public record Outcome(long inserted, long deleted, List<Left> left, long leftCount, long steps) {
        /** Whether the edit changed nothing, because the target already showed the wanted content. */
        public boolean isUnchanged() {
            return inserted == 0 && deleted == 0;
        }
    }

    private final Doc source;
    private final @Nullable DeleteSet inserted;
    private final DeleteSet deleted;
    private @Nullable String root;
    private @Nullable AbstractType then;
    private @Nullable AbstractType now;
    private long maxSteps = Long.MAX_VALUE;

    private Restoration(Doc source, @Nullable DeleteSet inserted, DeleteSet deleted) {
        this.source = source;
        this.inserted = inserted;
        this.deleted = deleted;
    }

    /**
     * Makes a document show exactly what another one shows.
     *
     * @param then an earlier state of the document that is edited
     */
    public static Restoration to(Doc then) {
        return new Restoration(then, null, new DeleteSet());
    }

    /**
     * Reverts changes: the document shows what it would show if they had never been made. Changes that the source does
     * not contain stay.
     *
     * @param all a replica of the document that has kept all deleted content ({@code gc} off)
     * @param inserted the clocks that the changes inserted
     * @param deleted the clocks that are deleted without these changes: those deleted before them, and by others
     * @throws IllegalArgumentException if {@code all} drops deleted content
     */
    public static Restoration without(Doc all, DeleteSet inserted, DeleteSet deleted) {
        if (all.gc()) {
            throw new IllegalArgumentException("changes can be taken back only with the deleted content");
        }
        return new Restoration(all, inserted, deleted);
    }

    /** Restricts the edit to one root. */
    public Restoration inRoot(String name) {
        root = name;
        return this;
    }

    /**
     * Restricts the edit to the content of one type.
     *
     * @param then the type in the source
     * @param now the counterpart of that type in the target; null if there is none: then a copy of the type is inserted
     *     at its old place in the type that contained it
     */
    public Restoration inType(AbstractType then, @Nullable AbstractType now) {
        this.then = then;
        this.now = now;
        return this;
    }

    /** Returns the counterpart of a type in another replica, deleted or not; null if the replica has none. */
    public static @Nullable AbstractType same(AbstractType type, Doc replica) {
        Item item = type.branch.item;
        if (item == null) {
            return replica.root(type.branch.name()).kind() == type.branch.kind()
                    ? replica.root(type.branch.name()).view()
                    : null;
        }
        return replica.store().get(item.id()) instanceof Item there && there.content() instanceof ContentType content
                ? content.branch.view()
                : null;
    }

    /** Restricts the number of items that the walk may pass. */
    public Restoration atMost(long steps) {
        maxSteps = steps;
        return this;
    }

    /**
     * Edits a document, in one transaction.
     *
     * @param origin the origin of the transaction
     * @throws TooManyStepsException if the edit takes more steps than {@link #atMost} allows; the target must be
     *     discarded
     * @throws HomelessException if a copy of one type is to be inserted but the type that contained it is deleted;
     *     nothing was changed
     */
    public Outcome apply(Doc target, @Nullable Object origin) {
        return source.transactGet(null, from -> target.transactGet(origin, into -> run(from, into)));
    }

    private Outcome run(Transaction from, Transaction into) {
        Wish wish = inserted == null ? new Wish.State() : new Wish.Without(from, inserted, deleted);
        RestorationWalk walk = new RestorationWalk(from, into, wish, maxSteps);
        Doc target = into.doc();
        if (then != null && now != null) {
            walk.add(then.branch, now.branch);
        } else if (then != null) {
            walk.bringBack(then.branch);
        } else if (root != null) {
            walk.add(source.root(root), target.root(root));
        } else {
            Set<String> names = new TreeSet<>(source.rootNames());
            names.addAll(target.rootNames());
            names.forEach(name -> walk.add(source.root(name), target.root(name)));
        }
        return walk.run();
    }
}
