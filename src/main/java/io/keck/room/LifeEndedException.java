package io.keck.room;

/**
 * The life of a name to which a request was bound ended before the request was carried out. The name may live on, so
 * {@link Lives} repeats the request by name.
 */
final class LifeEndedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    LifeEndedException(String name) {
        super("the requested life of room " + name + " has ended", null, false, false);
    }
}
