/** The commands of the jar: their arguments, their output and their exit status. */
@NullMarked
package io.keck.command;

import org.jspecify.annotations.NullMarked;
