package io.keck.room;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** However many rooms fail however often, the log has a few lines. */
class OutageLogTest {
    private static final IOException ERROR = new IOException("refused");

    private final Logger logger = (Logger) LoggerFactory.getLogger(OutageLog.class);
    private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
    private Level before;
    private long now = 1_000_000;

    @BeforeEach
    void listen() {
        before = logger.getLevel();
        logger.setLevel(Level.INFO);
        lines.start();
        logger.addAppender(lines);
    }

    @AfterEach
    void stop() {
        logger.detachAppender(lines);
        logger.setLevel(before);
    }

    private List<String> lines() {
        return lines.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
    }

    private void pass(OutageLog log, long millis, int unsaved) {
        for (long end = now + millis; now < end; now += 500) {
            log.tick(unsaved, 1_000);
        }
    }

    @Test
    void outageOfAThousandRooms_takesOneLineAtEachEndAndOneAMinute() {
        OutageLog log = new OutageLog(() -> now);
        for (int i = 0; i < 300; i++) { // 150 s
            for (int room = 0; room < 1_000; room++) {
                log.failed("room" + room, "could not save an update", ERROR);
            }
            pass(log, 500, 1_000);
        }
        for (int room = 0; room < 1_000; room++) {
            log.saved("room" + room, 300);
        }
        pass(log, OutageLog.QUIET_MS + 1_000, 0);

        assertThat(lines()).hasSize(4);
        assertThat(lines().get(0))
                .contains("room0")
                .contains("could not save an update")
                .contains("refused");
        assertThat(lines().get(1)).contains("60 s").contains("1000 rooms in unsaved mode");
        assertThat(lines().get(2)).contains("120 s");
        assertThat(lines().get(3))
                .contains("150 s: 1000 rooms")
                .contains("300000 failed attempts")
                .contains("300000 updates saved late");
        assertThat(log.isOn()).isFalse();
    }

    /** Each success would take the outage for ended, each failure for a new one. */
    @Test
    void databaseOfWhichHalfTheConnectionsWork_isOneOutage() {
        OutageLog log = new OutageLog(() -> now);
        flap(log);
        assertThat(lines()).hasSizeLessThanOrEqualTo(5);
    }

    /** The twin: without the wait, it is one pair of lines for each success. */
    @Test
    void databaseOfWhichHalfTheConnectionsWork_floodsWithoutTheWait() {
        OutageLog log = new OutageLog(() -> now, 0, 0);
        flap(log);
        assertThat(lines()).hasSizeGreaterThan(100);
    }

    private void flap(OutageLog log) {
        for (int i = 0; i < 120; i++) {
            log.failed("room" + i % 40, "could not save an update", ERROR);
            log.unsaved("room" + i % 40);
            pass(log, 500, 1);
            log.saved("room" + i % 40, 1);
            pass(log, 500, 0);
        }
        pass(log, OutageLog.AGAIN_MS + 1_000, 0);
    }

    /** Rare enough for the first wait, and still few lines. */
    @Test
    void outagesThatComeAgainAndAgain_areOne() {
        OutageLog log = new OutageLog(() -> now);
        for (int i = 0; i < 100; i++) {
            log.failed("a", "could not save an update", ERROR);
            pass(log, OutageLog.QUIET_MS + 5_000, 0);
        }
        assertThat(lines().size()).as("in 25 minutes: %s", lines()).isLessThanOrEqualTo(30);
    }

    @Test
    void oneFailureOfOneRoom_isSaidOnce() {
        OutageLog log = new OutageLog(() -> now);
        log.failed("poison", "could not save an update", ERROR);
        pass(log, 20_000, 0);
        assertThat(lines()).hasSize(2);
        assertThat(lines().get(0)).contains("poison").contains("refused");
        assertThat(lines().get(1)).contains("0 s: 1 rooms");
    }

    @Test
    void nodeThatIsWell_saysNothing() {
        OutageLog log = new OutageLog(() -> now);
        pass(log, 600_000, 0);
        assertThat(lines()).isEmpty();
    }

    @Test
    void repeatedWarning_isLoggedOnceAMinuteWithItsNumber() {
        RepeatedWarning warning = new RepeatedWarning(logger, () -> now);
        for (int i = 0; i < 1_000; i++) {
            warning.warn("A request could not be carried out.");
            now += 100;
        }
        assertThat(lines())
                .containsExactly(
                        "A request could not be carried out.",
                        "A request could not be carried out. (599 more like this since the last line)");
    }
}
