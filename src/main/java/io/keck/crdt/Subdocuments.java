package io.keck.crdt;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The subdocuments of one document, and its place if it is a subdocument itself. Not thread-safe. Source: Yjs
 * {@code Doc.js}.
 */
final class Subdocuments {
    final Set<Doc> all = new LinkedHashSet<>(0);
    final List<Consumer<Doc>> destroyListeners = new ArrayList<>(0);
    /** Whether the content of the document is wanted on this replica. */
    boolean shouldLoad;

    private final Doc doc;
    private boolean destroyed;
    /** The item that has the document as its content; null if it is not a subdocument. */
    private @Nullable Item item;

    Subdocuments(Doc doc) {
        this.doc = doc;
    }

    /** Sets the item that has the document as its content. */
    void attach(Item owner) {
        item = owner;
    }

    boolean isSubdoc() {
        return item != null;
    }

    boolean isDestroyed() {
        return destroyed;
    }

    Set<String> guids() {
        Set<String> guids = new LinkedHashSet<>();
        all.forEach(subdoc -> guids.add(subdoc.guid()));
        return Collections.unmodifiableSet(guids);
    }

    /** Applies the changes of a finished transaction. */
    void changed(SubdocsEvent event) {
        for (Doc added : event.added()) {
            added.setClientId(doc.clientId());
            all.add(added);
        }
        all.removeAll(event.removed());
    }

    void load() {
        Doc around = item == null ? null : item.parent().doc();
        if (around != null && !shouldLoad) {
            around.transact(transaction -> transaction.subdocLoaded(doc));
        }
        shouldLoad = true;
    }

    void destroy() {
        if (destroyed) {
            return;
        }
        destroyed = true;
        List.copyOf(all).forEach(Doc::destroy);
        Item in = item;
        item = null;
        Doc around = in == null ? null : in.parent().doc();
        if (in != null && around != null && in.content() instanceof ContentDoc content) {
            Doc fresh = content.renew();
            fresh.subdocuments().attach(in);
            around.transact(transaction -> {
                if (!in.isDeleted()) {
                    transaction.subdocAdded(fresh);
                }
                transaction.subdocRemoved(doc);
            });
        }
        List.copyOf(destroyListeners).forEach(listener -> listener.accept(doc));
    }
}
