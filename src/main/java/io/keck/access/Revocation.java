package io.keck.access;

import java.util.Optional;

/**
 * A row of the database from which all nodes learn about a change of credentials.
 *
 * @param version the rising number of the row
 * @param kind what has changed
 * @param subject the principal or the token id, unless the kind says otherwise; empty for {@link Kind#ISSUED_BEFORE}
 * @param before credentials issued at this time or earlier are ended, unless the kind says otherwise: milliseconds
 *     since 1970
 */
public record Revocation(long version, Kind kind, String subject, long before) {
    /** The kind of change. */
    public enum Kind {
        /** The credentials of one principal. */
        PRINCIPAL("principal"),
        /** One credential. */
        TOKEN("token"),
        /** All credentials. */
        ISSUED_BEFORE("issued_before"),
        /**
         * Revokes nothing; connections are judged again. The subject is the principal, a line feed and the document; an
         * empty part means all.
         */
        RECHECK("recheck"),
        /**
         * Revokes nothing; a principal has shown a newer credential for a document. The subject is as for
         * {@link #RECHECK}, with no empty part, and {@code before} is the expiry of the newer credential.
         */
        EXTENSION("extension");

        private final String text;

        Kind(String text) {
            this.text = text;
        }

        /** The name in the database. */
        public String text() {
            return text;
        }

        /** Returns the kind with a name; empty for one that only a later release knows. */
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
