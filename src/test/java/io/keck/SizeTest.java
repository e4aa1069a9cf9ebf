package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TreeScanner;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** No file has more than 500 lines, and no method more than 60: what is longer has two responsibilities. */
class SizeTest {
    private static final int FILE = 500;
    private static final int METHOD = 60;

    @TempDir
    private Path dir;

    /** What is too long in the sources below a folder. */
    private static List<String> tooLong(Path root) throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.walk(root)) {
            files = all.filter(path -> path.toString().endsWith(".java"))
                    .sorted()
                    .toList();
        }
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        List<String> found = new ArrayList<>();
        try (StandardJavaFileManager manager = compiler.getStandardFileManager(null, null, null)) {
            JavacTask task = (JavacTask) compiler.getTask(
                    null, manager, null, List.of("-proc:none"), null, manager.getJavaFileObjectsFromPaths(files));
            SourcePositions positions = Trees.instance(task).getSourcePositions();
            for (CompilationUnitTree unit : task.parse()) {
                Path file = root.toAbsolutePath()
                        .relativize(Path.of(unit.getSourceFile().toUri()));
                long lines = unit.getLineMap().getLineNumber(positions.getEndPosition(unit, unit));
                if (lines > FILE) {
                    found.add(file + ": " + lines + " lines");
                }
                new TreeScanner<Void, Void>() {
                    @Override
                    public Void visitMethod(MethodTree method, Void none) {
                        long first = unit.getLineMap().getLineNumber(positions.getStartPosition(unit, method));
                        long last = unit.getLineMap().getLineNumber(positions.getEndPosition(unit, method));
                        if (last - first + 1 > METHOD) {
                            found.add(file + ", " + method.getName() + ": " + (last - first + 1) + " lines");
                        }
                        return super.visitMethod(method, none);
                    }
                }.scan(unit, null);
            }
        }
        return found;
    }

    @Test
    void sources_areShort() throws IOException {
        assertThat(tooLong(Path.of("src", "main", "java"))).isEmpty();
    }

    /** The measure itself: one line more than allowed is found. */
    @Test
    void tooLong_findsFilesAndMethods() throws IOException {
        String method = "    void longMethod() {\n" + "        int a;\n".repeat(METHOD - 1) + "    }\n";
        Files.writeString(dir.resolve("Short.java"), "class Short {\n" + method.replaceFirst(" +int a;\n", "") + "}\n");
        assertThat(tooLong(dir)).isEmpty();
        Files.writeString(dir.resolve("Long.java"), "class Long {\n" + method + "    int b;\n".repeat(FILE) + "}\n");
        assertThat(tooLong(dir)).containsExactly("Long.java: 563 lines", "Long.java, longMethod: 61 lines");
    }
}
