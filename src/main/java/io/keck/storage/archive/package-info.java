/**
 * Rooms in a file: {@link io.keck.storage.archive.Exporter} writes one, {@link io.keck.storage.archive.ArchiveWriter}
 * and {@link io.keck.storage.archive.ArchiveReader} implement the format,
 * {@link io.keck.storage.archive.ArchiveImporter} imports the rooms of one into a log.
 */
@NullMarked
package io.keck.storage.archive;

import org.jspecify.annotations.NullMarked;
