package io.keck.storage.octobase;

import io.keck.protocol.RoomName;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The new names of workspaces whose rooms are named differently here. Immutable. */
public final class Renames {
    /** No renames. */
    public static final Renames NONE = new Renames(Map.of());

    private static final String NOTHING = " Nothing was changed.";

    private final Map<String, String> names;

    /**
     * A workspace and its new name.
     *
     * @param from the name in the source
     * @param to the name of the room here
     */
    public record Rename(String from, String to) {
        /**
         * Parses {@code OLD=NEW}, split at the first equals sign.
         *
         * @throws IllegalArgumentException if there is no equals sign
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
     * Creates renames, after checking them against each other.
     *
     * @throws IllegalArgumentException if a workspace gets two names, two workspaces get the same name, or a name is invalid
     *     for a room
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

    /** The name of the workspace's room here. */
    String target(String workspace) {
        return names.getOrDefault(workspace, workspace);
    }

    /** Whether the workspace is renamed. */
    boolean isRenamed(String workspace) {
        return !target(workspace).equals(workspace);
    }

    /** Whether a workspace gets that name. */
    boolean isTarget(String name) {
        return names.containsValue(name);
    }

    Set<String> workspaces() {
        return names.keySet();
    }

    /**
     * Checks the renames against the source.
     *
     * @return the renamed workspaces that the source lacks
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
