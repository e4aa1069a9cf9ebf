package io.keck.crdt;

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
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The engine is a module of its own: it compiles without the server's libraries, and a program needs nothing else. */
class EngineAloneTest {
    @TempDir
    Path folder;

    @Test
    void engine_compilesAsAModuleWithoutDependencies_andRunsAlone() throws Exception {
        Path engine = Files.createDirectory(folder.resolve("engine"));
        List<String> sources = new ArrayList<>(List.of("src/engine/java/module-info.java"));
        try (Stream<Path> files = Files.walk(Path.of("src/main/java/io/keck/crdt"))) {
            files.filter(file -> file.toString().endsWith(".java"))
                    .map(Path::toString)
                    .forEach(sources::add);
        }
        compile(engine, List.of("--module-path", annotations()), sources);

        Path example = Files.createDirectory(folder.resolve("example"));
        compile(example, List.of("-cp", engine.toString()), List.of("src/engine/example/Example.java"));

        URL[] alone = {engine.toUri().toURL(), example.toUri().toURL()};
        try (URLClassLoader loader = new URLClassLoader(alone, ClassLoader.getPlatformClassLoader())) {
            assertThat(run(loader)).isEqualTo("Hello from the engine\n");
        }
    }

    /** The jar of the nullness annotations, which the compiler wants to see and no program needs. */
    private static String annotations() throws Exception {
        return Path.of(NullMarked.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation()
                        .toURI())
                .toString();
    }

    private static void compile(Path target, List<String> options, List<String> sources) {
        List<String> arguments = new ArrayList<>(
                List.of("--release", "17", "-proc:none", "-Xlint:all,-processing,-path", "-Werror", "-d"));
        arguments.add(target.toString());
        arguments.addAll(options);
        arguments.addAll(sources);
        ByteArrayOutputStream complaints = new ByteArrayOutputStream();
        int result = ToolProvider.getSystemJavaCompiler()
                .run(null, complaints, complaints, arguments.toArray(String[]::new));
        assertThat(result).as(complaints.toString(StandardCharsets.UTF_8)).isZero();
    }

    private static String run(ClassLoader loader) throws ReflectiveOperationException, IOException {
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        PrintStream before = System.out;
        try (PrintStream out = new PrintStream(printed, true, StandardCharsets.UTF_8)) {
            System.setOut(out);
            loader.loadClass("Example").getMethod("main", String[].class).invoke(null, (Object) new String[0]);
        } finally {
            System.setOut(before);
        }
        return printed.toString(StandardCharsets.UTF_8).replace(System.lineSeparator(), "\n");
    }
}
