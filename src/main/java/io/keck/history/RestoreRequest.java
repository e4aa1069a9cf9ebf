package io.keck.history;

import io.keck.access.Author;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A request to restore an earlier state of a document or of a part of it, or to revert some of its rows. Immutable.
 *
 * @param isState true to restore the state after row {@code from}; false to revert the rows after {@code from} up to
 *     {@code to} and to keep all later changes
 * @param from a row of the log; 0 for the empty document
 * @param to the last row that is reverted
 * @param root the name of the only root that is changed, or null for all
 * @param block the id of the only block that is changed, or null for all
 * @param by the principal whose rows are reverted, {@link Author#UNKNOWN} for those of an unknown author; null for all
 * @param agent the agent whose rows are reverted, see {@link Author#AGENT}; null for all
 */
public record RestoreRequest(
        boolean isState,
        long from,
        long to,
        @Nullable String root,
        @Nullable String block,
        @Nullable String by,
        @Nullable String agent) {
    private static final int MAX_NAME = 200;

    /** Whether the request concerns the whole document. */
    public boolean isWhole() {
        return root == null && block == null;
    }

    /** Whether a row of this author is reverted, provided that it is in the range. */
    boolean takesBack(@Nullable Author author) {
        boolean isTheirs = by == null || by.equals(author == null ? Author.UNKNOWN : author.principal());
        boolean isAgents = agent == null
                || (author != null && agent.equals(author.attributes().get(Author.AGENT)));
        return isTheirs && isAgents;
    }

    /**
     * The value of the attribute {@link Author#RESTORE_OF}: {@code 12} for the state after row 12, {@code 12..40} for
     * the rows after 12 up to 40, followed by {@code part} if only a part of the document is changed, and by
     * {@code by NAME} and {@code agent NAME} if only rows of one author are reverted.
     */
    public String note() {
        StringBuilder note = new StringBuilder(String.valueOf(from));
        if (!isState) {
            note.append("..").append(to);
        }
        note.append(isWhole() ? "" : " part");
        if (by != null) {
            note.append(" by ").append(cut(by));
        }
        if (agent != null) {
            note.append(" agent ").append(cut(agent));
        }
        return note.toString();
    }

    private static String cut(String name) {
        return name.length() <= MAX_NAME ? name : name.substring(0, MAX_NAME) + "…";
    }

    /**
     * An earlier restoration, read from the note of its row.
     *
     * @param isState whether it restored the state after row {@code from}
     * @param of the rest of the note, which names an author; empty for rows of all authors
     */
    record Earlier(boolean isState, long from, long to, String of) {
        /**
         * Reads the note of a row; returns null if there is none, or if the restoration concerned a part of the
         * document.
         */
        static @Nullable Earlier of(@Nullable Author author) {
            Map<String, String> attributes = author == null ? Map.of() : author.attributes();
            String note = attributes.getOrDefault(Author.RESTORE_OF, "");
            String[] words = note.split(" ", 2);
            String of = words.length == 1 ? "" : " " + words[1];
            String[] rows = words[0].split("\\.\\.", 2);
            if (note.isEmpty() || of.startsWith(" part")) {
                return null;
            }
            try {
                long from = Long.parseLong(rows[0]);
                return new Earlier(rows.length == 1, from, rows.length == 1 ? from : Long.parseLong(rows[1]), of);
            } catch (NumberFormatException e) {
                return null; // an attribute of a credential, which has the same name by chance
            }
        }

        /** Whether it reverted every row within its range that the request covers. */
        boolean covers(RestoreRequest request) {
            String theirs = new RestoreRequest(false, from, to, null, null, request.by, request.agent).note();
            return of.isEmpty() || theirs.endsWith(of);
        }
    }
}
