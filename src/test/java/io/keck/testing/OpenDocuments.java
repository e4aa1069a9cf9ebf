package io.keck.testing;

import io.keck.crdt.Doc;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.room.Documents;
import io.keck.room.Documents.Answer;
import io.keck.room.Exports;
import io.keck.room.Reading;
import io.keck.room.RequestKey;
import io.keck.room.Rooms;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Function;

/** Documents by name, for tests that are about documents and not about who may do what: with all rights. */
public final class OpenDocuments {
    private final Documents documents;

    private OpenDocuments(Documents documents) {
        this.documents = documents;
    }

    /** Those of a node. */
    public static OpenDocuments of(Rooms rooms) {
        return new OpenDocuments(rooms.documents());
    }

    /** See {@link Documents#readInParts}. */
    public <T> CompletionStage<Answer<T>> readInParts(String room, boolean local, Function<Doc, Reading<T>> reader) {
        return documents.readInParts(Grants.on(room), local, reader);
    }

    /** See {@link Documents#read}. */
    public <T> CompletionStage<Answer<T>> read(String room, boolean local, Function<Doc, T> reader) {
        return documents.read(Grants.on(room), local, reader);
    }

    /** See {@link Documents#writeInParts}. */
    public <T> CompletionStage<Answer<T>> writeInParts(
            String room, RequestKey key, Consumer<Doc> edit, Function<Doc, Reading<T>> afterwards) {
        return documents.writeInParts(Grants.on(room), key, edit, afterwards);
    }

    /** See {@link Documents#write}. */
    public <T> CompletionStage<Answer<T>> write(
            String room, RequestKey key, Consumer<Doc> edit, Function<Doc, T> afterwards) {
        return documents.write(Grants.on(room), key, edit, afterwards);
    }

    /** See {@link Documents#client}. */
    public CompletionStage<Answer<Long>> client(String room) {
        return documents.client(Grants.on(room));
    }

    /** See {@link Documents#createInParts}. */
    public <T> CompletionStage<Answer<T>> createInParts(String room, RequestKey key, Function<Doc, Reading<T>> reader) {
        return documents.createInParts(Grants.on(room), key, reader);
    }

    /** See {@link Documents#create}. */
    public <T> CompletionStage<Answer<T>> create(String room, RequestKey key, Function<Doc, T> reader) {
        return documents.create(Grants.on(room), key, reader);
    }

    /** The same without a key. */
    public <T> CompletionStage<Answer<T>> create(String room, Function<Doc, T> reader) {
        return documents.create(Grants.on(room), reader);
    }

    /** See {@link Documents#init}. */
    public CompletionStage<Optional<Answer<byte[]>>> init(
            String room, Update content, boolean replace, RequestKey key) {
        return documents.init(Grants.on(room), content, replace, key);
    }

    /** The same without a key. */
    public CompletionStage<Optional<Answer<byte[]>>> init(String room, Update content, boolean replace) {
        return documents.init(Grants.on(room), content, replace);
    }

    /** See {@link Documents#export}. */
    public <T> CompletionStage<Answer<T>> export(String room, Exports exports, Function<StructStore, T> writer) {
        return documents.export(Grants.on(room), exports, writer);
    }

    /** See {@link Documents#delete}. */
    public CompletionStage<Boolean> delete(String room, RequestKey key) {
        return documents.delete(Grants.on(room), key);
    }

    /** The same without a key. */
    public CompletionStage<Boolean> delete(String room) {
        return documents.delete(Grants.on(room));
    }
}
