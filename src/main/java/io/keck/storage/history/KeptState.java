package io.keck.storage.history;

import io.keck.access.Origin;
import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.DeleteSet;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.feed.Authorship;
import io.keck.storage.history.SegmentCodec.Row;
import io.keck.storage.rows.FoldedAuthors.Stored;
import org.jspecify.annotations.Nullable;

/**
 * A document at a row, with deleted content and with the authors of insertions and deletions; built from a checkpoint
 * and the rows after it. Used by one thread.
 */
final class KeptState {
    private final StructStore store = new StructStore(true);
    private final Authorship<Stored> authors;
    private long seq;
    private long at;

    /** Creates an empty document. */
    KeptState() {
        this.authors = new Authorship<>();
    }

    /**
     * Creates the document of a checkpoint.
     *
     * @throws DecodeException if it is damaged
     */
    KeptState(long seq, long at, Checkpoints.Content content) {
        this.seq = seq;
        this.at = at;
        store.apply(content.state(), DecodeLimits.OWN);
        this.authors = content.authors().length == 0
                ? new Authorship<>()
                : Authorship.decode(content.authors(), KeptState::author);
    }

    private static @Nullable Stored author(Authorship.Code code) {
        return code.number() == 0 ? null : new Stored(code.number(), code.word());
    }

    /** Adds the next row. */
    void add(Row row) {
        Update update = Update.decode(row.payload(), DecodeLimits.OWN);
        store.apply(update);
        Stored author = row.author();
        boolean introduces = author != null
                && Origin.named(author.origin()).map(Origin::introduces).orElse(true);
        authors.add(update, author, row.at(), introduces);
        seq = row.seq();
        at = row.at();
    }

    /** The last row. */
    long seq() {
        return seq;
    }

    /** The time at which the last row was written, in milliseconds since 1970. */
    long at() {
        return at;
    }

    /** The clocks that are deleted at this row. */
    DeleteSet deletes() {
        return store.deletes();
    }

    /**
     * Whether another document has the same structs and deletes, regardless of the deleted content that it still holds.
     */
    boolean isSame(StructStore other) {
        return other.reduce(Update.decode(store.encode(), DecodeLimits.OWN)).isEmpty()
                && store.reduce(Update.decode(other.encode(), DecodeLimits.OWN)).isEmpty();
    }

    /** Encodes the document without the content of some deleted items. */
    Checkpoints.Content encode(DeleteSet without) {
        return new Checkpoints.Content(
                without.isEmpty() ? store.encode() : store.encodeWithout(without),
                authors.encode(author -> new Authorship.Code(author.id(), author.origin())));
    }
}
