package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Pages name classes and other pages; what they name exists. */
class DocumentationTest {
    private static final Path PAGES = Path.of("src/site/markdown");
    /** Pages that lead through the code. */
    private static final List<String> GUIDES = List.of("architecture.md", "extending.md");

    private static final Pattern LINK = Pattern.compile("\\[[^\\]]*\\]\\(([^)\\s]+)\\)");
    private static final Pattern HEADING = Pattern.compile("(?m)^#+ (.*)$");
    /** A class with at least one letter of lower case, perhaps with a member. */
    private static final Pattern CODE =
            Pattern.compile("`(?:[a-z]+\\.)*([A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*)(?:\\.([a-z]\\w*))?`");

    private static final Set<String> OF_LIBRARIES = Set.of("HealthCheck", "BeanParam");

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<Path> pages() throws IOException {
        try (Stream<Path> top = Files.list(Path.of(""));
                Stream<Path> site = Files.walk(PAGES)) {
            return Stream.concat(top, site)
                    .filter(file -> file.toString().endsWith(".md"))
                    .toList();
        }
    }

    @Test
    void links_leadToPagesAndHeadingsThatExist() throws IOException {
        List<String> dead = new ArrayList<>();
        for (Path page : pages()) {
            LINK.matcher(read(page)).results().map(link -> link.group(1)).forEach(target -> {
                if (!target.contains("://") && !leads(page, target)) {
                    dead.add(page + " -> " + target);
                }
            });
        }
        assertThat(dead).isEmpty();
    }

    private static boolean leads(Path page, String target) {
        int hash = target.indexOf('#');
        String file = hash < 0 ? target : target.substring(0, hash);
        Path to = file.isEmpty() ? page : page.resolveSibling(file).normalize();
        return Files.exists(to)
                && (hash < 0
                        || HEADING.matcher(read(to))
                                .results()
                                .anyMatch(heading -> anchor(heading.group(1)).equals(target.substring(hash + 1))));
    }

    private static String anchor(String heading) {
        return heading.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9 _-]", "").replace(' ', '-');
    }

    @Test
    void guides_nameClassesAndMembersThatExist() throws IOException {
        Set<Path> sources;
        try (Stream<Path> files = Files.walk(Path.of("src"))) {
            sources = files.filter(file -> file.toString().endsWith(".java")).collect(Collectors.toSet());
        }
        List<String> gone = new ArrayList<>();
        int named = 0;
        for (String guide : GUIDES) {
            for (MatchResult code :
                    CODE.matcher(read(PAGES.resolve(guide))).results().toList()) {
                named++;
                if (!exists(sources, code.group(1), code.group(2))) {
                    gone.add(guide + ": " + code.group());
                }
            }
        }
        assertThat(named).isGreaterThan(50);
        assertThat(gone).isEmpty();
    }

    private static boolean exists(Set<Path> sources, String type, String member) {
        if (OF_LIBRARIES.contains(type)) {
            return true;
        }
        return sources.stream()
                .filter(file -> file.getFileName().toString().equals(type + ".java"))
                .anyMatch(file -> member == null || read(file).contains(member));
    }
}
