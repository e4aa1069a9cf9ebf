package io.keck.access;

import java.util.Optional;

/**
 * A row of the database by which all nodes learn that something about credentials has changed.
 *
 * @param version its number; every later one is larger
 * @param kind what has changed
 * @param subject the principal or the token id, unless the kind says otherwise; empty for {@link Kind#ISSUED_BEFORE}
 * @param before credentials issued at this time or earlier are ended, unless the kind says otherwise: milliseconds since
 *     1970
 */
public record Revocation(long version, Kind kind, String subject, long before) {
    /** What has changed. */
    public enum Kind {
        /** The credentials of one principal. */
        PRINCIPAL("principal"),
        /** One credential. */
        TOKEN("token"),
        /** All credentials. */
        ISSUED_BEFORE("issued_before"),
        /**
         * Nothing by itself: connections are judged again. The subject is the principal, a line feed and the document, each of
         * which may be empty for all.
         */
        RECHECK("recheck"),
        /**
         * Nothing: a principal showed a newer credential for a document. The subject is as that of {@link #RECHECK}, with
         * neither empty, and {@code before} is when the newer credential ends.
         */
        EXTENSION("extension");

        private final String text;

        Kind(String text) {
            this.text = text;
        }

        /** As the database has it. */
        public String text() {
            return text;
        }

        /** The kind that the database calls so; empty for one that a later release has added. */
        public static Optional<Kind> of(String text) {
            for (Kind kind : values()) {
                if (kind.text.equals(text)) {
                    return Optional.of(kind);
                }
            }
            return Optional.empty();
        }
    }
}
