/** How the configuration is read: YAML first, environment variables after that, and errors that never show a value. */
@NullMarked
package io.keck.config;

import org.jspecify.annotations.NullMarked;
