package io.keck.crdt;

import static java.util.stream.Collectors.toList;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** One recorded session, decoded. */
public record Session(JsonNode json, List<byte[]> updates) {
    public static List<Session> read(String size) {
        return Fixtures.read("sessions/" + size).stream()
                .map(json -> {
                    List<byte[]> updates = new ArrayList<>();
                    json.get("updates").forEach(u -> updates.add(Fixtures.base64(u)));
                    return new Session(json, updates);
                })
                .collect(toList());
    }

    public String id() {
        return json.get("id").textValue();
    }

    public boolean gc() {
        return json.get("gc").booleanValue();
    }

    public JsonNode expect() {
        return json.get("expect");
    }

    /** Every order by name; an entry is the indexes of updates that come as one. */
    public Map<String, List<List<Integer>>> orders() {
        Map<String, List<List<Integer>>> all = new LinkedHashMap<>();
        all.put("emitted", IntStream.range(0, updates.size()).mapToObj(List::of).collect(toList()));
        json.get("orders").properties().forEach(order -> {
            List<List<Integer>> entries = new ArrayList<>();
            for (JsonNode entry : order.getValue()) {
                List<Integer> indexes = new ArrayList<>();
                (entry.isArray() ? entry : List.of(entry)).forEach(i -> indexes.add(i.intValue()));
                entries.add(indexes);
            }
            all.put(order.getKey(), entries);
        });
        return all;
    }

    /** What Yjs recorded for an order; where it never finishes one, the state to reach is that of the order of making. */
    public JsonNode expect(String order) {
        JsonNode orders = expect().get("orders");
        return orders.get(order).has("yjsStuck") ? orders.get("emitted") : orders.get(order);
    }
}
