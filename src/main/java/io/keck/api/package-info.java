/** The HTTP interface, through Jersey: {@link io.keck.api.WorkspaceResource}. */
@NullMarked
package io.keck.api;

import org.jspecify.annotations.NullMarked;
