package io.keck.api;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/**
 * Passes bytes on in slices of {@link LargeAnswers#SLICE} bytes, and calls {@link #passed} after each. Used by one
 * thread.
 */
abstract class SlicedOutput extends FilterOutputStream {
    SlicedOutput(OutputStream out) {
        super(out);
    }

    /**
     * Called after a slice was passed on.
     *
     * @throws IOException to abort the answer
     */
    abstract void passed(int bytes) throws IOException;

    @Override
    public final void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public final void write(byte[] bytes, int offset, int length) throws IOException {
        int end = offset + length;
        for (int from = offset; from < end; from += LargeAnswers.SLICE) {
            int n = Math.min(LargeAnswers.SLICE, end - from);
            out.write(bytes, from, n);
            passed(n);
        }
    }
}
