package io.keck.linearizability;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.linearizability.Cell.Act;
import io.keck.linearizability.Cell.Verb;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class CheckerTest {
    private static final Cell MODEL = new Cell();
    private static final int ENOUGH = 1_000_000;

    private static Operation<Act> op(long from, long to, Verb verb, String value, @Nullable String life) {
        return new Operation<>(new Act(verb, value, life), from, to);
    }

    private static Operation<Act> op(long from, long to, Verb verb, String value) {
        return op(from, to, verb, value, null);
    }

    private static Operation<Act> made() {
        return op(0, 1, Verb.CREATE, "", "unmarked-1");
    }

    @SafeVarargs
    @SuppressWarnings("varargs")
    private static Checker.Answer answer(Operation<Act>... history) {
        return Checker.check(MODEL, List.of(history), ENOUGH).answer();
    }

    @Test
    void readThatBeginsAfterAnAnswer_seesIt() {
        assertThat(answer(made(), op(2, 3, Verb.WRITE, "x"), op(4, 5, Verb.READ, "x")))
                .isEqualTo(Checker.Answer.LINEARIZABLE);
        assertThat(answer(made(), op(2, 3, Verb.WRITE, "x"), op(4, 5, Verb.READ, "")))
                .isEqualTo(Checker.Answer.VIOLATION);
        assertThat(answer(made(), op(2, 5, Verb.WRITE, "x"), op(4, 5, Verb.READ, "")))
                .isEqualTo(Checker.Answer.LINEARIZABLE);
    }

    @Test
    void whatOneReaderHasSeen_theNextSees() {
        assertThat(answer(made(), op(2, 9, Verb.WRITE, "x"), op(3, 4, Verb.READ, "x"), op(5, 6, Verb.READ, "")))
                .isEqualTo(Checker.Answer.VIOLATION);
    }

    @Test
    void unknownOutcome_mayTakeEffectLate_orNever_butOnce() {
        var unknown = op(2, Operation.NEVER, Verb.WRITE, "x");
        assertThat(answer(made(), unknown, op(8, 9, Verb.READ, ""))).isEqualTo(Checker.Answer.LINEARIZABLE);
        assertThat(answer(made(), unknown, op(8, 9, Verb.READ, ""), op(10, 11, Verb.READ, "x")))
                .isEqualTo(Checker.Answer.LINEARIZABLE);
        assertThat(answer(
                        made(),
                        unknown,
                        op(8, 9, Verb.READ, "x"),
                        op(10, 11, Verb.REMOVE, ""),
                        op(12, 13, Verb.READ, "x")))
                .isEqualTo(Checker.Answer.VIOLATION);
    }

    @Test
    void forcedInit_leavesNoMomentWithoutADocument_andNothingOfTheOldLife() {
        var first = op(2, 3, Verb.INIT, "old", "one");
        var force = op(4, 8, Verb.FORCE, "new", "two");
        assertThat(answer(first, force, op(5, 6, Verb.READ_NO_DOCUMENT, ""))).isEqualTo(Checker.Answer.VIOLATION);
        assertThat(answer(first, force, op(9, 10, Verb.READ, "old", "one"))).isEqualTo(Checker.Answer.VIOLATION);
        assertThat(answer(first, force, op(9, 10, Verb.READ, "new", "two"))).isEqualTo(Checker.Answer.LINEARIZABLE);
    }

    @Test
    void writeOfWhoSitsInAnEndedLife_isNotInTheNextOne() {
        assertThat(answer(
                        op(2, 3, Verb.INIT, "", "one"),
                        op(4, 5, Verb.FORCE, "", "two"),
                        op(6, Operation.NEVER, Verb.WRITE, "w", "one"),
                        op(8, 9, Verb.READ, "w", "two")))
                .isEqualTo(Checker.Answer.VIOLATION);
    }

    @Test
    void searchBeyondItsLimit_isUndecided() {
        List<Operation<Act>> history = new ArrayList<>(List.of(made()));
        for (int i = 0; i < 16; i++) {
            history.add(op(2, Operation.NEVER, Verb.ADD, "v" + i));
        }
        history.add(op(3, 4, Verb.READ, "never-written"));
        assertThat(Checker.check(MODEL, history, 1_000).answer()).isEqualTo(Checker.Answer.UNDECIDED);
    }

    /** Small random histories, right and wrong ones: the search and the trial of all orders agree. */
    @Test
    void agreesWithBruteForce() {
        long first = Long.getLong("keck.seed", 1);
        int histories = Boolean.getBoolean("keck.campaign") ? 200_000 : 6_000;
        System.out.println("CheckerTest seeds " + first + " and the " + histories + " that follow");
        int wrong = 0;
        for (long seed = first; seed < first + histories; seed++) {
            List<Operation<Act>> history = random(new Random(seed));
            boolean expected = BruteForce.isLinearizable(MODEL, history);
            var verdict = Checker.check(MODEL, history, ENOUGH);
            assertThat(verdict.isLinearizable())
                    .as("seed %d: %s", seed, history)
                    .isEqualTo(expected);
            wrong += expected ? 0 : 1;
        }
        System.out.println("of them not linearizable: " + wrong);
        assertThat(wrong).isBetween(histories / 10, histories * 9 / 10);
    }

    /** Operations whose answers come from a run of the model, some of them changed or given other times afterwards. */
    private static List<Operation<Act>> random(Random random) {
        List<Operation<Act>> history = new ArrayList<>();
        int count = 3 + random.nextInt(5);
        Cell.State state = MODEL.initial();
        boolean bag = random.nextInt(3) == 0;
        for (int i = 0; i < count; i++) {
            long at = 10L * i + random.nextInt(10);
            long from = Math.max(0, at - random.nextInt(25));
            long to = random.nextInt(5) == 0 ? Operation.NEVER : at + random.nextInt(25);
            Act act = act(random, state, i, bag);
            Cell.State after = MODEL.after(state, act, to == Operation.NEVER);
            boolean happens = after != null && (to != Operation.NEVER || random.nextBoolean());
            if (happens && after != null) {
                state = after;
            }
            boolean readsNothing = to == Operation.NEVER && act.verb().name().startsWith("READ");
            history.add(new Operation<>(act, from, readsNothing ? at + 20 : to));
        }
        return history;
    }

    private static Act act(Random random, Cell.State state, int number, boolean bag) {
        String value = "v" + random.nextInt(3);
        return switch (random.nextInt(12)) {
            case 0 -> new Act(Verb.CREATE, "", Cell.UNMARKED + number);
            case 1 ->
                state.life().isEmpty() ? new Act(Verb.INIT, value, "l" + number) : new Act(Verb.INIT_KEPT, "", null);
            case 2 -> new Act(Verb.FORCE, value, "l" + number);
            case 3 -> new Act(Verb.DELETE, "", null);
            case 4, 5 -> new Act(bag ? Verb.ADD : Verb.WRITE, value, random.nextInt(4) == 0 ? "l1" : null);
            case 6 -> new Act(Verb.REMOVE, "", null);
            case 7 -> new Act(Verb.READ_NOTHING, "", null);
            default -> {
                boolean lie = random.nextInt(8) == 0;
                yield state.life().isEmpty() != lie
                        ? new Act(Verb.READ_NO_DOCUMENT, "", null)
                        : new Act(Verb.READ, lie ? value : state.value(), null);
            }
        };
    }
}
