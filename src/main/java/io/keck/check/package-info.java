/** What an examination of an installation finds, as values; see {@link io.keck.check.Findings}. */
@NullMarked
package io.keck.check;

import org.jspecify.annotations.NullMarked;
