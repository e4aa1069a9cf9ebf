package io.keck.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.heap.AddressFlow;
import io.keck.heap.AddressShares;
import io.keck.heap.HeapLedger;
import jakarta.ws.rs.ext.WriterInterceptorContext;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.reflect.Proxy;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.eclipse.jetty.io.EofException;
import org.junit.jupiter.api.Test;

/** Answers that begin while others are still being written, which is what clients that read nothing make of them. */
class LargeAnswersTest {
    private static final int SMALL = 1_000;
    private static final int MIN_RATE = 1 << 10;

    private final HeapLedger ledger = HeapLedger.unlimited();
    private final AddressShares large = new AddressShares(9, 2);
    private final AddressShares small = new AddressShares(9, 3);
    private final AtomicLong nanos = new AtomicLong();
    private AnswerRates held = new AnswerRates(AddressFlow.unlimited(), millis -> {});
    private final LargeAnswers answers = answers(MIN_RATE);

    private LargeAnswers answers(long minRate) {
        return new LargeAnswers(ledger, large, small, held, minRate, nanos::get);
    }

    private interface Writing {
        void go() throws IOException;
    }

    private static WriterInterceptorContext answer(int bytes, Writing whileItIsWritten) {
        return (WriterInterceptorContext) Proxy.newProxyInstance(
                LargeAnswersTest.class.getClassLoader(),
                new Class<?>[] {WriterInterceptorContext.class},
                (proxy, method, args) -> {
                    if (method.getName().equals("proceed")) {
                        whileItIsWritten.go();
                        return null;
                    }
                    if (method.getName().endsWith("OutputStream")) {
                        return null;
                    }
                    assertThat(method.getName()).isEqualTo("getEntity");
                    return new byte[bytes];
                });
    }

    /** Begins so many answers of which none ends before the last. */
    private void together(int bytes, int count) throws IOException {
        answers.aroundWriteTo(answer(bytes, () -> {
            if (count > 1) {
                together(bytes, count - 1);
            }
        }));
    }

    @Test
    void smallAnswersThatNobodyTakes_haveABoundOfTheirOwn() throws IOException {
        together(SMALL, 3);
        assertThatThrownBy(() -> together(SMALL, 4)).isInstanceOf(EofException.class);
        assertThat(small.taken()).isZero();
        assertThat(ledger.used()).isZero();
    }

    @Test
    void largeAnswers_countInTheLedgerUntilTheyAreTaken() throws IOException {
        together(LargeAnswers.LARGE, 2);
        assertThatThrownBy(() -> together(LargeAnswers.LARGE, 3)).isInstanceOf(EofException.class);
        answers.aroundWriteTo(answer(
                LargeAnswers.LARGE,
                () -> assertThat(ledger.used(HeapLedger.Kind.ANSWER)).isEqualTo(LargeAnswers.LARGE)));
        assertThat(large.taken()).isZero();
        assertThat(ledger.used()).isZero();
    }

    @Test
    void smallAnswers_areWrittenThoughAllPlacesForLargeOnesAreTaken() throws IOException {
        int[] written = new int[1];
        answers.aroundWriteTo(answer(
                LargeAnswers.LARGE,
                () -> answers.aroundWriteTo(answer(
                        LargeAnswers.LARGE, () -> answers.aroundWriteTo(answer(SMALL, () -> written[0]++))))));
        assertThat(written[0]).isEqualTo(1);
    }

    /** A client that takes each slice in so many seconds. */
    private final class Client extends OutputStream {
        private final long seconds;
        private long taken;

        Client(long seconds) {
            this.seconds = seconds;
        }

        @Override
        public void write(int b) {
            throw new AssertionError("an answer is written in slices");
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
            assertThat(length).isLessThanOrEqualTo(LargeAnswers.SLICE);
            for (int i = 0; i < length; i++) {
                assertThat(bytes[offset + i]).isEqualTo((byte) (taken + i));
            }
            taken += length;
            nanos.addAndGet(TimeUnit.SECONDS.toNanos(seconds));
        }
    }

    /** An answer that is written as Jersey does it: all bytes at once, to the stream that the interceptor has set. */
    private static WriterInterceptorContext answerTo(OutputStream client, int size) {
        byte[] body = new byte[size];
        for (int i = 0; i < size; i++) {
            body[i] = (byte) i;
        }
        OutputStream[] stream = {client};
        return (WriterInterceptorContext) Proxy.newProxyInstance(
                LargeAnswersTest.class.getClassLoader(),
                new Class<?>[] {WriterInterceptorContext.class},
                (proxy, method, args) -> switch (method.getName()) {
                    case "getEntity" -> body;
                    case "getOutputStream" -> stream[0];
                    case "setOutputStream" -> {
                        stream[0] = (OutputStream) args[0];
                        yield null;
                    }
                    case "proceed" -> {
                        stream[0].write(body);
                        yield null;
                    }
                    default -> throw new AssertionError(method);
                });
    }

    @Test
    void aClientThatTakesALargeAnswerTooSlowly_isGivenUp() {
        Client slow = new Client(60);
        assertThatThrownBy(() -> answers.aroundWriteTo(answerTo(slow, 1 << 20)))
                .isInstanceOf(EofException.class)
                .hasMessageContaining("too slowly");
        // 32 KiB in 60 s are enough, since half a minute does not count; 64 KiB in 120 s are not
        assertThat(slow.taken).isEqualTo(2 * LargeAnswers.SLICE);
        assertThat(large.taken()).isZero();
        assertThat(ledger.used()).isZero();
    }

    @Test
    void aClientThatKeepsUpTheLeastRate_getsAll() throws IOException {
        Client steady = new Client(LargeAnswers.SLICE / MIN_RATE);
        int size = (1 << 20) - 1; // the last slice is not full
        answers.aroundWriteTo(answerTo(steady, size));
        assertThat(steady.taken).isEqualTo(size);
    }

    /** The twin: without a least rate the same client holds thread and memory to the end. */
    @Test
    void withoutALeastRate_aSlowClientIsNeverGivenUp() throws IOException {
        Client slow = new Client(60);
        answers(0).aroundWriteTo(answerTo(slow, 1 << 20));
        assertThat(slow.taken).isEqualTo(1 << 20);
        assertThat(nanos.get()).isEqualTo(TimeUnit.MINUTES.toNanos(32));
    }

    // ---- bytes a second of one address

    private long sendTwo(long bytesPerSecond) throws IOException {
        AtomicLong waited = new AtomicLong();
        AddressFlow flow = new AddressFlow(bytesPerSecond, () -> nanos.get() / 1_000_000);
        held = new AnswerRates(flow, millis -> {
            assertThat(millis).isBetween(1L, 1_000L);
            waited.addAndGet(millis);
            nanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(millis));
        });
        Client client = new Client(0);
        answers(MIN_RATE).aroundWriteTo(answerTo(client, 1 << 20));
        Client second = new Client(0);
        answers(MIN_RATE).aroundWriteTo(answerTo(second, 1 << 20));
        assertThat(client.taken + second.taken).isEqualTo(2 << 20);
        return waited.get();
    }

    @Test
    void answersOfAnAddressBeyondItsRate_waitAndComeWhole() throws IOException {
        long seconds = (2 << 20) / 65_536 - AddressFlow.BURST_SECONDS;
        assertThat(sendTwo(65_536)).isBetween(seconds * 1_000, seconds * 1_000 + 1_000);
    }

    @Test
    void withoutARate_answersDoNotWait() throws IOException {
        assertThat(sendTwo(0)).isZero();
    }
}
