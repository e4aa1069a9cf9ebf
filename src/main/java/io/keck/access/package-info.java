/**
 * Who may do what, as values: a {@link io.keck.access.Caller} with the rules of its credential, and the
 * {@link io.keck.access.Grant} that these rules make for one document. How a caller is recognised is the concern of the
 * wing {@code io.keck.auth}; every other part only demands grants.
 */
@NullMarked
package io.keck.access;

import org.jspecify.annotations.NullMarked;
