package io.keck.storage.history;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;

/** Looks up principals and attributes of authors by their ids in the table {@code authors}. Stateless. */
final class AuthorNames {
    private static final int IDS_AT_ONCE = 500;

    private AuthorNames() {}

    /** Reads principal and attributes of authors; ids that do not exist are left out. */
    static Map<Long, String[]> of(Handle h, Collection<Long> ids) {
        Map<Long, String[]> names = new HashMap<>();
        List<Long> all = new ArrayList<>(ids);
        for (int from = 0; from < all.size(); from += IDS_AT_ONCE) {
            h.createQuery("SELECT id, principal, attributes FROM authors WHERE id IN (<ids>)")
                    .bindList("ids", all.subList(from, Math.min(all.size(), from + IDS_AT_ONCE)))
                    .map((rs, ctx) -> names.put(rs.getLong(1), new String[] {rs.getString(2), rs.getString(3)}))
                    .list();
        }
        return names;
    }
}
