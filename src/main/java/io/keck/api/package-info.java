/**
 * The HTTP interface, through Jersey: {@link io.keck.api.ApiFactory} puts it together, {@link io.keck.api.CorsFactory} is
 * a block of the configuration of its own. Resources understand requests and hand what they want from a document to {@link
 * io.keck.room.Documents}, and bytes to {@link io.keck.blob.BlobStore}; {@link io.keck.api.Failures} says what went wrong.
 */
@NullMarked
package io.keck.api;

import org.jspecify.annotations.NullMarked;
