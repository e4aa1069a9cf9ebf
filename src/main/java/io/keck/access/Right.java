package io.keck.access;

import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** One thing that a caller may do with a document or with the server. */
public enum Right {
    /** Read the document: sync, REST reads, exports, event streams. */
    READ("read", true),
    /** Show a cursor and see those of others (awareness). */
    PRESENT("present", true),
    /** Read blobs of the document. */
    BLOB_READ("blob.read", true),
    /** Change the document. */
    WRITE("write", true),
    /** Upload blobs of the document. */
    BLOB_WRITE("blob.write", true),
    /** See authors and the history. */
    HISTORY("history", true),
    /** Create the document if there is none. */
    CREATE("create", true),
    /** Replace all content of the document ({@code init?force=true}). */
    REPLACE("replace", true),
    /** Delete the document. */
    DELETE("delete", true),
    /** Delete blobs of the document. */
    BLOB_DELETE("blob.delete", true),
    /** Remove data that a deletion keeps for a while. */
    PURGE("purge", true),
    /** Take messages of client applications, and send messages to the applications of all clients. */
    MESSAGES("messages", true),
    /** Set the webhook, revoke credentials. */
    ADMIN("admin", false),
    /** Run tasks on the admin port. */
    OPERATE("operate", false),
    /** Read metrics and health details on the admin port. */
    METRICS("metrics", false);

    private static final Map<String, Right> NAMED = new HashMap<>();

    static {
        for (Right right : values()) {
            NAMED.put(right.text, right);
        }
    }

    private final String text;
    private final boolean ofDocument;

    Right(String text, boolean ofDocument) {
        this.text = text;
        this.ofDocument = ofDocument;
    }

    /** The name in configuration, tokens and answers. */
    public String text() {
        return text;
    }

    /** Whether the right concerns a document; otherwise it concerns the whole server. */
    public boolean isOfDocument() {
        return ofDocument;
    }

    /** Returns the right with exactly this name. */
    public static Optional<Right> named(String text) {
        return Optional.ofNullable(NAMED.get(text));
    }

    static Set<Right> all() {
        return EnumSet.allOf(Right.class);
    }
}
