package io.keck.storage.archive;

/** A file is no archive, or a damaged one. */
public final class ArchiveException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** @param position of the record that is damaged, bytes from the beginning */
    public ArchiveException(long position, String what) {
        super("At byte " + position + " of the file: " + what + ".", null, false, false);
    }
}
