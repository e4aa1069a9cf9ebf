package io.keck.thread;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Only with the counting half: {@link OutOfMemoryIT} has the end of a process. */
class OutOfMemoryTest {
    private static OutOfMemoryError thrownBy(Supplier<?> work) {
        try {
            assertThat(work.get()).isNotNull();
        } catch (OutOfMemoryError e) {
            return e;
        }
        throw new AssertionError("nothing was thrown");
    }

    /** What this very JVM and its class library say about too large a size, however much memory there is. */
    @Test
    void sizesBeyondTheVirtualMachine_areTooLarge() {
        IntFunction<byte[]> array = byte[]::new;
        List<OutOfMemoryError> errors = new ArrayList<>();
        errors.add(thrownBy(() -> array.apply(Integer.MAX_VALUE)));
        errors.add(thrownBy(() -> "1234".repeat(Integer.MAX_VALUE)));
        errors.add(thrownBy(() -> new StringBuilder("some text").append(new Huge())));
        for (OutOfMemoryError error : errors) {
            assertThat(OutOfMemory.isTooLarge(error)).as(String.valueOf(error)).isTrue();
        }
    }

    private static final class Huge implements CharSequence {
        @Override
        public int length() {
            return Integer.MAX_VALUE;
        }

        @Override
        public char charAt(int index) {
            return 'a';
        }

        @Override
        public CharSequence subSequence(int start, int end) {
            return this;
        }
    }

    /** Messages of versions of Java and of places in it that are hard to come by. */
    @Test
    void messagesOfTheClassLibrary_areToldApart() {
        for (String tooLarge : List.of(
                "Requested array size exceeds VM limit",
                "Required array size too large",
                "Required array length 2147483639 + 10 is too large",
                "Required length exceeds implementation limit",
                "Overflow: String length out of range",
                "UTF16 String size is 1073741824, should be less than 1073741823")) {
            assertThat(OutOfMemory.isTooLarge(new OutOfMemoryError(tooLarge)))
                    .as(tooLarge)
                    .isTrue();
        }
        for (String exhausted : List.of(
                "Java heap space",
                "GC overhead limit exceeded",
                "Metaspace",
                "Compressed class space",
                "unable to create native thread: possibly out of memory or process/resource limits reached",
                "Cannot reserve 16384 bytes of direct buffer memory (allocated: 4194304, limit: 4194304)",
                "Direct buffer memory")) {
            assertThat(OutOfMemory.isTooLarge(new OutOfMemoryError(exhausted)))
                    .as(exhausted)
                    .isFalse();
        }
        assertThat(OutOfMemory.isTooLarge(new OutOfMemoryError())).isFalse();
    }

    @Test
    void errorThatPassesSeveralPlaces_isCountedOnce() {
        OutOfMemoryError error = new OutOfMemoryError("Required array size too large");
        long before = OutOfMemory.tooLarge();
        OutOfMemory.check(error);
        OutOfMemory.check(new CompletionException(new IllegalStateException(error)));
        OutOfMemory.check(error);
        assertThat(OutOfMemory.tooLarge()).isEqualTo(before + 1);
        OutOfMemory.check(null);
        OutOfMemory.check(new IllegalStateException("no memory in it"));
        assertThat(OutOfMemory.tooLarge()).isEqualTo(before + 1);
    }

    /** A cause that is its own cause's cause would be walked for ever. */
    @Test
    void causesInACircle_end() {
        Exception first = new Exception("first");
        Exception second = new Exception("second", first);
        first.initCause(second);
        long before = OutOfMemory.tooLarge();
        OutOfMemory.check(first);
        assertThat(OutOfMemory.tooLarge()).isEqualTo(before);
    }
}
