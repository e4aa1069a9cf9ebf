/**
 * The HTTP interface, through Jersey: {@link io.keck.api.WorkspaceResource}, {@link io.keck.api.BlobsResource} and {@link
 * io.keck.api.WorkspaceBlobResource}; {@link io.keck.api.CorsFactory} is a block of the configuration.
 */
@NullMarked
package io.keck.api;

import org.jspecify.annotations.NullMarked;
