package io.keck.storage.archive;

/** Thrown if a file is not an archive or is damaged. */
public final class ArchiveException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** @param position the offset of the damaged record in bytes */
    public ArchiveException(long position, String what) {
        super("At byte " + position + " of the file: " + what + ".", null, false, false);
    }
}
