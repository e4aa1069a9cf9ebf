package io.keck.crdt;

import io.keck.crdt.lib0.Any;
import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.store.Refs;
import org.jspecify.annotations.Nullable;

/**
 * A document inside another one: its guid and options only, its content is synchronized separately. Source: Yjs
 * {@code ContentDoc.js}.
 */
final class ContentDoc extends ItemContent {
    /** The options in wire form. */
    private final @Nullable Object options;

    private Doc doc;

    ContentDoc(Doc doc, @Nullable Object options) {
        this.doc = doc;
        this.options = options;
    }

    @Override
    int ref() {
        return Refs.DOC;
    }

    Doc doc() {
        return doc;
    }

    /** Replaces the document object, which the user has destroyed, by a new one and returns that. */
    Doc renew() {
        doc = new Doc(DocOptions.decode(doc.guid(), options).withShouldLoad(false));
        return doc;
    }

    @Override
    Object value(Item item, int i) {
        return doc;
    }

    @Override
    void integrate(Transaction transaction, Item item) {
        doc.subdocuments().attach(item);
        transaction.subdocAdded(doc);
    }

    @Override
    void delete(Transaction transaction, Item item) {
        transaction.subdocRemoved(doc);
    }

    @Override
    void write(Encoder out, Item item, long offset) {
        out.writeVarString(doc.guid());
        Any.write(out, options);
    }

    @Override
    ItemContent copy(Item item, Item copy, StructList own) {
        return new ContentDoc(new Doc(DocOptions.decode(doc.guid(), options)), options);
    }
}
