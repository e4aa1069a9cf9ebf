package io.keck.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RulesTest {
    private static Rule rule(String match, Right... rights) {
        return new Rule(match, Set.of(rights));
    }

    @ParameterizedTest
    @ValueSource(strings = {"anonymous", "system", "unknown", "key:ci"})
    void namesThatTheLogUsesItself_areNobodys(String id) {
        assertThrows(IllegalArgumentException.class, () -> Principal.foreign(id, ""));
        assertEquals("anonymous2", Principal.foreign("anonymous2", "").id());
    }

    @Test
    void author_isWhoTheGrantSays_andNobodyElse() {
        Map<String, String> attributes = Map.of("org", "7");
        Caller alice = new Caller(
                new Principal("alice", "Alice"), "t", Rules.ALL, Limits.NONE, attributes, 0, Caller.NEVER, 0);
        assertEquals(new Author("alice", Origin.SOCKET, attributes), Author.bySocket(alice.on("a")));
        assertEquals(new Author("alice", Origin.REST, attributes), Author.byRequest(alice.on("a")));
        Caller agent = new Caller(
                new Principal("bob", ""), "t", Rules.ALL, Limits.NONE, Map.of("agent", "x"), 0, Caller.NEVER, 0);
        assertEquals(Origin.AGENT, Author.bySocket(agent.on("a")).origin());
        assertEquals(Origin.AGENT, Author.byRequest(agent.on("a")).origin());
        assertEquals(new Author("anonymous", Origin.SOCKET, Map.of()), Author.bySocket(Caller.OPEN.on("a")));
        assertEquals(new Author("anonymous", Origin.REST, Map.of()), Author.byRequest(Caller.OPEN.on("b")));
    }

    @Test
    void longestMatch_decidesAlone() {
        Rules rules = new Rules(List.of(
                rule("*", Right.READ),
                rule("team-1/*", Right.READ, Right.WRITE),
                rule("team-1/secret/*"),
                rule("team-1/secret/mine", Right.DELETE)));
        assertEquals(Set.of(Right.READ), rules.on("elsewhere"));
        assertEquals(Set.of(Right.READ), rules.on("team-1"), "the slash belongs to the match");
        assertEquals(Set.of(Right.READ, Right.WRITE), rules.on("team-1/board"));
        assertEquals(Set.of(Right.READ, Right.WRITE), rules.on("team-1/a/b/c"), "a star stands for slashes, too");
        assertEquals(Set.of(), rules.on("team-1/secret/theirs"), "a longer match takes rights away");
        assertEquals(Set.of(Right.DELETE), rules.on("team-1/secret/mine"), "an exact name before any pattern");
    }

    @Test
    void noMatch_isNoRight() {
        assertEquals(Set.of(), Rules.NONE.on("a"));
        assertEquals(Set.of(), new Rules(List.of(rule("a", Right.READ))).on("b"));
    }

    @Test
    void sameMatch_addsUp() {
        Rules rules = new Rules(List.of(rule("a*", Right.READ), rule("a*", Right.WRITE), rule("a", Right.DELETE)));
        assertEquals(Set.of(Right.READ, Right.WRITE), rules.on("ab"));
        assertEquals(Set.of(Right.DELETE), rules.on("a"));
    }

    /** Names that look like team-1/board, or that a careless decoder makes of it, are other names. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "Team-1/board",
                "TEAM-1/BOARD",
                "team-1%2Fboard",
                "team-1\\board",
                " team-1/board",
                "team-1/board ",
                "team-1/./board",
                "team-1/../team-1/board",
                "team-1//board",
                "t\u0435am-1/board",
                "team\u20101/board",
                "team-1\u2215board",
                "team-1/board\u200b",
                "team-1/bo\u0061\u0301rd",
                "team-1/bo\u00e1rd",
                "*",
                "team-1/*"
            })
    void nameTricks_matchNothing(String name) {
        Rules rules = new Rules(List.of(rule("team-1/board", Right.READ)));
        assertEquals(Set.of(), rules.on(name));
        assertEquals(Set.of(Right.READ), rules.on("team-1/board"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"a*b", "*a", "**", "a**", ""})
    void starElsewhere_isRefused(String match) {
        assertThrows(IllegalArgumentException.class, () -> rule(match, Right.READ));
    }

    @Test
    void tooManyRules_areRefused() {
        List<Rule> many = new ArrayList<>();
        for (int i = 0; i <= Rules.MAX; i++) {
            many.add(rule("d" + i, Right.READ));
        }
        assertThrows(IllegalArgumentException.class, () -> new Rules(many));
        assertEquals(Set.of(Right.READ), new Rules(many.subList(0, Rules.MAX)).on("d7"));
    }

    @Test
    void rightsOnTheServer_needARuleForEveryDocument() {
        Set<Right> all = Role.ADMINISTRATOR.rights();
        assertEquals(Set.of(), new Rules(List.of(new Rule("team-1/*", all))).onServer());
        assertEquals(
                Set.of(Right.ADMIN, Right.OPERATE, Right.METRICS), new Rules(List.of(new Rule("*", all))).onServer());
        assertFalse(new Rules(List.of(new Rule("*", all))).on("a").contains(Right.ADMIN));
        assertEquals(Set.of(), new Rules(List.of(new Rule("*", Role.WRITER.rights()))).onServer());
    }

    @Test
    void roles_haveTheRightsOfTheTable() {
        Set<Right> read = EnumSet.of(Right.READ, Right.PRESENT, Right.BLOB_READ);
        Set<Right> write = EnumSet.copyOf(read);
        write.addAll(Set.of(Right.WRITE, Right.BLOB_WRITE, Right.HISTORY, Right.CREATE));
        Map<String, Set<Right>> table = Map.of(
                "read", read, "comment", read, "suggest", read, "write", write, "admin", EnumSet.allOf(Right.class));
        table.forEach((role, rights) ->
                assertEquals(rights, Role.named(role).orElseThrow().rights(), role));
        assertEquals(table.size(), Role.values().length);
        assertTrue(Role.named("Write").isEmpty(), "written exactly so");
    }

    @Test
    void documentWithAStar_isMatchedByItself() {
        Rules only = Rules.only("a*b", Set.of(Right.READ, Right.ADMIN));
        assertEquals(Set.of(Right.READ), only.on("a*b"));
        assertEquals(Set.of(), only.on("axb"));
        assertEquals(Set.of(), only.onServer());
    }

    @Test
    void principals_haveNoReservedIds() {
        assertThrows(IllegalArgumentException.class, () -> Principal.foreign("key:ci", ""));
        assertThrows(IllegalArgumentException.class, () -> Principal.foreign("anonymous", ""));
        assertThrows(IllegalArgumentException.class, () -> new Principal("a\nb", ""));
        assertThrows(IllegalArgumentException.class, () -> new Principal(" ", ""));
    }

    @Test
    void attributes_areBounded() {
        assertEquals(Map.of("a", "b"), Attributes.checked(Map.of("a", "b")));
        assertThrows(IllegalArgumentException.class, () -> Attributes.checked(Map.of("a", "\u00e9".repeat(128))));
    }
}
