package io.keck.crdt;

import io.keck.crdt.store.DeleteSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * An edit that makes a document show what another document, the source, shows or once showed. The source is an earlier
 * state of the same document ({@link #to}), or the same document with all deleted content, without certain changes
 * ({@link #without}).
 *
 * <p>Content that both show keeps its identity. Content that the target has deleted is inserted again as new items, at
 * the place of the tombstones, because a tombstone cannot be revived; a type comes back with everything in it that is
 * wanted. A subdocument comes back under its guid. The edit is an ordinary one, so everybody who edits meanwhile merges
 * it as any other.
 *
 * <p>The walk is over source and target side by side, type by type, without recursion. Each item that is passed counts
 * as a step.
 */
public final class Restoration {
    /** The largest number of pieces that {@link Outcome#left} lists. */
    public static final int MAX_LEFT = 1_000;

    /** Thrown when a restoration takes more steps than it may; the target must be discarded. */
    public static final class TooManyStepsException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        TooManyStepsException(long steps) {
            super("the restoration takes more than " + steps + " steps");
        }
    }

    /** Thrown when one type is to be brought back, but the type that contained it is gone; nothing was changed. */
    public static final class HomelessException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        HomelessException() {
            super("the type that contained it is gone");
        }
    }

    /** Why a piece of content is not as it would be without the changes that were taken back. */
    public enum Reason {
        /** Somebody else has since set or deleted the key that the change set. */
        REPLACED,
        /** It belonged to somebody else and goes with the type that contains it. */
        CONTAINED,
        /** A type that was taken back stays, because it contains content of somebody else. */
        CONTAINER,
        /** It was deleted, and its content is no longer known. */
        COLLECTED
    }

    /**
     * A piece of content of the source that could not be taken back or brought back.
     *
     * @param entry what it is; the path is that in the source
     */
    public record Left(Reason reason, History.Entry entry) {}

    /**
     * What the edit did.
     *
     * @param inserted the number of clocks that were inserted
     * @param deleted the number of clocks that were deleted
     * @param left what could not be taken back or brought back, at most {@link #MAX_LEFT} pieces
     * @param leftCount the number of all such pieces
     * @param steps the number of items passed
     */
    public record Outcome(long inserted, long deleted, List<Left> left, long leftCount, long steps) {
        /** Whether the target already showed what was wanted. */
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
     * Takes changes back: the document shows what it would show if they had never been made. Changes that the source does
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
     * Restricts the edit to what is in one type.
     *
     * @param then the type in the source
     * @param now the type in the target that is to show the same; null if there is none, and then a copy is inserted where
     *     it was in the type that contained it
     */
    public Restoration inType(AbstractType then, @Nullable AbstractType now) {
        this.then = then;
        this.now = now;
        return this;
    }

    /** The counterpart of a type in another replica, deleted or not; null if that has none. */
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
     * @throws TooManyStepsException if it takes more steps than it may; the target must be discarded
     * @throws HomelessException if a copy of one type is to be inserted, but the type that contained it is gone
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
