package io.keck.testing;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Unmodified clients of all protocols in one document, each of which learns what is saved in the way of its protocol. Each types
 * words of its own, so a word says who typed it.
 */
public final class MixedClients {
    /** The npm packages of the clients. */
    public static final List<String> LIBRARIES = List.of(
            "y-websocket",
            "hocuspocus-provider-2",
            "hocuspocus-provider-3",
            "hocuspocus-provider-4",
            "@y-sweet/client",
            "y-partykit",
            "y-partyserver");

    private static final Map<String, String> SAVED = Map.of("saved", "1");

    private final NodeClients clients;
    private final String room;
    private final List<String> names = new ArrayList<>();
    private final List<List<String>> words = new ArrayList<>();
    private final List<Integer> connects = new ArrayList<>();
    private final int nodes;

    /**
     * Opens a client of each library, and waits until all are synced.
     *
     * @param nodes the nodes, between which the clients are divided
     */
    public MixedClients(NodeClients clients, String room, List<KeckProcess> nodes) {
        this.clients = clients;
        this.room = room;
        this.nodes = nodes.size();
        for (int i = 0; i < LIBRARIES.size(); i++) {
            String name = room + "-" + i;
            open(name, LIBRARIES.get(i), nodes.get(i % this.nodes).port());
            names.add(name);
            words.add(new ArrayList<>());
        }
        clients.awaitSynced(all());
        names.forEach(name -> connects.add(clients.connects(name)));
    }

    private void open(String name, String library, int port) {
        if (library.startsWith("hocuspocus")) {
            clients.openHocuspocus(name, port, room, library, name, "");
        } else if (library.startsWith("y-party")) {
            clients.openParty(name, port, room, library, Map.of(), SAVED);
        } else if (library.equals("y-websocket")) {
            clients.open(name, port, room, SAVED);
        } else {
            clients.openYSweet(name, "ys://127.0.0.1:" + port, room, Map.of("authorization", "full"));
        }
    }

    /** The number of clients. */
    public int size() {
        return names.size();
    }

    /** The names of all clients, for {@link NodeClients}. */
    public String[] all() {
        return names.toArray(new String[0]);
    }

    /** Waits until the clients of each node have equal documents; those of another node may have another one. */
    public void awaitEqualOnEachNode() {
        for (int node = 0; node < nodes; node++) {
            List<String> here = new ArrayList<>();
            for (int i = node; i < size(); i += nodes) {
                here.add(names.get(i));
            }
            clients.awaitEqual(here.toArray(new String[0]));
        }
    }

    /** Has a client type another word. */
    public void type(int client) {
        List<String> own = words.get(client);
        String word = "<" + client + "." + own.size() + ">";
        clients.edit(names.get(client), new Object[][] {NodeClients.insert(0, word)});
        own.add(word);
    }

    /** Has each client type another word. */
    public void typeAll() {
        for (int i = 0; i < size(); i++) {
            type(i);
        }
    }

    /** Whether a client knows that everything of its is saved. */
    public boolean isSaved(int client) {
        return clients.isSaved(names.get(client));
    }

    /** The libraries of the clients that say that everything of theirs is saved. */
    public List<String> saved() {
        List<String> saved = new ArrayList<>();
        for (int i = 0; i < size(); i++) {
            if (isSaved(i)) {
                saved.add(LIBRARIES.get(i));
            }
        }
        return saved;
    }

    /** The libraries of the clients that have connected again since they were opened. */
    public List<String> reconnected() {
        List<String> again = new ArrayList<>();
        for (int i = 0; i < size(); i++) {
            if (clients.connects(names.get(i)) != connects.get(i)) {
                again.add(LIBRARIES.get(i));
            }
        }
        return again;
    }

    /** The words that a client has typed. */
    public List<String> words(int client) {
        return List.copyOf(words.get(client));
    }

    /** The words that all clients have typed. */
    public List<String> words() {
        return words.stream().flatMap(List::stream).toList();
    }

    /** The words of these that a node does not have; a new client asks it. */
    public static List<String> missing(NodeClients clients, KeckProcess node, String room, List<String> words) {
        String fresh = "fresh-" + room;
        clients.open(fresh, node.port(), room);
        clients.awaitSynced(fresh);
        Set<String> there = new HashSet<>(Arrays.asList(clients.text(fresh).split("(?<=>)")));
        return words.stream().filter(word -> !there.contains(word)).toList();
    }
}
