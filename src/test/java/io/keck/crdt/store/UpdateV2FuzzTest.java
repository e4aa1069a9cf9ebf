package io.keck.crdt.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.fasterxml.jackson.databind.JsonNode;
import io.keck.crdt.RandomUpdates;
import io.keck.crdt.UpdateBuilder;
import io.keck.crdt.YjsOracle;
import io.keck.crdt.lib0.Any;
import io.keck.crdt.lib0.AnyJson;
import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.lib0.Decoder;
import io.keck.crdt.lib0.Encoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random and damaged updates in V2, against the V1 codec and against live Yjs. Few in a build, many with
 * {@code -Dkeck.campaign=true}.
 */
class UpdateV2FuzzTest {
    private static final int BATCH = 10;

    private static int times(int inABuild, int inACampaign) {
        return Boolean.getBoolean("keck.campaign") ? inACampaign : inABuild;
    }

    /** The first seed: the same in every build, another one in a campaign, {@code -Dkeck.seed=N} by hand. */
    private static final long FIRST =
            Long.getLong("keck.seed", Boolean.getBoolean("keck.campaign") ? new Random().nextInt(1_000_000_000) : 1);

    static {
        System.out.println("UpdateV2FuzzTest seeds from " + FIRST);
    }

    static LongStream seeds() {
        return LongStream.range(FIRST, FIRST + times(20, 2_000));
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    private static byte[] folded(Update update) {
        StructStore store = new StructStore(true);
        store.apply(store.reduce(update));
        return store.encode();
    }

    private static void check(String which, byte[] v2) {
        try {
            Update update = UpdateV2.decode(v2);
            Update again = UpdateV2.decode(UpdateV2.encode(update));
            assertThat(folded(again)).as(which).isEqualTo(folded(update));
        } catch (DecodeException e) {
            assertThat(e).hasNoCause();
        } catch (RuntimeException e) {
            fail(which + ": " + hex(v2), e);
        }
    }

    /** An update in V1 with every kind of content. */
    private static byte[] sample(long seed) {
        StructStore store = new StructStore(true);
        new RandomUpdates(seed, 3).make(25).forEach(u -> store.apply(Update.decode(u)));
        UpdateBuilder more = new UpdateBuilder().client(5, 0).text("a");
        for (String value : List.of("true", "{\"a\":[1,null]}", "\"\\n\"")) {
            more.item(Refs.FORMAT, UpdateBuilder.id(5, 0), null, out -> {
                out.writeVarString("bold");
                out.writeVarString(value);
            });
            more.item(Refs.EMBED, UpdateBuilder.id(5, 0), null, out -> out.writeVarString(value));
        }
        more.item(Refs.TYPE, UpdateBuilder.id(5, 0), null, out -> {
            out.writeVarUint(3);
            out.writeVarString("p");
        });
        more.item(Refs.TYPE, UpdateBuilder.id(5, 0), UpdateBuilder.id(5, 1), out -> out.writeVarUint(1));
        more.item(Refs.DOC, UpdateBuilder.id(5, 0), null, out -> {
            out.writeVarString("guid");
            Any.write(out, Map.of("gc", false));
        });
        store.apply(more.build());
        return store.encode();
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void everyUpdate_isTheSameAfterBothWays(long seed) {
        byte[] v1 = sample(seed);
        byte[] v2 = UpdateV2.encode(Update.decode(v1));
        assertThat(hex(UpdateV2.decode(v2).encode())).isEqualTo(hex(v1));
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void truncatedAnywhere_isRefused(long seed) {
        byte[] v2 = UpdateV2.encode(Update.decode(sample(seed)));
        for (int n = 0; n < v2.length; n++) {
            byte[] cut = Arrays.copyOf(v2, n);
            try {
                UpdateV2.decode(cut);
                fail("seed " + seed + ": accepted when cut at " + n);
            } catch (DecodeException e) {
                assertThat(e).hasNoCause();
            }
        }
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void everyFlippedBit_isRefusedOrHarmless(long seed) {
        byte[] v2 = UpdateV2.encode(Update.decode(sample(seed)));
        for (int bit = 0; bit < v2.length * 8; bit++) {
            byte[] flipped = v2.clone();
            flipped[bit / 8] ^= (byte) (1 << bit % 8);
            check("seed " + seed + " bit " + bit, flipped);
        }
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void randomDamage_isRefusedOrHarmless(long seed) {
        Random random = new Random(seed);
        byte[] v2 = UpdateV2.encode(Update.decode(sample(seed)));
        for (int i = 0; i < 2_000; i++) {
            check("seed " + seed + " number " + i, damaged(v2, random));
        }
    }

    /** Where two blocks in a row are of one client, Yjs forgets the first clock of the second when it converts. */
    private static boolean namesAClientTwice(byte[] v2, Update update) {
        byte[] v1 = new UpdateDecoderV2(v2, DecodeLimits.DEFAULT).toV1();
        return new Decoder(v1).readVarUint() > update.clients().size();
    }

    private static byte[] damaged(byte[] v2, Random random) {
        byte[] damaged = v2.clone();
        for (int n = 1 + random.nextInt(4); n > 0; n--) {
            damaged[random.nextInt(damaged.length)] = (byte) (random.nextBoolean() ? random.nextInt() : 0xff);
        }
        return damaged;
    }

    /** The histories of {@code DifferentialTest}, update by update, in both directions. */
    @Test
    void randomHistories_areConvertedAsYjsDoes() throws Exception {
        try (YjsOracle yjs = YjsOracle.open()) {
            for (int batch = 0; batch < times(4, 300); batch++) {
                long first = FIRST + (long) batch * BATCH;
                for (int i = 0; i < BATCH; i++) {
                    yjs.session(first + i, 3, 80, (first + i) % 5 != 0);
                }
                YjsOracle.Answers histories = yjs.ask();
                for (int i = 0; i < BATCH; i++) {
                    List<byte[]> updates = new ArrayList<>();
                    histories.get(i).get("updates").forEach(index -> updates.add(histories.blob(index)));
                    yjs.toV2(updates);
                }
                YjsOracle.Answers converted = yjs.ask();
                for (int i = 0; i < BATCH; i++) {
                    for (JsonNode one : converted.get(i)) {
                        byte[] v1 = converted.blob(one.get("v1"));
                        byte[] v2 = converted.blob(one.get("v2"));
                        String which = "seed " + (first + i);
                        assertThat(hex(UpdateV2.encode(Update.decode(v1))))
                                .as(which)
                                .isEqualTo(hex(v2));
                        assertThat(hex(UpdateV2.decode(v2).encode())).as(which).isEqualTo(hex(v1));
                    }
                }
            }
        }
    }

    /** What we take in of damaged updates is what Yjs reads in them. */
    @Test
    void damagedUpdatesThatAreAccepted_areReadAsYjsDoes() throws Exception {
        try (YjsOracle yjs = YjsOracle.open()) {
            int accepted = 0;
            for (long seed = FIRST; seed < FIRST + times(30, 3_000); seed++) {
                Random random = new Random(seed);
                byte[] v2 = UpdateV2.encode(Update.decode(sample(seed)));
                List<byte[]> taken = new ArrayList<>();
                List<byte[]> ours = new ArrayList<>();
                for (int i = 0; i < 500; i++) {
                    byte[] damaged = damaged(v2, random);
                    try {
                        Update update = UpdateV2.decode(damaged);
                        if (!namesAClientTwice(damaged, update)) {
                            ours.add(update.encode());
                            taken.add(damaged);
                        }
                    } catch (DecodeException e) {
                        assertThat(e).hasNoCause();
                    }
                }
                yjs.toV1(taken);
                yjs.rewrite(ours); // numbers and JSON in the form that it gives them above
                YjsOracle.Answers answers = yjs.ask();
                for (int i = 0; i < taken.size(); i++) {
                    String which = "seed " + seed + ": " + hex(taken.get(i));
                    JsonNode answer = answers.get(0).get(i);
                    assertThat(answer.has("fail")).as(which + answer).isFalse();
                    Update theirs = Update.decode(answers.blob(answer.get("v1")));
                    Update same = Update.decode(answers.blob(answers.get(1).get(i)));
                    assertThat(hex(folded(same))).as(which).isEqualTo(hex(folded(theirs)));
                    accepted++;
                }
            }
            System.out.println("damaged updates that both read alike: " + accepted);
            assertThat(accepted).isPositive();
        }
    }

    private static Object value(Random random, int depth) {
        switch (random.nextInt(depth > 3 ? 7 : 9)) {
            case 0:
                return random.nextInt() >> random.nextInt(32);
            case 1:
                return Double.longBitsToDouble(random.nextLong());
            case 2:
                return random.nextInt(2_000_000) / 1000.0;
            case 3:
                return random.nextLong(1L << 62) * Math.pow(10, random.nextInt(40) - 30);
            case 4:
                return List.of("", "é\"\\", "😀\u0001\n", "plain").get(random.nextInt(4));
            case 5:
                return random.nextBoolean() ? null : Any.UNDEFINED;
            case 6:
                return random.nextBoolean() ? (Object) random.nextBoolean() : new byte[] {1, (byte) random.nextInt()};
            case 7:
                Map<String, Object> map = new LinkedHashMap<>();
                for (int i = random.nextInt(4); i > 0; i--) {
                    map.put("k" + i, value(random, depth + 1));
                }
                return map;
            default:
                List<Object> list = new ArrayList<>();
                for (int i = random.nextInt(4); i > 0; i--) {
                    list.add(value(random, depth + 1));
                }
                return list;
        }
    }

    @Test
    void randomValues_haveTheJsonThatJavaScriptMakes() throws Exception {
        try (YjsOracle yjs = YjsOracle.open()) {
            for (long seed = FIRST; seed < FIRST + times(10, 500); seed++) {
                Random random = new Random(seed);
                List<byte[]> values = new ArrayList<>();
                for (int i = 0; i < 1_000; i++) {
                    Encoder out = new Encoder();
                    Any.write(out, value(random, 0));
                    values.add(out.toByteArray());
                }
                yjs.stringify(values);
                JsonNode texts = yjs.ask().get(0);
                for (int i = 0; i < values.size(); i++) {
                    String which = "seed " + seed + " value " + hex(values.get(i));
                    Encoder json = new Encoder();
                    try {
                        AnyJson.toJson(new Decoder(values.get(i)), json, 100, 1 << 20);
                    } catch (DecodeException e) {
                        assertThat(texts.get(i).isNull()).as(which).isTrue();
                        continue;
                    }
                    byte[] text = json.toByteArray();
                    assertThat(new String(text, StandardCharsets.UTF_8))
                            .as(which)
                            .isEqualTo(texts.get(i).textValue());
                    Encoder any = new Encoder();
                    AnyJson.toAny(text, 0, text.length, any);
                    Encoder again = new Encoder();
                    AnyJson.toJson(new Decoder(any.toByteArray()), again, 100, 1 << 20);
                    assertThat(hex(again.toByteArray())).as(which).isEqualTo(hex(text));
                }
            }
        }
    }
}
