/**
 * The base of all storage packages: {@link io.keck.storage.database.Database} is an open database with its
 * connections, dialect, clock, threads and health; the other classes connect, check, migrate and explain failures. It
 * knows no tables except those of Liquibase.
 */
@NullMarked
package io.keck.storage.database;

import org.jspecify.annotations.NullMarked;
