package io.keck.api;

import io.keck.access.Allowance;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** The body of a request whose bytes count against the limits of its grant. Not thread-safe. */
final class CountedBody extends FilterInputStream {
    private final Allowance allowance;
    private final boolean isStored;

    /** @param isStored whether the bytes also count as stored */
    CountedBody(InputStream in, Allowance allowance, boolean isStored) {
        super(in);
        this.allowance = allowance;
        this.isStored = isStored;
    }

    @Override
    public int read() throws IOException {
        int b = super.read();
        count(b < 0 ? 0 : 1);
        return b;
    }

    @Override
    public int read(byte[] into, int from, int length) throws IOException {
        int n = super.read(into, from, length);
        count(n);
        return n;
    }

    @Override
    public long skip(long n) throws IOException {
        long skipped = super.skip(n);
        count(skipped);
        return skipped;
    }

    private void count(long n) {
        if (n > 0) {
            allowance.received(n); // a body that has begun is accepted; the next one waits
            if (isStored) {
                allowance.stored(n);
            }
        }
    }
}
