package io.keck;

import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget;
import com.tngtech.archunit.core.domain.JavaCall;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.domain.properties.HasOwner;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.CompositeArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import io.keck.access.Author;
import io.keck.access.Caller;
import io.keck.access.Grant;
import io.keck.access.Needs;
import io.keck.access.Public;
import io.keck.api.EventStreams;
import io.keck.api.YSweetResource;
import io.keck.node.RoomRuntime;
import io.keck.room.RequestKey;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;

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
    static final ArchRule metrics_knowProtocolOnly =
            only("io.keck.metrics", "io.keck.metrics", "io.keck.protocol", "io.keck.crdt.store", "io.keck.crdt.lib0");

    @ArchTest
    static final ArchRule room_knowsProtocolEngineAndLoggingOnly = only(
            "io.keck.room",
            "io.keck.room",
            "io.keck.access",
            "io.keck.metrics",
            "io.keck.heap",
            "io.keck.failure",
            "io.keck.protocol",
            "io.keck.crdt",
            "io.keck.crdt.store",
            "io.keck.crdt.lib0",
            "org.slf4j");

    @ArchTest
    static final ArchRule heap_knowsJavaOnly = only("io.keck.heap", "io.keck.heap", "com.sun.management");

    /** The hot path cannot integrate: only the documents of back ends are built with types. */
    @ArchTest
    static final ArchRule hotPath_neverSeesTypes = noClasses()
            .that()
            .resideInAnyPackage("io.keck.protocol..", "io.keck.room..", "io.keck.socket..", "io.keck.cluster..")
            .and()
            .haveNameNotMatching(
                    "io\\.keck\\.room\\.(RoomDocument|RoomDocuments|Documents|DocumentCopies|DocumentTurns|Fork)(\\$.*)?")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("io.keck.crdt");

    /** Who may do what are values, which every floor above may ask for. */
    @ArchTest
    static final ArchRule access_knowsFailuresOnly = only("io.keck.access", "io.keck.access", "io.keck.failure");

    /** A caller is made in one place, so nothing else can let anybody in. */
    @ArchTest
    static final ArchRule callers_areMadeInOnePlace = noClasses()
            .that()
            .resideOutsideOfPackages("io.keck.auth..", "io.keck.access")
            .should()
            .callConstructorWhere(DescribedPredicate.describe(
                    "it makes a caller", call -> call.getTargetOwner().isEquivalentTo(Caller.class)));

    /** Keck gives itself a grant in these places only, and for nobody who asks it to. */
    @ArchTest
    static final ArchRule grantsOfKeck_areMadeInNamedPlaces = noClasses()
            .that(DescribedPredicate.not(JavaClass.Predicates.belongToAnyOf(
                            EventStreams.class, YSweetResource.class, RoomRuntime.class))
                    .and(DescribedPredicate.not(JavaClass.Predicates.resideInAnyPackage(
                            "io.keck.storage.archive", "io.keck.storage.octobase"))))
            .should()
            .callMethodWhere(DescribedPredicate.describe(
                    "it makes a grant of Keck itself",
                    call -> call.getTargetOwner().isEquivalentTo(Grant.class)
                            && call.getName().equals("ofKeck")));

    /** Everybody may do everything only while access is open, which {@link io.keck.access.Visit#OPEN} stands for. */
    @ArchTest
    static final ArchRule openCaller_isSeenByVisitsOnly =
            noClasses().that().resideOutsideOfPackage("io.keck.access").should().accessField(Caller.class, "OPEN");

    /** Who wrote something is never what a client says: it comes from a grant, and from there from the database. */
    @ArchTest
    static final ArchRule authors_areMadeOfGrants = noClasses()
            .that()
            .resideOutsideOfPackages("io.keck.access", "io.keck.storage.rows")
            .should()
            .callConstructorWhere(DescribedPredicate.describe(
                    "it makes an author", call -> call.getTargetOwner().isEquivalentTo(Author.class)));

    /** Deny by default: what names no right is refused, and does not get into the repository. */
    @ArchTest
    static final ArchRule everyCall_namesItsRight = methods()
            .that(DescribedPredicate.describe("answer calls", ArchitectureTest::isCall))
            .should(haveARight());

    private static boolean isCall(JavaMethod method) {
        return method.getAnnotations().stream()
                .anyMatch(a -> a.getRawType().isAnnotatedWith(jakarta.ws.rs.HttpMethod.class));
    }

    private static ArchCondition<JavaMethod> haveARight() {
        return new ArchCondition<>("name the right they need, or say that they are public") {
            @Override
            public void check(JavaMethod method, ConditionEvents events) {
                boolean named = method.isAnnotatedWith(Needs.class) != method.isAnnotatedWith(Public.class);
                events.add(new SimpleConditionEvent(
                        method, named, method.getFullName() + (named ? " names it" : " names none, or both")));
            }
        };
    }

    @ArchTest
    static final ArchRule block_knowsTheEngineOnly =
            only("io.keck.block", "io.keck.block", "io.keck.crdt", "io.keck.crdt.store", "io.keck.crdt.lib0");

    @ArchTest
    static final ArchRule prose_knowsTheEngineOnly = only("io.keck.prose", "io.keck.prose", "io.keck.crdt");

    @ArchTest
    static final ArchRule blob_knowsGrantsFailuresAndRequestKeysOnly = classes()
            .that()
            .resideInAPackage("io.keck.blob")
            .should()
            .onlyDependOnClassesThat(JavaClass.Predicates.resideInAnyPackage(
                            "java..", "org.jspecify..", "io.keck.blob", "io.keck.access", "io.keck.failure")
                    .or(JavaClass.Predicates.type(RequestKey.class)));

    @ArchTest
    static final ArchRule feed_knowsFailuresAndTheEngineOnly = only(
            "io.keck.feed",
            "io.keck.feed",
            "io.keck.access",
            "io.keck.failure",
            "io.keck.crdt",
            "io.keck.crdt.store",
            "io.keck.crdt.lib0");

    /** History is values and ports over the rows of the feed. */
    @ArchTest
    static final ArchRule history_knowsTheFeedOnly = only(
            "io.keck.history",
            "io.keck.history",
            "io.keck.feed",
            "io.keck.access",
            "io.keck.failure",
            "io.keck.crdt",
            "io.keck.crdt.store",
            "io.keck.crdt.lib0");

    @ArchTest
    static final ArchRule failure_knowsJavaOnly = only("io.keck.failure", "io.keck.failure");

    /** The floor of storage knows no rooms. */
    @ArchTest
    static final ArchRule database_knowsNoRooms = noClasses()
            .that()
            .resideInAPackage("io.keck.storage.database")
            .should()
            .dependOnClassesThat(JavaClass.Predicates.resideInAnyPackage("io.keck.room..", "io.keck.crdt.."));

    /** Turns are given from outside: by threads in the server, by hand in a test. */
    @ArchTest
    static final ArchRule engineProtocolAndRoom_haveNoThreads = noClasses()
            .that()
            .resideInAnyPackage(
                    "io.keck.access..",
                    "io.keck.crdt..",
                    "io.keck.protocol..",
                    "io.keck.metrics..",
                    "io.keck.room..",
                    "io.keck.block..",
                    "io.keck.blob..",
                    "io.keck.feed..",
                    "io.keck.history..")
            .should()
            .dependOnClassesThat()
            .belongToAnyOf(
                    java.util.concurrent.Executors.class,
                    java.util.concurrent.ExecutorService.class,
                    java.util.concurrent.ForkJoinPool.class,
                    java.util.Timer.class,
                    Thread.class);

    /** A thread has a name, a handler for what ends it, and an owner; work that recurs is watched. */
    @ArchTest
    static final ArchRule threads_areMadeInOnePlace = noClasses()
            .that()
            .resideOutsideOfPackage("io.keck.thread")
            .should()
            .callConstructorWhere(target(makesThreads()))
            .orShould()
            .dependOnClassesThat()
            .belongToAnyOf(
                    java.util.concurrent.Executors.class,
                    java.util.concurrent.ForkJoinPool.class,
                    java.util.concurrent.ForkJoinTask.class,
                    java.util.Timer.class)
            .orShould()
            .dependOnClassesThat()
            .haveFullyQualifiedName("org.eclipse.jetty.util.thread.QueuedThreadPool")
            .orShould()
            .callMethodWhere(JavaCall.Predicates.target(
                            HasOwner.Predicates.With.owner(JavaClass.Predicates.type(CompletableFuture.class)))
                    .and(DescribedPredicate.describe(
                            "without an executor",
                            call -> call.getName().matches("(run|supply)Async|.*Async")
                                    && call.getTarget().getRawParameterTypes().stream()
                                            .noneMatch(type -> type.isEquivalentTo(Executor.class)))));

    /** {@code ops.bench} is no server: it loads one, in a rhythm. */
    @ArchTest
    static final ArchRule schedules_areLoops = noClasses()
            .that()
            .resideOutsideOfPackages("io.keck.thread", "io.keck.ops.bench")
            .should()
            .dependOnClassesThat()
            .areAssignableTo(java.util.concurrent.ScheduledExecutorService.class)
            .orShould()
            .callMethod(
                    "io.dropwizard.lifecycle.setup.LifecycleEnvironment",
                    "scheduledExecutorService",
                    "java.lang.String")
            .orShould()
            .callMethod("io.dropwizard.lifecycle.setup.LifecycleEnvironment", "executorService", "java.lang.String");

    private static DescribedPredicate<AccessTarget.CodeUnitCallTarget> makesThreads() {
        return DescribedPredicate.describe(
                "makes a thread or an executor",
                constructor -> constructor.getOwner().isAssignableTo(Thread.class)
                        || constructor.getOwner().isAssignableTo(ExecutorService.class)
                        || constructor.getOwner().isAssignableTo("org.eclipse.jetty.util.thread.ThreadPool"));
    }

    /** A room knows neither threads nor loops, however they are made. */
    @ArchTest
    static final ArchRule thread_isNotSeenByFloors = noClasses()
            .that()
            .resideInAnyPackage(
                    "io.keck.crdt..",
                    "io.keck.protocol..",
                    "io.keck.metrics..",
                    "io.keck.room..",
                    "io.keck.block..",
                    "io.keck.blob..",
                    "io.keck.feed..",
                    "io.keck.history..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.keck.thread..", "io.keck.wing..");

    @ArchTest
    static final ArchRule thread_knowsJavaAndLoggingOnly = only("io.keck.thread", "io.keck.thread", "org.slf4j");

    /** The way into a node is Dropwizard's: servlets, resources, metrics and health checks. */
    @ArchTest
    static final ArchRule wing_knowsDropwizardOnly =
            only("io.keck.wing", "io.keck.wing", "io.dropwizard..", "com.codahale.metrics..");

    /** Time is handed in. */
    @ArchTest
    static final ArchRule engineProtocolAndRoom_haveNoClock = noClasses()
            .that()
            .resideInAnyPackage(
                    "io.keck.access..",
                    "io.keck.crdt..",
                    "io.keck.protocol..",
                    "io.keck.metrics..",
                    "io.keck.room..",
                    "io.keck.block..",
                    "io.keck.blob..",
                    "io.keck.feed..",
                    "io.keck.history..")
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
            storage("history", "feed", "log", "rows", "database"),
            storage("blob", "rows", "database"),
            storage("nodes", "database"),
            storage("held", "rows", "database"),
            storage("purge", "history", "feed", "log", "rows", "database"),
            storage("archive", "blob", "rows", "database"),
            storage("doctor", "purge", "history", "feed", "log", "blob", "rows", "database"),
            storage("octobase", "blob", "rows", "database"),
            storage("others", "octobase", "rows", "database")));

    @ArchTest
    static final ArchRule floors_neverSeeAWing = noClasses()
            .that()
            .resideInAnyPackage(
                    "io.keck.access..",
                    "io.keck.crdt..",
                    "io.keck.protocol..",
                    "io.keck.metrics..",
                    "io.keck.room..",
                    "io.keck.block..",
                    "io.keck.blob..",
                    "io.keck.feed..",
                    "io.keck.history..",
                    "io.keck.failure..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(packages(WINGS));

    /** Whatever runs a node puts wings together; only commands and the application see it. */
    @ArchTest
    static final ArchRule node_isSeenByCommandsAndTheApplicationOnly = noClasses()
            .that()
            .resideOutsideOfPackages("io.keck", "io.keck.node", "io.keck.command")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.keck.node", "io.keck.command");

    @ArchTest
    static final ArchRule node_knowsNoCommand = noClasses()
            .that()
            .resideInAPackage("io.keck.node")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("io.keck.command");

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
