/**
 * Imports the database of OctoBase's Keck. {@link io.keck.storage.octobase.SourceDatabase} reads its tables;
 * {@link io.keck.storage.octobase.Importer} writes rooms and blobs through the usual ports and verifies them. Part of the
 * storage wing, with SQL and drivers on one side and the log and the blobs on the other.
 */
@NullMarked
package io.keck.storage.octobase;

import org.jspecify.annotations.NullMarked;
