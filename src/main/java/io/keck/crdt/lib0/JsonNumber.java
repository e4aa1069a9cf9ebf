package io.keck.crdt.lib0;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import org.jspecify.annotations.Nullable;

/** Prints numbers as JSON. Stateless. Source: ECMA-262 {@code Number::toString}. */
public final class JsonNumber {
    private static final double EXACT = 1e15;
    /** Numbers of up to this many digits are further apart than doubles are. */
    private static final int UNAMBIGUOUS_DIGITS = 15;

    private JsonNumber() {}

    /**
     * Prints a number as JavaScript does: the fewest digits that identify this double, an exponent from 1e21 on and
     * below 1e-6; null for a number that is not finite.
     */
    public static String print(double x) {
        if (Double.isNaN(x) || Double.isInfinite(x)) {
            return "null";
        }
        if (x == Math.rint(x) && Math.abs(x) < EXACT) {
            return Long.toString((long) x);
        }
        BigDecimal shortest = shortest(Math.abs(x));
        String digits = shortest.unscaledValue().toString();
        int point = digits.length() - shortest.scale(); // where the decimal point is among the digits
        String sign = x < 0 ? "-" : "";
        if (point > 21 || point <= -6) {
            String fraction = digits.length() > 1 ? "." + digits.substring(1) : "";
            return sign + digits.charAt(0) + fraction + (point > 0 ? "e+" : "e-") + Math.abs(point - 1);
        }
        if (point <= 0) {
            return sign + "0." + "0".repeat(-point) + digits;
        }
        return sign
                + (digits.length() <= point
                        ? digits + "0".repeat(point - digits.length())
                        : digits.substring(0, point) + "." + digits.substring(point));
    }

    /**
     * Returns the shortest decimal that identifies this double. Before Java 19 {@code Double.toString} sometimes prints
     * a digit too many, or not the closest of several candidates for the last digit.
     */
    private static BigDecimal shortest(double x) {
        BigDecimal exact = new BigDecimal(x);
        BigDecimal shortest = new BigDecimal(Double.toString(x)).stripTrailingZeros();
        BigDecimal next =
                shortest.precision() > UNAMBIGUOUS_DIGITS ? closest(x, exact, shortest.precision()) : shortest;
        while (next != null) {
            shortest = next.stripTrailingZeros();
            next = shortest.precision() > 1 ? closest(x, exact, shortest.precision() - 1) : null;
        }
        return shortest;
    }

    /** Returns the closest decimal of {@code digits} digits that identifies this double, or null if there is none. */
    private static @Nullable BigDecimal closest(double x, BigDecimal exact, int digits) {
        BigDecimal first = exact.round(new MathContext(digits, RoundingMode.HALF_EVEN));
        if (first.doubleValue() == x) {
            return first;
        }
        // below a power of two doubles are twice as close as above it, so only the farther one may be within reach
        RoundingMode back = first.compareTo(exact) < 0 ? RoundingMode.UP : RoundingMode.DOWN;
        BigDecimal second = exact.round(new MathContext(digits, back));
        return second.doubleValue() == x ? second : null;
    }
}
