package io.keck.crdt;

import io.keck.crdt.lib0.Any;
import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.store.Refs;
import org.jspecify.annotations.Nullable;

/** A document inside another: only its name and options, its content travels elsewhere. Source: Yjs {@code ContentDoc.js}. */
final class ContentDoc extends ItemContent {
    /** As they came or will go over the wire. */
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

    /** The user is done with the document object; a fresh one takes its place. */
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
        doc.attach(item);
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
