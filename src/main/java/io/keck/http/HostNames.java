package io.keck.http;

import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The host names under which this server may be requested. This prevents DNS rebinding, in which the name of a foreign
 * page resolves to this server and so makes the page same-origin: {@code Host} still has the foreign name. Literal
 * addresses cannot be rebound, and {@code localhost} is this machine, so both are always accepted. Names are compared
 * ignoring case. Immutable.
 */
public final class HostNames {
    private static final String ALL = "*";
    private static final String ANY_BELOW = "*.";
    private static final Pattern NAME = Pattern.compile("(\\*\\.)?[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?");
    /** Browsers treat a host whose last label is a number as an address (URL standard, section 3.5). */
    private static final Pattern IPV4 = Pattern.compile("([^.]+\\.)*[0-9]+");

    private static final Pattern PORT = Pattern.compile(":[0-9]*$");

    private final Set<String> names;

    private HostNames(Set<String> names) {
        this.names = names;
    }

    /**
     * Reads names that are separated by commas: host names without a port, {@code *.name} for all names below one, or
     * {@code *} for every name.
     *
     * @throws IllegalArgumentException if an entry has none of these forms; the message is a sentence
     */
    public static HostNames parse(String list) {
        Set<String> names = Arrays.stream(list.split(",", -1))
                .map(name -> name.strip().toLowerCase(Locale.ROOT))
                .filter(name -> !name.isEmpty())
                .collect(Collectors.toUnmodifiableSet());
        for (String name : names) {
            if (!name.equals(ALL) && !NAME.matcher(name).matches()) {
                throw new IllegalArgumentException(
                        "hosts must be host names without a port, separated by commas, *.name, or *");
            }
        }
        return new HostNames(names);
    }

    /** Returns these names and one more, which may be null. */
    public HostNames and(@Nullable String name) {
        if (name == null || name.isBlank()) {
            return this;
        }
        return parse(String.join(",", names) + "," + (isAddress(name) ? "" : name));
    }

    /** @param host the value of a {@code Host} header, with or without a port */
    boolean accept(String host) {
        if (names.contains(ALL) || host.startsWith("[")) {
            return true;
        }
        String name = PORT.matcher(host.strip()).replaceFirst("").toLowerCase(Locale.ROOT);
        if (name.endsWith(".")) {
            name = name.substring(0, name.length() - 1);
        }
        if (isAddress(name) || name.equals("localhost") || name.endsWith(".localhost") || names.contains(name)) {
            return true;
        }
        for (int dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
            if (names.contains(ANY_BELOW + name.substring(dot + 1))) {
                return true;
            }
        }
        return false;
    }

    private static boolean isAddress(String name) {
        return name.indexOf(':') >= 0 || IPV4.matcher(name).matches();
    }
}
