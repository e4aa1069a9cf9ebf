package io.keck.linearizability;

import io.keck.linearizability.Call.Kind;
import io.keck.linearizability.Call.Outcome;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The order of entries that were put at the end of a list, or at the beginning of a text: an entry whose request began after
 * the answer to another one comes after it, and all readers see one order. Two entries that were put at the same time may
 * come in either order, so a list is no register.
 */
final class Orders {
    private Orders() {}

    static void check(String document, String cell, List<Call> calls, List<Finding> findings) {
        boolean atEnd = !cell.equals("t");
        Map<String, Call> puts = new HashMap<>();
        List<Call> reads = new ArrayList<>();
        for (Call call : calls) {
            if (call.kind() == Kind.ADD && call.cell().equals(cell) && call.outcome() != Outcome.REFUSED) {
                puts.put(call.value(), call);
            }
            if (call.found() && Call.cells(call.answer()).containsKey(cell)) {
                reads.add(call);
            }
        }
        if (reads.isEmpty()) {
            return;
        }
        reads.sort(Comparator.comparingLong(Call::returned));
        Call last = reads.get(reads.size() - 1);
        List<String> whole = entries(last, cell);
        Map<String, Integer> places = new HashMap<>();
        whole.forEach(entry -> places.put(entry, places.size()));
        for (Call read : reads) {
            int place = -1;
            for (String entry : entries(read, cell)) {
                int its = places.getOrDefault(entry, place);
                if (its < place) {
                    findings.add(new Finding(
                            Finding.Kind.TWO_ORDERS,
                            document,
                            cell + ": " + entry + " stands elsewhere in\n" + read + "\nand in\n" + last));
                    return;
                }
                place = its;
            }
        }
        realTime(document, cell, atEnd ? whole : reversed(whole), puts, findings);
    }

    /** Each entry was begun before all that stand before it were answered, or after. */
    private static void realTime(
            String document, String cell, List<String> whole, Map<String, Call> puts, List<Finding> findings) {
        Call latest = null; // of what stands before, the one that began last
        for (String entry : whole) {
            Call put = puts.get(entry);
            if (put == null) {
                continue;
            }
            if (latest != null && put.outcome() == Outcome.DONE && put.returned() < latest.invoked()) {
                findings.add(new Finding(
                        Finding.Kind.ORDER,
                        document,
                        cell + ": the first stands behind the second though it was answered before\n" + put + "\n"
                                + latest));
                return;
            }
            if (latest == null || put.invoked() > latest.invoked()) {
                latest = put;
            }
        }
    }

    private static List<String> reversed(List<String> list) {
        List<String> reversed = new ArrayList<>(list);
        Collections.reverse(reversed);
        return reversed;
    }

    private static List<String> entries(Call read, String cell) {
        String value = Call.cells(read.answer()).getOrDefault(cell, "");
        return value.isEmpty() ? List.of() : List.of(value.split(","));
    }
}
