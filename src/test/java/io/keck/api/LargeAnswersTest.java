package io.keck.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.heap.AddressShares;
import io.keck.heap.HeapLedger;
import jakarta.ws.rs.ext.WriterInterceptorContext;
import java.io.IOException;
import java.lang.reflect.Proxy;
import org.eclipse.jetty.io.EofException;
import org.junit.jupiter.api.Test;

/** Answers that begin while others are still being written, which is what clients that read nothing make of them. */
class LargeAnswersTest {
    private static final int SMALL = 1_000;

    private final HeapLedger ledger = HeapLedger.unlimited();
    private final AddressShares large = new AddressShares(9, 2);
    private final AddressShares small = new AddressShares(9, 3);
    private final LargeAnswers answers = new LargeAnswers(ledger, large, small);

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
}
