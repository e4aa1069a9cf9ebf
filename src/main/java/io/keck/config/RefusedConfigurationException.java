package io.keck.config;

import io.dropwizard.configuration.ConfigurationException;
import java.util.List;

/**
 * Thrown for a configuration that cannot be used. The message has one line for each error, and shows no value of the
 * configuration.
 */
final class RefusedConfigurationException extends ConfigurationException {
    private static final long serialVersionUID = 1L;
    /** The largest number of errors shown; more would push the first ones out of sight. */
    private static final int MOST = 10;

    private final String lines;

    RefusedConfigurationException(String path, List<String> errors) {
        super(path, errors); // no cause: messages of parsers contain the source text
        List<String> shown = errors.subList(0, Math.min(MOST, errors.size()));
        StringBuilder text = new StringBuilder();
        shown.forEach(error -> text.append(text.isEmpty() ? "" : "\n")
                .append(path)
                .append(": ")
                .append(error));
        if (errors.size() > MOST) {
            text.append("\n").append(errors.size() - MOST).append(" more errors.");
        }
        this.lines = text.toString();
    }

    @Override
    public String getMessage() {
        return lines;
    }
}
