/**
 * Access as values: a {@link io.keck.access.Caller} with the rules of its credential, and the
 * {@link io.keck.access.Grant} that these rules yield for one document. The wing {@code io.keck.auth} recognises
 * callers; every other part only demands grants.
 */
@NullMarked
package io.keck.access;

import org.jspecify.annotations.NullMarked;
