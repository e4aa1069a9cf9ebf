package io.keck.testing;

import io.keck.access.Caller;
import io.keck.access.Grant;
import io.keck.access.Limits;
import io.keck.access.Principal;
import io.keck.access.Right;
import io.keck.access.Rule;
import io.keck.access.Rules;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Grants of tests, which ask nobody. */
public final class Grants {
    private Grants() {}

    /** All rights on a document, as everybody has while access is open. */
    public static Grant on(String document) {
        return Caller.OPEN.on(document);
    }

    /** These rights on a document, and on the server, of a principal. */
    public static Grant of(String principal, String document, Right... rights) {
        return of(principal, Map.of(), document, rights);
    }

    /** The same with attributes of the credential. */
    public static Grant of(String principal, Map<String, String> attributes, String document, Right... rights) {
        Rules rules = new Rules(rights.length == 0 ? List.of() : List.of(new Rule("*", Set.of(rights))));
        return new Caller(new Principal(principal, ""), "", rules, Limits.NONE, attributes, 0, Caller.NEVER, 0)
                .on(document);
    }
}
