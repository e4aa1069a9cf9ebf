/** The commands of the jar: what they read from the command line, what they print, how they end. */
@NullMarked
package io.keck.command;

import org.jspecify.annotations.NullMarked;
