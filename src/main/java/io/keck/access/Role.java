package io.keck.access;

import static io.keck.access.Right.BLOB_READ;
import static io.keck.access.Right.BLOB_WRITE;
import static io.keck.access.Right.CREATE;
import static io.keck.access.Right.HISTORY;
import static io.keck.access.Right.PRESENT;
import static io.keck.access.Right.READ;
import static io.keck.access.Right.WRITE;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/** A short name for several rights. */
public enum Role {
    /** Read only, with a cursor. */
    READ_ONLY("read", EnumSet.of(READ, PRESENT, BLOB_READ)),
    /** As {@code read}: comments have no rights of their own yet. */
    COMMENT("comment", EnumSet.of(READ, PRESENT, BLOB_READ)),
    /** As {@code read}: suggestions have no rights of their own yet. */
    SUGGEST("suggest", EnumSet.of(READ, PRESENT, BLOB_READ)),
    /** Read, change and create; neither replace nor delete. */
    WRITER("write", EnumSet.of(READ, PRESENT, BLOB_READ, WRITE, BLOB_WRITE, HISTORY, CREATE)),
    /** All rights; those for the server only in a rule that matches every document. */
    ADMINISTRATOR("admin", EnumSet.allOf(Right.class));

    private final String text;

    @SuppressWarnings("ImmutableEnumChecker") // unmodifiable, which the compiler cannot see
    private final Set<Right> rights;

    Role(String text, Set<Right> rights) {
        this.text = text;
        this.rights = Collections.unmodifiableSet(rights);
    }

    /** The name in configuration and tokens. */
    public String text() {
        return text;
    }

    /** The rights of the role; unmodifiable. */
    public Set<Right> rights() {
        return rights;
    }

    /** Returns the role with exactly this name. */
    public static Optional<Role> named(String text) {
        for (Role role : values()) {
            if (role.text.equals(text)) {
                return Optional.of(role);
            }
        }
        return Optional.empty();
    }
}
