package io.keck.storage.octobase;

import io.keck.protocol.RoomName;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Which workspaces get another name here than they have in the source. Immutable. */
public final class Renames {
    /** None. */
    public static final Renames NONE = new Renames(Map.of());

    private static final String NOTHING = " Nothing was changed.";

    private final Map<String, String> names;

    /**
     * A workspace and the name that it gets.
     *
     * @param from its name in the source
     * @param to the name of its room here
     */
    public record Rename(String from, String to) {
        /**
         * Reads {@code OLD=NEW}, divided at the first equals sign.
         *
         * @throws IllegalArgumentException if there is none
         */
        public static Rename parse(String text) {
            int at = text.indexOf('=');
            if (at < 0) {
                throw new IllegalArgumentException("--rename " + Names.quote(text) + " is not of the form OLD=NEW."
                        + " A name that contains an equals sign can be given with --rename-file." + NOTHING);
            }
            return new Rename(text.substring(0, at), text.substring(at + 1));
        }
    }

    private Renames(Map<String, String> names) {
        this.names = names;
    }

    /**
     * Checks them against each other.
     *
     * @throws IllegalArgumentException if one workspace gets two names, two get the same one, or a name is none that a
     *     room may have
     */
    public static Renames of(List<Rename> all) {
        Map<String, String> names = new LinkedHashMap<>();
        Map<String, String> origins = new HashMap<>();
        for (Rename rename : all) {
            String from = Names.quote(rename.from());
            String to = Names.quote(rename.to());
            Optional<String> problem = RoomName.problem(rename.to());
            if (problem.isPresent()) {
                throw new IllegalArgumentException(
                        "Workspace " + from + " cannot be renamed to " + to + ". " + problem.get() + NOTHING);
            }
            String before = names.putIfAbsent(rename.from(), rename.to());
            if (before != null && !before.equals(rename.to())) {
                throw new IllegalArgumentException("Workspace " + from + " is to be renamed both to "
                        + Names.quote(before) + " and to " + to + "." + NOTHING);
            }
            String other = origins.putIfAbsent(rename.to(), rename.from());
            if (other != null && !other.equals(rename.from())) {
                throw new IllegalArgumentException("Workspaces " + Names.quote(other) + " and " + from
                        + " are both to be renamed to " + to + "." + NOTHING);
            }
        }
        return new Renames(names);
    }

    /** The name here. */
    String target(String workspace) {
        return names.getOrDefault(workspace, workspace);
    }

    /** Whether the workspace gets another name. */
    boolean isRenamed(String workspace) {
        return !target(workspace).equals(workspace);
    }

    /** Whether that is the new name of a workspace. */
    boolean isTarget(String name) {
        return names.containsValue(name);
    }

    Set<String> workspaces() {
        return names.keySet();
    }

    /**
     * Checks them against the source.
     *
     * @return workspaces that are not there
     * @throws IllegalArgumentException if a workspace gets the name of another one that keeps its own
     */
    List<String> check(SourceDatabase source) {
        List<String> missing = new ArrayList<>();
        names.forEach((from, to) -> {
            if (!source.has(from)) {
                missing.add(from);
            }
            if (isRenamed(from) && !names.containsKey(to) && source.has(to)) {
                throw new IllegalArgumentException("Workspace " + Names.quote(from) + " cannot be renamed to "
                        + Names.quote(to) + ": another workspace of the source has that name." + NOTHING);
            }
        });
        return missing;
    }
}
