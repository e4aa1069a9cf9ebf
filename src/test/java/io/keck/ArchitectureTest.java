package io.keck;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.CompositeArchRule;
import io.keck.room.LogMetrics;
import io.keck.room.RequestKey;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The floor plan of the house: imports only run down, and a wing never sees another wing. */
@AnalyzeClasses(packages = "io.keck", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    private static final String[] WINGS = {"socket", "api", "storage", "cluster", "webhook", "auth", "ops"};

    @ArchTest
    static final ArchRule lib0_knowsJavaOnly = only("io.keck.crdt.lib0", "io.keck.crdt.lib0");

    /** Documents as bytes do not know that documents have types. */
    @ArchTest
    static final ArchRule store_knowsJavaAndLib0Only =
            only("io.keck.crdt.store", "io.keck.crdt.store", "io.keck.crdt.lib0");

    @ArchTest
    static final ArchRule crdt_knowsJavaStoreAndLib0Only =
            only("io.keck.crdt", "io.keck.crdt", "io.keck.crdt.store", "io.keck.crdt.lib0");

    @ArchTest
    static final ArchRule protocol_knowsDocumentsAsBytesOnly =
            only("io.keck.protocol", "io.keck.protocol", "io.keck.crdt.store", "io.keck.crdt.lib0");

    @ArchTest
    static final ArchRule room_knowsProtocolEngineAndLoggingOnly = only(
            "io.keck.room",
            "io.keck.room",
            "io.keck.failure",
            "io.keck.protocol",
            "io.keck.crdt",
            "io.keck.crdt.store",
            "io.keck.crdt.lib0",
            "org.slf4j");

    /** The hot path cannot integrate: only the documents of back ends are built with types. */
    @ArchTest
    static final ArchRule hotPath_neverSeesTypes = noClasses()
            .that()
            .resideInAnyPackage("io.keck.protocol..", "io.keck.room..", "io.keck.socket..", "io.keck.cluster..")
            .and()
            .haveNameNotMatching("io\\.keck\\.room\\.(RoomDocument|RoomDocuments|Documents)(\\$.*)?")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("io.keck.crdt");

    @ArchTest
    static final ArchRule block_knowsTheEngineOnly =
            only("io.keck.block", "io.keck.block", "io.keck.crdt", "io.keck.crdt.store", "io.keck.crdt.lib0");

    @ArchTest
    static final ArchRule blob_knowsFailuresAndRequestKeysOnly = classes()
            .that()
            .resideInAPackage("io.keck.blob")
            .should()
            .onlyDependOnClassesThat(JavaClass.Predicates.resideInAnyPackage(
                            "java..", "org.jspecify..", "io.keck.blob", "io.keck.failure")
                    .or(JavaClass.Predicates.type(RequestKey.class)));

    @ArchTest
    static final ArchRule feed_knowsFailuresAndTheEngineOnly = only(
            "io.keck.feed",
            "io.keck.feed",
            "io.keck.failure",
            "io.keck.crdt",
            "io.keck.crdt.store",
            "io.keck.crdt.lib0");

    @ArchTest
    static final ArchRule failure_knowsJavaOnly = only("io.keck.failure", "io.keck.failure");

    /** The floor of storage knows no rooms: of their package it uses the port of its metrics. */
    @ArchTest
    static final ArchRule database_knowsNoRooms = noClasses()
            .that()
            .resideInAPackage("io.keck.storage.database")
            .should()
            .dependOnClassesThat(JavaClass.Predicates.resideInAnyPackage("io.keck.room..", "io.keck.crdt..")
                    .and(DescribedPredicate.not(JavaClass.Predicates.type(LogMetrics.class))));

    /** Turns are given from outside: by threads in the server, by hand in a test. */
    @ArchTest
    static final ArchRule engineProtocolAndRoom_haveNoThreads = noClasses()
            .that()
            .resideInAnyPackage(
                    "io.keck.crdt..",
                    "io.keck.protocol..",
                    "io.keck.room..",
                    "io.keck.block..",
                    "io.keck.blob..",
                    "io.keck.feed..")
            .should()
            .dependOnClassesThat()
            .belongToAnyOf(
                    java.util.concurrent.Executors.class,
                    java.util.concurrent.ExecutorService.class,
                    java.util.concurrent.ForkJoinPool.class,
                    java.util.Timer.class,
                    Thread.class);

    /** Time is handed in. */
    @ArchTest
    static final ArchRule engineProtocolAndRoom_haveNoClock = noClasses()
            .that()
            .resideInAnyPackage(
                    "io.keck.crdt..",
                    "io.keck.protocol..",
                    "io.keck.room..",
                    "io.keck.block..",
                    "io.keck.blob..",
                    "io.keck.feed..")
            .should()
            .callMethod(System.class, "currentTimeMillis")
            .orShould()
            .callMethod(System.class, "nanoTime")
            .orShould()
            .dependOnClassesThat()
            .resideInAPackage("java.time");

    @ArchTest
    static final ArchRule wings_neverSeeAnotherWing = everyWing();

    /** Storage is built in layers: a part sees those below it, and none beside it. */
    @ArchTest
    static final ArchRule storage_isBuiltInLayers = CompositeArchRule.of(List.of(
            storage("database"),
            storage("rows", "database"),
            storage("log", "rows", "database"),
            storage("feed", "rows", "database"),
            storage("blob", "rows", "database"),
            storage("nodes", "database"),
            storage("archive", "blob", "rows", "database"),
            storage("doctor", "blob", "rows", "database"),
            storage("octobase", "blob", "rows", "database")));

    @ArchTest
    static final ArchRule floors_neverSeeAWing = noClasses()
            .that()
            .resideInAnyPackage(
                    "io.keck.crdt..",
                    "io.keck.protocol..",
                    "io.keck.room..",
                    "io.keck.block..",
                    "io.keck.blob..",
                    "io.keck.feed..",
                    "io.keck.failure..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(packages(WINGS));

    @ArchTest
    static final ArchRule theApplication_isSeenByNobody = noClasses()
            .that()
            .resideOutsideOfPackage("io.keck")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("io.keck");

    @ArchTest
    static final ArchRule packages_haveNoCycles =
            slices().matching("io.keck.(**)").should().beFreeOfCycles();

    private static ArchRule only(String subject, String... known) {
        List<String> packages = new ArrayList<>(List.of("java..", "org.jspecify.."));
        packages.addAll(Arrays.asList(known));
        return classes()
                .that()
                .resideInAPackage(subject)
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(packages.toArray(String[]::new))
                .allowEmptyShould(true); // a floor that is not built yet
    }

    private static ArchRule storage(String part, String... below) {
        List<String> seen = new ArrayList<>(List.of(below));
        seen.add(part);
        return noClasses()
                .that()
                .resideInAPackage("io.keck.storage." + part)
                .should()
                .dependOnClassesThat(JavaClass.Predicates.resideInAPackage("io.keck.storage..")
                        .and(DescribedPredicate.not(JavaClass.Predicates.resideInAnyPackage(
                                seen.stream().map(p -> "io.keck.storage." + p).toArray(String[]::new)))));
    }

    private static ArchRule everyWing() {
        List<ArchRule> rules = new ArrayList<>();
        for (String wing : WINGS) {
            String[] others = Arrays.stream(WINGS).filter(w -> !w.equals(wing)).toArray(String[]::new);
            rules.add(noClasses()
                    .that()
                    .resideInAPackage("io.keck." + wing + "..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(packages(others))
                    .allowEmptyShould(true));
        }
        return CompositeArchRule.of(rules);
    }

    private static String[] packages(String[] wings) {
        return Arrays.stream(wings).map(w -> "io.keck." + w + "..").toArray(String[]::new);
    }
}
