/** Reading the configuration: YAML first, then environment variables, and errors that never show a value. */
@NullMarked
package io.keck.config;

import org.jspecify.annotations.NullMarked;
