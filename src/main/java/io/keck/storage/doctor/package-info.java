/**
 * Examination and repair of stored data, for the command {@code doctor}: {@link
 * io.keck.storage.doctor.DatabaseDoctor} examines the database, {@link io.keck.storage.doctor.Scrub} the data in it.
 */
@NullMarked
package io.keck.storage.doctor;

import org.jspecify.annotations.NullMarked;
