/**
 * Takes over the database of the Keck of OctoBase: {@link io.keck.storage.octobase.SourceDatabase} reads its tables,
 * {@link io.keck.storage.octobase.Importer} writes rooms and blobs through the ports that everybody else uses, and checks
 * them. A part of the storage wing: SQL and drivers on the one side, log and blobs on the other.
 */
@NullMarked
package io.keck.storage.octobase;

import org.jspecify.annotations.NullMarked;
