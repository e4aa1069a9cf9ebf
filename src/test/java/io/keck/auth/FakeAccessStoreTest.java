package io.keck.auth;

import io.keck.access.AccessStore;
import io.keck.access.AccessStoreContract;
import java.util.concurrent.atomic.AtomicLong;

class FakeAccessStoreTest extends AccessStoreContract {
    private final AtomicLong now = new AtomicLong(1_700_000_000_000L);
    private final FakeAccessStore store = new FakeAccessStore(now::get);

    @Override
    protected AccessStore store() {
        return store;
    }

    @Override
    protected AccessStore other() {
        return store;
    }

    @Override
    protected void pass(long millis) {
        now.addAndGet(millis);
    }

    @Override
    protected long now() {
        return now.get();
    }
}
