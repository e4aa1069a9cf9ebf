/** What a node offers to the wings that are built into it. */
@NullMarked
package io.keck.wing;

import org.jspecify.annotations.NullMarked;
