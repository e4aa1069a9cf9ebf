package io.keck.blob;

/** The workspace was deleted, a moment ago or while something was on its way to it. */
public final class WorkspaceGoneException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** @param workspace its name */
    public WorkspaceGoneException(String workspace) {
        super("workspace " + workspace + " was deleted", null, false, false);
    }
}
