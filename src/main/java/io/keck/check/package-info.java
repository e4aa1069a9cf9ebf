/** The findings of an examination of an installation, as values; see {@link io.keck.check.Findings}. */
@NullMarked
package io.keck.check;

import org.jspecify.annotations.NullMarked;
