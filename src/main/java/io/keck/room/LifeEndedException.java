package io.keck.room;

/**
 * The life of a name that a request was bound to has ended before the request was carried out. That says nothing of the
 * name: {@link Lives} asks for it again.
 */
final class LifeEndedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    LifeEndedException(String name) {
        super("the life of room " + name + " that was asked has ended", null, false, false);
    }
}
