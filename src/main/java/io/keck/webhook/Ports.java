package io.keck.webhook;

import java.util.ArrayList;
import java.util.List;

/** The ports allowed for an endpoint that was set over HTTP, as ranges. Immutable. */
record Ports(List<int[]> ranges) {
    private static final int LAST = 65_535;

    /**
     * Parses ports and ranges separated by commas, such as {@code 80,443,1024-65535}.
     *
     * @throws IllegalArgumentException if the text is malformed
     */
    static Ports parse(String text) {
        List<int[]> ranges = new ArrayList<>();
        for (String part : text.split(",", -1)) {
            String[] ends = part.strip().split("-", -1);
            int first = Integer.parseInt(ends[0].strip());
            int last = Integer.parseInt(ends[ends.length - 1].strip());
            if (ends.length > 2 || first < 1 || last > LAST || first > last) {
                throw new IllegalArgumentException("ports are numbers and ranges from 1 to 65535");
            }
            ranges.add(new int[] {first, last});
        }
        return new Ports(List.copyOf(ranges));
    }

    boolean accept(int port) {
        return ranges.stream().anyMatch(range -> port >= range[0] && port <= range[1]);
    }
}
