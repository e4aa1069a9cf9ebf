package io.keck.room;

/** The fake keeps the promises of the real ones. */
class FakeLogTest extends UpdateLogContract {
    private final FakeLog log = new FakeLog();

    @Override
    protected UpdateLog log() {
        return log;
    }

    @Override
    protected UpdateLog reopened() {
        return log;
    }
}
