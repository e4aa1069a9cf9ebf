package io.keck.api;

import io.keck.crdt.lib0.JsonValue;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Parses numbers, flags and pages in queries, paths and bodies. Stateless. */
final class Parameters {
    private static final double MAX_SAFE = 0x1p53;
    private static final int HISTORY_PAGE = 50;
    private static final int MAX_HISTORY_PAGE = 500;

    private Parameters() {}

    /** Parses a whole number of 0 or more, capping values beyond a long; 400 for anything else. */
    static long wholeNumber(String name, @Nullable String text, long otherwise) {
        if (text == null) {
            return otherwise;
        }
        boolean digits = !text.isEmpty() && text.chars().allMatch(c -> c >= '0' && c <= '9');
        if (!digits) {
            throw Refusal.bad(name + " has to be a whole number of 0 or more.");
        }
        String shortest = text.replaceFirst("^0+(?=.)", "");
        return shortest.length() > 18 ? Long.MAX_VALUE : Long.parseLong(shortest);
    }

    /** Converts a JSON value to a whole number; null for anything else. */
    static @Nullable Long wholeNumber(@Nullable Object value) {
        return value instanceof Double number && number >= 0 && number == Math.rint(number) && number <= MAX_SAFE
                ? (Long) number.longValue()
                : null;
    }

    /** Parses the size of a page of history, {@value #HISTORY_PAGE} by default; 400 beyond its bounds. */
    static int pageSize(@Nullable String limit) {
        long wanted = wholeNumber("limit", limit, HISTORY_PAGE);
        if (wanted < 1 || wanted > MAX_HISTORY_PAGE) {
            throw Refusal.bad("limit is a whole number from 1 to " + MAX_HISTORY_PAGE + ".");
        }
        return (int) wanted;
    }

    /** Parses true or false; 400 for anything else. */
    static boolean flag(String name, @Nullable String text) {
        if (text == null || text.equals("false")) {
            return false;
        }
        if (text.equals("true")) {
            return true;
        }
        throw Refusal.bad(name + " has to be true or false.");
    }

    /** A part of a list, from {@code offset} on and at most {@code limit} long. */
    record Page(long offset, long limit) {
        static Page of(@Nullable String offset, @Nullable String limit) {
            return new Page(wholeNumber("offset", offset, 0), wholeNumber("limit", limit, Long.MAX_VALUE));
        }

        <T> List<T> of(List<T> all) {
            int from = (int) Math.min(offset, all.size());
            int to = from + (int) Math.min(limit, all.size() - from);
            return all.subList(from, to);
        }

        /** {@code {"total","data"}}: 200, or 404 if the page is empty. */
        static Reply reply(int total, List<?> data) {
            Map<String, @Nullable Object> page = new LinkedHashMap<>();
            page.put("total", total);
            page.put("data", data);
            return Reply.json(
                    data.isEmpty()
                            ? jakarta.ws.rs.core.Response.Status.NOT_FOUND
                            : jakarta.ws.rs.core.Response.Status.OK,
                    page);
        }
    }

    /** Quotes a name for use in sentences. */
    static String quoted(String name) {
        return JsonValue.write(name);
    }
}
