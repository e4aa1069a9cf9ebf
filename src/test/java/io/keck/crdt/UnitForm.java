package io.keck.crdt;

import io.keck.crdt.lib0.Any;
import io.keck.crdt.lib0.Decoder;
import io.keck.crdt.lib0.JsonValue;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.DeleteSet;
import io.keck.crdt.store.Ranges;
import io.keck.crdt.store.Refs;
import io.keck.crdt.store.StructRows;
import io.keck.crdt.store.Update;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.StringJoiner;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * An update with one line a unit, so that it does not matter how structs were merged. The README of the fixtures defines
 * it; {@code src/test/js/unitform.mjs} is the same in JavaScript.
 */
public final class UnitForm {
    private static final Pattern HALF = Pattern.compile(" S(d[89a-f]..|fffd)$");

    private final List<String> lines = new ArrayList<>();
    private final Update u;
    private DeleteSet deleted = new DeleteSet();

    private UnitForm(Update u) {
        this.u = u;
    }

    /**
     * The structs alone, for states of which one has integrated more than the other. Of what is in that delete set only that
     * it is there, whatever is left of its content. Halves of surrogate pairs are alike: where something was put between
     * them or deletes one of them, both became U+FFFD.
     */
    public static List<String> structLines(byte[] v1, DeleteSet deleted) {
        UnitForm form = new UnitForm(Update.decode(v1, DecodeLimits.OWN));
        form.deleted = deleted;
        form.structs();
        form.lines.replaceAll(line -> HALF.matcher(line).replaceAll(" half"));
        return form.lines;
    }

    public static List<String> lines(byte[] v1) {
        UnitForm form = new UnitForm(Update.decode(v1, DecodeLimits.OWN));
        form.structs();
        form.deletes();
        return form.lines;
    }

    public static String sha(byte[] v1) {
        try {
            byte[] text = String.join("\n", lines(v1)).getBytes(StandardCharsets.UTF_8);
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(text));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    private void structs() {
        StructRows rows = u.rows();
        Integer[] order = new Integer[rows.count()];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, Comparator.<Integer>comparingLong(rows::client).thenComparingLong(rows::clock));
        for (int row : order) {
            struct(rows, row);
        }
    }

    private void struct(StructRows rows, int row) {
        long client = rows.client(row);
        long clock = rows.clock(row);
        long len = rows.length(row);
        int info = rows.info(row);
        if (rows.ref(row) == Refs.GC) {
            for (long i = 0; i < len; i++) {
                add(client, clock + i, " G");
            }
            return;
        }
        List<String> units = units(rows, row);
        String right = id(rows.rightClient(row), rows.rightClock(row));
        for (int i = 0; i < len; i++) {
            String origin = i > 0 ? client + ":" + (clock + i - 1) : id(rows.originClient(row), rows.originClock(row));
            boolean free = (info & (Refs.ORIGIN | Refs.RIGHT_ORIGIN)) == 0;
            String parent = i == 0 && free ? parent(rows.parentInfo(row), info) : "";
            add(client, clock + i, " o=" + origin + " r=" + right + " p=" + parent + " " + units.get(i));
        }
    }

    private void add(long client, long clock, String what) {
        lines.add(client + ":" + clock + (deleted.contains(client, clock) ? " deleted" : what));
    }

    private static String id(long client, long clock) {
        return client < 0 ? "-" : client + ":" + clock;
    }

    private static String parent(Decoder in, int info) {
        String parent =
                in.readVarUint() == 1 ? JsonValue.write(in.readVarString()) : in.readVarUint() + ":" + in.readVarUint();
        return (info & Refs.PARENT_SUB) == 0 ? parent : parent + "/" + JsonValue.write(in.readVarString());
    }

    private static List<String> units(StructRows rows, int row) {
        Decoder in = rows.content(row);
        int ref = rows.ref(row);
        List<String> units = new ArrayList<>();
        switch (ref) {
            case Refs.DELETED -> {
                for (long i = 0; i < rows.length(row); i++) {
                    units.add("D");
                }
            }
            case Refs.STRING -> {
                String s = new String(
                        rows.bytes(),
                        rows.contentFrom(row),
                        rows.contentTo(row) - rows.contentFrom(row),
                        StandardCharsets.UTF_8);
                s.chars().forEach(c -> units.add(String.format("S%04x", c)));
            }
            case Refs.ANY -> {
                while (in.hasRemaining()) {
                    units.add("A" + TaggedJson.print(Any.read(in, Integer.MAX_VALUE)));
                }
            }
            case Refs.JSON -> {
                while (in.hasRemaining()) {
                    String json = in.readVarString();
                    units.add("J" + TaggedJson.print(json.equals("undefined") ? Any.UNDEFINED : JsonValue.parse(json)));
                }
            }
            default -> units.add(single(ref, in));
        }
        return units;
    }

    private static String single(int ref, Decoder in) {
        return switch (ref) {
            case Refs.BINARY -> "B" + HexFormat.of().formatHex(in.readVarUint8Array());
            case Refs.EMBED -> "E" + TaggedJson.print(JsonValue.parse(in.readVarString()));
            case Refs.FORMAT ->
                "F" + JsonValue.write(in.readVarString()) + "=" + TaggedJson.print(JsonValue.parse(in.readVarString()));
            case Refs.TYPE -> {
                long kind = in.readVarUint();
                yield "T" + kind + (kind == 3 || kind == 5 ? ":" + in.readVarString() : "");
            }
            case Refs.DOC ->
                "O" + in.readVarString() + TaggedJson.print(DocOptions.known(Any.read(in, Integer.MAX_VALUE)));
            default -> throw new IllegalArgumentException("content " + ref);
        };
    }

    private void deletes() {
        TreeMap<Long, Ranges> clients = new TreeMap<>();
        u.forEachDelete((client, from, to) ->
                clients.computeIfAbsent(client, c -> new Ranges()).add(from, to));
        clients.forEach((client, ranges) -> {
            StringJoiner all = new StringJoiner(",", "ds " + client + " ", "");
            for (int i = 0; i < ranges.size(); i++) {
                all.add(ranges.from(i) + "-" + ranges.to(i));
            }
            lines.add(all.toString());
        });
    }
}
