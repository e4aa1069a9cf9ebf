/**
 * Examination and repair of what is stored, for the command {@code doctor}: {@link
 * io.keck.storage.doctor.DatabaseDoctor} examines the database, {@link io.keck.storage.doctor.Scrub} everything in it.
 */
@NullMarked
package io.keck.storage.doctor;

import org.jspecify.annotations.NullMarked;
