package io.keck.linearizability;

import java.util.Collection;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The model of one cell of a document: a map key, a block, a blob (a register), or a list, a text, the children of a block (a
 * bag of unique entries, whose order {@link Orders} checks). The lives of the document are part of the state: the document is
 * created, replaced and deleted, and what a life held ends with it.
 */
final class Cell implements Model<Cell.State, Cell.Act> {
    /** The value of a register that is not set, and of an empty bag. */
    static final String ABSENT = "";

    /** The life in which nothing is: the document does not exist. */
    static final String NO_LIFE = "";

    enum Verb {
        /** Creates the document unless it exists. {@code life} names the life that begins. */
        CREATE,
        /** Creates it with a content; answered "made". */
        INIT,
        /** Does the same; answered "there already". */
        INIT_KEPT,
        /** Replaces the document, or creates it, with a content. */
        FORCE,
        /** Ends the document's life. */
        DELETE,
        /** Sets the register. With a {@code life}, only in that one: what sits in a room writes into no other. */
        WRITE,
        /** Empties the register. */
        REMOVE,
        /** Puts an entry into the bag. */
        ADD,
        /** A read that found the document and {@code value}; with a {@code life}, it found that mark of it, too. */
        READ,
        /** A call that was told that the document does not exist. */
        READ_NO_DOCUMENT,
        /** A call that was told that the document or the cell does not exist, without saying which. */
        READ_NOTHING
    }

    /**
     * An operation with its answer.
     *
     * @param value what is written, read, or in the cell when a life begins
     * @param life see the verbs; null where it says nothing
     */
    record Act(Verb verb, String value, @Nullable String life) {
        @Override
        public String toString() {
            return verb + (value.isEmpty() ? "" : " " + value) + (life == null ? "" : " [life " + life + "]");
        }
    }

    /** What there is. */
    record State(String life, String value) {
        @Override
        public String toString() {
            return life.equals(NO_LIFE) ? "no document" : "life " + life + (value.isEmpty() ? ", empty" : ": " + value);
        }
    }

    private static final State NOTHING = new State(NO_LIFE, ABSENT);

    /** A life without a mark: made by a plain creation. */
    static final String UNMARKED = "unmarked-";

    @Override
    public State initial() {
        return NOTHING;
    }

    /** What a reader sees of the life: the mark that came with its first content, or nothing. */
    private static String mark(String life) {
        return life.startsWith(UNMARKED) ? "" : life;
    }

    @Override
    public @Nullable State after(State state, Act act, boolean unknown) {
        boolean exists = !state.life().equals(NO_LIFE);
        return switch (act.verb()) {
            case CREATE -> exists ? state : begun(act);
            case INIT -> exists ? only(unknown, state) : begun(act);
            case INIT_KEPT -> exists ? state : null;
            case FORCE -> begun(act);
            case DELETE -> NOTHING;
            case WRITE, REMOVE, ADD -> exists && isIn(state, act) ? written(state, act) : only(unknown, state);
            case READ ->
                exists
                                && (act.life() == null || act.life().equals(mark(state.life())))
                                && act.value().equals(state.value())
                        ? state
                        : null;
            case READ_NO_DOCUMENT -> exists ? null : state;
            case READ_NOTHING -> exists && !state.value().equals(ABSENT) ? null : state;
        };
    }

    @Override
    public boolean isRead(Act act) {
        return switch (act.verb()) {
            case READ, READ_NO_DOCUMENT, READ_NOTHING, INIT_KEPT -> true;
            case CREATE, INIT, FORCE, DELETE, WRITE, REMOVE, ADD -> false;
        };
    }

    private static State begun(Act act) {
        return new State(String.valueOf(act.life()), act.value());
    }

    private static @Nullable State only(boolean unknown, State state) {
        return unknown ? state : null;
    }

    private static boolean isIn(State state, Act act) {
        return act.life() == null || act.life().equals(mark(state.life()));
    }

    private static State written(State state, Act act) {
        return switch (act.verb()) {
            case REMOVE -> new State(state.life(), ABSENT);
            case ADD -> new State(state.life(), bag(state.value(), act.value()));
            default -> new State(state.life(), act.value());
        };
    }

    /** A bag with one more entry. */
    private static String bag(String bag, String entry) {
        TreeSet<String> entries = new TreeSet<>(List.of(entry));
        if (!bag.equals(ABSENT)) {
            entries.addAll(List.of(bag.split(",")));
        }
        return bag(entries);
    }

    /** The value of a bag with these entries. */
    static String bag(Collection<String> entries) {
        return String.join(",", new TreeSet<>(entries));
    }
}
