package io.keck.blob;

import io.keck.failure.RoomGone;

/** Thrown if the workspace was deleted recently, or while a request to it was under way. */
public final class RoomGone extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** @param workspace the name of the workspace */
    public RoomGone(String workspace) {
        super("workspace " + workspace + " was deleted", null, false, false);
    }
}
