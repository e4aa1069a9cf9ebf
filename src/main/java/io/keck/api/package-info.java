/**
 * The HTTP interface, through Jersey: {@link io.keck.api.ApiFactory} builds it, {@link io.keck.api.CorsFactory} is
 * the factory of another configuration block. Resources parse requests and pass functions over a document to
 * {@link io.keck.room.Documents}, and bytes to {@link io.keck.blob.BlobStore}; {@link io.keck.api.Failures} maps
 * exceptions to answers.
 */
@NullMarked
package io.keck.api;

import org.jspecify.annotations.NullMarked;
