package io.keck.storage.history;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Thins automatic versions out: all of them, then the last of each hour, then the last of each day. Stateless. */
final class Thinning {
    private static final long HOUR = TimeUnit.HOURS.toMillis(1);
    private static final long DAY = TimeUnit.DAYS.toMillis(1);

    /** An automatic version that is not pinned, and the time of its row. */
    record Made(long id, long at) {}

    /**
     * What becomes of versions.
     *
     * @param drop the ids of those to be dropped
     * @param nextAt when the next one is to be dropped, in milliseconds since 1970; 0 for never
     */
    record Result(List<Long> drop, long nextAt) {}

    private Thinning() {}

    /**
     * Decides which versions are dropped.
     *
     * @param all the versions, oldest first
     * @param now the time, in milliseconds since 1970
     */
    static Result thin(List<Made> all, VersionSettings settings, long now) {
        List<Long> drop = new ArrayList<>();
        long nextAt = Long.MAX_VALUE;
        for (int i = 0; i + 1 < all.size(); i++) {
            Made made = all.get(i);
            long later = all.get(i + 1).at();
            long hourly = made.at() + settings.hourlyAfter().toMillis();
            long daily = made.at() + settings.dailyAfter().toMillis();
            long at = Long.MAX_VALUE;
            if (Math.floorDiv(made.at(), HOUR) == Math.floorDiv(later, HOUR)) {
                at = Math.min(hourly, daily);
            } else if (Math.floorDiv(made.at(), DAY) == Math.floorDiv(later, DAY)) {
                at = daily;
            }
            if (at <= now) {
                drop.add(made.id());
            } else {
                nextAt = Math.min(nextAt, at);
            }
        }
        return new Result(drop, nextAt == Long.MAX_VALUE ? 0 : nextAt);
    }
}
