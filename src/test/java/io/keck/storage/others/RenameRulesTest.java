package io.keck.storage.others;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.storage.octobase.Renames.Rename;
import java.util.List;
import org.junit.jupiter.api.Test;

class RenameRulesTest {
    @Test
    void theFirstRuleThatMatches_counts_exactNamesFirst() {
        RenameRules rules = new RenameRules(
                List.of("a/*=first/*", "*=all/*", "a/b=exact"),
                List.of(new Rename("*", "star"), new Rename("x=y", "xy")));
        assertThat(rules.target("a/b")).isEqualTo("exact");
        assertThat(rules.target("a/c")).isEqualTo("first/c");
        assertThat(rules.target("a/")).isEqualTo("first/");
        assertThat(rules.target("b")).isEqualTo("all/b");
        assertThat(rules.target("*")).isEqualTo("star");
        assertThat(rules.unused()).containsExactly("x=y");
    }

    @Test
    void theAsterisk_neverStandsForCharactersOfBothEnds() {
        RenameRules rules = new RenameRules(List.of("aba*ba=x*"), List.of());
        assertThat(rules.target("aba")).isEqualTo("aba");
        assertThat(rules.target("ababa")).isEqualTo("x");
        assertThat(rules.target("aba-1-ba")).isEqualTo("x-1-");
    }

    @Test
    void aRuleThatCannotBeMeant_isRefused() {
        for (String rule : List.of("a*=b", "a=b*", "*/*=*", "a")) {
            assertThatThrownBy(() -> new RenameRules(List.of(rule), List.of()))
                    .as(rule)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageEndingWith("Nothing was changed.");
        }
        assertThatThrownBy(() -> new RenameRules(List.of("a=b", "a=c"), List.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("both to \"b\" and to \"c\"");
    }
}
