package io.keck.blob;

/** Thrown if the workspace was deleted recently, or while a request to it was under way. */
public final class WorkspaceGoneException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** @param workspace the name of the workspace */
    public WorkspaceGoneException(String workspace) {
        super("workspace " + workspace + " was deleted", null, false, false);
    }
}
