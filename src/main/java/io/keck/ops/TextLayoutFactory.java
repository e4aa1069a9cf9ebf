package io.keck.ops;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.pattern.PatternLayoutBase;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.dropwizard.logging.common.DropwizardLayout;
import io.dropwizard.logging.common.layout.DiscoverableLayoutFactory;
import java.util.TimeZone;

/**
 * {@code layout: {type: text}}: the layout that Dropwizard uses by default, so that a variable can choose between it
 * and JSON. In messages, which may contain names of documents, characters that would break or rearrange the line are
 * replaced by {@code ?}.
 */
@JsonTypeName("text")
public class TextLayoutFactory implements DiscoverableLayoutFactory<ILoggingEvent> {
    /** Line separators, and the controls of the direction of text; control characters are in no name. */
    private static final String REARRANGING = "[\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069]";

    @Override
    public PatternLayoutBase<ILoggingEvent> build(LoggerContext context, TimeZone timeZone) {
        DropwizardLayout layout = new DropwizardLayout(context, timeZone);
        layout.setPattern(layout.getPattern().replace("%m%n", "%replace(%m){'" + REARRANGING + "', '?'}%n"));
        return layout;
    }
}
