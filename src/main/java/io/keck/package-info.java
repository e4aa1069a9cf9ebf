/** The application: puts the wings together and starts them. */
@NullMarked
package io.keck;

import org.jspecify.annotations.NullMarked;
