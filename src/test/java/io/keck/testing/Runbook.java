package io.keck.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads what {@code runbook.md} says about each alert. */
public final class Runbook {
    /** The section about an alert: its text, the alerts that it brings along and those that it silences. */
    public record Section(String text, Set<String> implies, Set<String> inhibits) {}

    private Runbook() {}

    /** All sections by the name of the alert. */
    public static Map<String, Section> read(Path file) throws IOException {
        Map<String, Section> sections = new TreeMap<>();
        for (String part : Files.readString(file).split("(?m)^## ", -1)) {
            String title = part.lines().findFirst().orElse("");
            if (title.startsWith("Keck") && !title.contains(" ")) {
                sections.put(title, new Section(part, list(part, "Implies"), list(part, "Inhibits")));
            }
        }
        return sections;
    }

    private static Set<String> list(String section, String word) {
        Matcher line = Pattern.compile("(?m)^" + word + ": (.*)$").matcher(section);
        Set<String> names = new TreeSet<>();
        if (!line.find()) {
            throw new AssertionError("no line \"" + word + ":\" in\n" + section);
        }
        Matcher name = Pattern.compile("Keck\\w+").matcher(line.group(1));
        while (name.find()) {
            names.add(name.group());
        }
        return names;
    }
}
