package io.keck.api;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.dropwizard.core.setup.Environment;
import io.dropwizard.validation.ValidationMethod;
import jakarta.validation.constraints.NotNull;
import java.util.Arrays;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The {@code cors} block of the configuration: the web pages that may use the HTTP interface from a browser. */
public class CorsFactory {
    static final String ALL = "*";
    private static final Pattern ORIGIN = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]*://[^/?#@\\s]+");

    @NotNull
    @JsonProperty
    private String origins = "http://localhost:3000,http://localhost:4200,http://localhost:5173,"
            + "http://127.0.0.1:3000,http://127.0.0.1:4200,http://127.0.0.1:5173";

    /** An origin has no path: browsers send none, so an origin with a trailing slash would never match. */
    @JsonIgnore
    @ValidationMethod(message = "origins must be scheme://host[:port], separated by commas, or *")
    public boolean isEveryOriginValid() {
        return set(origins).stream()
                .allMatch(o -> o.equals(ALL) || ORIGIN.matcher(o).matches());
    }

    private static Set<String> set(String origins) {
        return Arrays.stream(origins.split(",", -1))
                .map(String::strip)
                .filter(o -> !o.isEmpty())
                .collect(Collectors.toSet());
    }

    /** The origins of pages that may read and write, or "*" for all. */
    public Set<String> allowed() {
        return set(origins);
    }

    /**
     * Installs the handler in front of everything else on the main port.
     *
     * @param credentialed the origins of pages that may use cookies as well; they need not be among the allowed origins
     */
    public void build(Environment environment, Set<String> credentialed) {
        environment.getApplicationContext().insertHandler(new CorsHandler(set(origins), credentialed));
    }
}
