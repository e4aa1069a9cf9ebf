package io.keck.testing;

import static org.junit.jupiter.api.Assumptions.abort;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * {@code docker-compose.yml} as it is, in an engine of its own: with the programs of Debian's packages in place of the images of
 * registries, and an image of Keck made of the {@code Dockerfile} and the jar of this build. The engine has namespaces of its
 * own, so the ports of the set-up guide are free and nothing of this machine is touched.
 *
 * <p>Where a program is missing or the kernel forbids containers, the test is skipped with the reason, in CI as well: a build
 * may itself run in a container that cannot have containers.
 */
public final class Containers implements AutoCloseable {
    private static final Path SOURCES = Path.of("src", "test", "docker");
    private static final long ENGINE_S = 60;
    private static final long COMMAND_S = 300;

    /** What a command printed, and how it ended. */
    public record Outcome(int status, String output) {
        /** The output of a command that has to succeed. */
        public String ok() {
            if (status != 0) {
                throw new AssertionError("status " + status + ": " + output);
            }
            return output;
        }
    }

    private final Path dir;
    private final Path project;
    private final Process engine;
    private final Thread hook;
    private List<String> compose = List.of();

    private Containers(Path dir, Process engine) {
        this.dir = dir;
        this.project = dir.resolve("keck");
        this.engine = engine;
        this.hook = new Thread(engine::destroyForcibly);
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /** Starts the engine and makes the images; skips the test where that cannot be. */
    public static Containers start() {
        require("root".equals(System.getProperty("user.name")), "only root may start an engine");
        for (String program : List.of(
                "unshare",
                "nsenter",
                "ip",
                "iptables",
                "dockerd",
                "docker",
                "nginx",
                "redis-server",
                "prometheus",
                "wget",
                "curl")) {
            require(isThere(program), program + " is not installed");
        }
        try {
            Path dir = Files.createTempDirectory("keck-containers");
            Path log = dir.resolve("engine.log");
            Process engine = new ProcessBuilder(SOURCES.resolve("engine.sh").toString(), dir.toString())
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            Containers containers = new Containers(dir, engine);
            try {
                containers.awaitEngine(log);
                containers.findCompose();
                containers.makeImages();
                containers.copyProject();
            } catch (Throwable e) {
                containers.close();
                throw e;
            }
            return containers;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void require(boolean met, String otherwise) {
        if (!met) {
            System.out.println("Containers are not tested: " + otherwise);
            abort(otherwise);
        }
    }

    private static boolean isThere(String program) {
        return Stream.concat(Arrays.stream(System.getenv("PATH").split(":")), Stream.of("/usr/sbin", "/sbin"))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }

    private void awaitEngine(Path log) throws IOException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(ENGINE_S);
        while (run("docker", "info").status() != 0) {
            boolean lives = engine.isAlive() && System.nanoTime() < deadline;
            require(lives, "the engine does not start here: " + end(Files.readString(log)));
        }
    }

    private static String end(String text) {
        return text.substring(Math.max(0, text.length() - 600)).strip();
    }

    private void findCompose() {
        for (List<String> words : List.of(List.of("docker", "compose"), List.of("docker-compose"))) {
            List<String> question = new ArrayList<>(words);
            question.add("version");
            if (isThere(words.get(0)) && run(question.toArray(String[]::new)).status() == 0) {
                compose = words;
                return;
            }
        }
        require(false, "neither docker compose nor docker-compose is installed");
    }

    private void makeImages() throws IOException {
        // packages come from the network of this machine
        Outcome standins = run(List.of(
                SOURCES.toAbsolutePath().resolve("standins.sh").toString(),
                dir.resolve("standins").toString()));
        require(standins.status() == 0, "the images cannot be made: " + end(standins.output()));
        Path psql = Files.writeString(
                Files.createDirectories(dir.resolve("bin")).resolve("psql"),
                "#!/bin/sh\nexec chroot '" + dir.resolve("standins/root") + "' /opt-postgresql/bin/psql \"$@\"\n");
        require(psql.toFile().setExecutable(true), psql + " cannot be made executable");
        Path context = Files.createDirectories(dir.resolve("image"));
        copy(Path.of(System.getProperty("keck.jar", "target/keck.jar")), context.resolve("target/keck.jar"));
        for (String file : List.of("LICENSE", "config.yml")) {
            copy(Path.of(file), context.resolve(file));
        }
        copyTree(Path.of("src/main/docker"), context.resolve("src/main/docker"));
        String dockerfile = Files.readString(Path.of("src/main/docker/Dockerfile"));
        String last = dockerfile.substring(dockerfile.indexOf("FROM ${RUN_IMAGE}"));
        Files.writeString(
                context.resolve("Dockerfile"),
                "ARG RUN_IMAGE=eclipse-temurin:21-jre\n"
                        + Nginx.replaced(
                                last, "--from=build /build/target/keck.jar /build/LICENSE", "target/keck.jar LICENSE"));
        Outcome built = run("docker", "build", "-q", "--network", "none", "-t", "keck:local", context.toString());
        require(
                built.status() == 0 || !built.output().contains("OCI runtime"),
                "the kernel forbids containers here: " + end(built.output()));
        built.ok();
    }

    private void copyProject() throws IOException {
        for (String file : List.of("docker-compose.yml", "nginx.conf")) {
            copy(Path.of(file), project.resolve(file));
        }
        copyTree(Path.of("grafana"), project.resolve("grafana"));
        copyTree(Path.of("src/main/docker"), project.resolve("src/main/docker"));
    }

    private static void copyTree(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                copy(file, to.resolve(from.relativize(file).toString()));
            }
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.createDirectories(to.toAbsolutePath().getParent());
        Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.COPY_ATTRIBUTES);
    }

    /** Which Compose it is: {@code docker compose} or {@code docker-compose}. */
    public String composeName() {
        return String.join(" ", compose);
    }

    /** Runs a command of Compose in the folder of the project: {@code up -d}. */
    public Outcome compose(String words) {
        return shell(composeName() + " " + words);
    }

    /** Runs a line of a shell as an operator would, on the machine of the engine, with Debian's psql and redis-cli. */
    public Outcome shell(String line) {
        return run("bash", "-c", "cd '" + project + "' && " + line);
    }

    /** Writes a file into the folder of the project. */
    public void write(String name, String text) {
        try {
            Files.writeString(project.resolve(name), text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Runs a program in the network of the engine's machine. */
    private List<String> inside(String... command) {
        List<String> line = new ArrayList<>(List.of("nsenter", "--net=/proc/" + child() + "/ns/net"));
        line.addAll(List.of(command));
        return line;
    }

    private long child() {
        return engine.children().findFirst().map(ProcessHandle::pid).orElse(engine.pid());
    }

    private Outcome run(String... command) {
        return run(inside(command));
    }

    private Outcome run(List<String> command) {
        try {
            ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
            environment(builder.environment());
            Path output = Files.createTempFile("keck-command", ".log");
            Process process = builder.redirectOutput(output.toFile()).start();
            if (!process.waitFor(COMMAND_S, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError(String.join(" ", command) + " does not end: " + end(Files.readString(output)));
            }
            String text = Files.readString(output);
            Files.delete(output);
            return new Outcome(process.exitValue(), text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private void environment(Map<String, String> environment) {
        environment
                .keySet()
                .removeIf(name -> name.startsWith("KECK_") || name.startsWith("REDIS") || name.startsWith("PG"));
        environment.put("DOCKER_HOST", "unix://" + dir.resolve("docker.sock"));
        environment.put("DOCKER_BUILDKIT", "0");
        environment.put("JAVA_HOME", System.getProperty("java.home"));
        environment.put("KECK_FILES", "8192"); // the most that any machine allows a container without further rights
        environment.put("COMPOSE_PROJECT_NAME", "keck");
        environment.merge("PATH", dir.resolve("bin").toString(), (path, own) -> own + ":" + path + ":/usr/sbin:/sbin");
    }

    /** Two clients that type into a room through nginx. They end with {@link #close}. */
    public Typing type(String room) {
        return new Typing(inside("node", "typing.mjs", "ws://127.0.0.1:3000/collaboration", room));
    }

    /** Stock clients that type until they are stopped. */
    public static final class Typing implements AutoCloseable {
        private final Process process;
        private final BufferedReader answers;

        private Typing(List<String> command) {
            try {
                process = new ProcessBuilder(command)
                        .directory(Path.of("src", "test", "js").toFile())
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            answers = process.inputReader(StandardCharsets.UTF_8);
            String first = read();
            if (!first.equals("ready")) {
                throw new AssertionError(first);
            }
        }

        /** One line for one line: closes, seen, or stop. */
        public String ask(String question) {
            try {
                process.outputWriter(StandardCharsets.UTF_8)
                        .append(question)
                        .append('\n')
                        .flush();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return read();
        }

        private String read() {
            try {
                String line = answers.readLine();
                if (line == null) {
                    throw new AssertionError("the clients have ended");
                }
                return line;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void close() {
            process.destroyForcibly();
        }
    }

    @Override
    public void close() {
        engine.destroyForcibly(); // and with it all that it started
        Runtime.getRuntime().removeShutdownHook(hook);
        try {
            if (!engine.waitFor(COMMAND_S, TimeUnit.SECONDS)) {
                throw new AssertionError("the engine does not end");
            }
            // a container's files may have any owner and mode; not beyond the file system, should a mount be left
            Outcome removed = run(List.of("rm", "-rf", "--one-file-system", dir.toString()));
            if (removed.status() != 0) {
                System.out.println("Left behind: " + end(removed.output()));
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
