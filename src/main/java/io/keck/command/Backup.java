package io.keck.command;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A file from which a database can be restored.
 *
 * @param writtenAt when its last byte was written
 * @param size its size in bytes
 */
record Backup(Path file, Kind kind, Instant writtenAt, long size) {
    private static final List<String> ENDINGS = List.of(".keck", ".dump", ".db");

    /** The tool that wrote the file. */
    enum Kind {
        /** {@code export}: the documents and blobs as they were, without history. */
        ARCHIVE("KECKARCH"),
        /** {@code pg_dump -Fc}: a PostgreSQL database. */
        DUMP("PGDMP"),
        /** The file of an SQLite database, copied by {@code VACUUM INTO} or {@code .backup}. */
        SQLITE("SQLite format 3\0");

        private final String magic;

        Kind(String magic) {
            this.magic = magic;
        }

        private boolean begins(byte[] bytes) {
            return new String(bytes, StandardCharsets.ISO_8859_1).startsWith(magic);
        }
    }

    /** The file cannot be restored; the message says why. */
    static final class UnusableException extends Exception {
        private static final long serialVersionUID = 1L;

        UnusableException(String message) {
            super(message);
        }
    }

    /**
     * Returns the backup at a path: the file itself or, in a folder, the newest file that ends in .keck, .dump or .db. Subfolders are
     * ignored.
     *
     * @throws UnusableException if there is none, or Keck cannot restore the newest one
     */
    static Path newest(Path path) throws IOException, UnusableException {
        if (!Files.isDirectory(path)) {
            if (!Files.isRegularFile(path)) {
                throw new UnusableException("There is no file " + path + ".");
            }
            return path;
        }
        try (Stream<Path> files = Files.list(path)) {
            Optional<Path> newest = files.filter(Files::isRegularFile)
                    .filter(file -> ENDINGS.stream()
                            .anyMatch(ending -> file.getFileName().toString().endsWith(ending)))
                    .max(Comparator.comparing(Backup::modifiedAt).thenComparing(Comparator.naturalOrder()));
            return newest.orElseThrow(() -> new UnusableException(
                    "There is no backup in " + path + ": no file there ends in " + String.join(", ", ENDINGS) + "."));
        }
    }

    private static Instant modifiedAt(Path file) {
        try {
            return Files.getLastModifiedTime(file).toInstant();
        } catch (IOException e) {
            return Instant.EPOCH; // removed meanwhile
        }
    }

    /**
     * Determines the kind of a backup by the first bytes of the file.
     *
     * @throws UnusableException if Keck cannot restore the file
     */
    static Backup of(Path file) throws IOException, UnusableException {
        byte[] beginning;
        try (InputStream in = Files.newInputStream(file)) {
            beginning = in.readNBytes(16);
        } catch (NoSuchFileException e) {
            throw new UnusableException("The file " + file + " was removed meanwhile.");
        }
        for (Kind kind : Kind.values()) {
            if (kind.begins(beginning)) {
                return new Backup(file, kind, modifiedAt(file), Files.size(file));
            }
        }
        throw new UnusableException(
                "The file " + file + " is not a backup that Keck can restore: neither an archive of export, nor"
                        + " a dump of pg_dump -Fc, nor an SQLite database. It is empty, damaged or something else.");
    }
}
