package io.keck.crdt;

import static java.util.stream.Collectors.toList;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The examples of the documentation compile, and print what they say they print. */
class DocumentedExamplesTest {
    private static final Pattern PRINTS = Pattern.compile("// prints: (.*)");

    /** What examples take for granted. */
    private static final String FRAME = String.join(
            "\n",
            "import io.keck.crdt.*;",
            "import io.keck.crdt.store.*;",
            "import java.util.*;",
            "public class Example {",
            "    static StructStore store = new StructStore();",
            "    static byte[] bytesFromPeer = {0, 0};",
            "    static byte[] stateVectorOfPeer = {0};",
            "    public static void run() {",
            "%s",
            "    }",
            "}");

    @TempDir
    Path folder;

    private static List<String> find(Path file, String pattern) throws IOException {
        Matcher matcher = Pattern.compile(pattern, Pattern.DOTALL).matcher(Files.readString(file));
        List<String> examples = new ArrayList<>();
        while (matcher.find()) {
            examples.add(matcher.group(1));
        }
        return examples;
    }

    private void check(String example) throws Exception {
        Path source = Files.writeString(folder.resolve("Example.java"), String.format(FRAME, example));
        ByteArrayOutputStream complaints = new ByteArrayOutputStream();
        int result = ToolProvider.getSystemJavaCompiler()
                .run(
                        null,
                        complaints,
                        complaints,
                        "-proc:none",
                        "-cp",
                        System.getProperty(
                                        "keck.classes",
                                        Path.of("target", "classes").toString())
                                + System.getProperty("path.separator")
                                + System.getProperty("java.class.path"),
                        source.toString());
        assertThat(result)
                .as("%s%n%s", example, complaints.toString(StandardCharsets.UTF_8))
                .isZero();
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        PrintStream before = System.out;
        try (URLClassLoader loader = new URLClassLoader(
                new URL[] {folder.toUri().toURL()}, getClass().getClassLoader())) {
            System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
            loader.loadClass("Example").getMethod("run").invoke(null);
        } finally {
            System.setOut(before);
        }
        List<String> expected =
                PRINTS.matcher(example).results().map(match -> match.group(1)).collect(toList());
        assertThat(printed.toString(StandardCharsets.UTF_8).lines().toList()).isEqualTo(expected);
    }

    @Test
    void pageOnTheEngine_isRight() throws Exception {
        List<String> examples = find(Path.of("src/site/markdown/engine.md"), "```java\n(.*?)```");
        assertThat(examples).hasSize(1);
        check(examples.get(0));
    }

    @Test
    void javadocOfThePackage_isRight() throws Exception {
        List<String> examples =
                find(Path.of("src/main/java/io/keck/crdt/package-info.java"), "<pre>\\{@code\n(.*?)\n \\* \\}</pre>\n");
        assertThat(examples).hasSize(2);
        for (String example : examples) {
            check(example.replaceAll("(?m)^ \\* ?", ""));
        }
    }
}
