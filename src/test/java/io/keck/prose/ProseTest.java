package io.keck.prose;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.crdt.Doc;
import io.keck.crdt.YMap;
import io.keck.crdt.YText;
import io.keck.crdt.YXmlElement;
import io.keck.crdt.YXmlFragment;
import io.keck.crdt.YXmlText;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Text, Markdown and HTML of documents as the editors store them. */
class ProseTest {
    private static String text(Doc doc) {
        StringBuilder out = new StringBuilder();
        Prose.of(doc, null).writeText(out::append);
        return out.toString();
    }

    private static String markdown(Doc doc) {
        StringBuilder out = new StringBuilder();
        Prose.of(doc, null).writeMarkdown(out::append);
        return out.toString();
    }

    private static String html(Doc doc) {
        StringBuilder out = new StringBuilder();
        Prose.of(doc, null).writeHtml(out::append);
        return out.toString();
    }

    private static YXmlElement element(YXmlFragment parent, String name) {
        YXmlElement element = new YXmlElement(name);
        parent.push(element);
        return element;
    }

    private static YXmlText text(YXmlFragment parent, String text) {
        YXmlText node = new YXmlText(text);
        parent.push(node);
        return node;
    }

    private static YXmlElement leaf(YXmlFragment parent, String name, String text) {
        YXmlElement element = element(parent, name);
        text(element, text);
        return element;
    }

    @Test
    void tiptap() {
        Doc doc = new Doc();
        YXmlFragment root = doc.getXmlFragment("default");
        leaf(root, "heading", "Title").setAttribute("level", 2);
        YXmlText marks = text(element(root, "paragraph"), "bold plain link");
        marks.format(0, 4, Map.of("bold", Map.of()));
        marks.format(11, 4, Map.of("link", Map.of("href", "https://example.com/a")));
        YXmlElement list = element(root, "bulletList");
        YXmlElement one = element(list, "listItem");
        leaf(one, "paragraph", "one");
        YXmlElement inner = element(one, "orderedList");
        leaf(element(inner, "listItem"), "paragraph", "first");
        leaf(element(inner, "listItem"), "paragraph", "second");
        leaf(element(list, "listItem"), "paragraph", "two");
        YXmlElement task = element(element(root, "taskList"), "taskItem");
        task.setAttribute("checked", true);
        leaf(task, "paragraph", "done");
        leaf(element(root, "blockquote"), "paragraph", "said");
        leaf(root, "codeBlock", "a < b\nc").setAttribute("language", "java");
        element(root, "horizontalRule");
        YXmlElement image = element(root, "image");
        image.setAttribute("src", "https://example.com/i.png");
        image.setAttribute("alt", "a picture");
        YXmlElement table = element(root, "table");
        for (String cells : List.of("a b", "c d")) {
            YXmlElement row = element(table, "tableRow");
            for (String cell : cells.split(" ")) {
                leaf(element(row, "tableCell"), "paragraph", cell);
            }
        }
        assertThat(markdown(doc)).isEqualTo("""
                ## Title

                **bold** plain [link](<https://example.com/a>)

                - one
                  1. first
                  2. second
                - two

                - [x] done

                > said

                ```java
                a < b
                c
                ```

                ---

                ![a picture](<https://example.com/i.png>)

                | a | b |
                | --- | --- |
                | c | d |
                """);
        assertThat(html(doc)).isEqualTo("""
                <h2>Title</h2>
                <p><strong>bold</strong> plain <a href="https://example.com/a" rel="noopener noreferrer nofollow">link</a></p>
                <ul><li>one<ol><li>first</li>
                <li>second</li>
                </ol>
                </li>
                <li>two</li>
                </ul>
                <ul><li><input type="checkbox" disabled checked> done</li>
                </ul>
                <blockquote><p>said</p>
                </blockquote>
                <pre><code class="language-java">a &lt; b
                c</code></pre>
                <hr>
                <p><img src="https://example.com/i.png" alt="a picture"></p>
                <table>
                <tr><td>a</td><td>b</td></tr>
                <tr><td>c</td><td>d</td></tr>
                </table>
                """);
        assertThat(text(doc)).isEqualTo("""
                Title
                bold plain link
                - one
                  1. first
                  2. second
                - two
                [x] done
                said
                a < b
                c
                ---

                a\tb
                c\td
                """);
    }

    @Test
    void blockNote() {
        Doc doc = new Doc();
        YXmlElement group = element(doc.getXmlFragment("document-store"), "blockGroup");
        leaf(element(group, "blockContainer"), "heading", "Title").setAttribute("level", 1);
        YXmlElement item = element(group, "blockContainer");
        leaf(item, "bulletListItem", "outer");
        leaf(element(element(item, "blockGroup"), "blockContainer"), "checkListItem", "inner");
        leaf(element(group, "blockContainer"), "paragraph", "end");
        assertThat(markdown(doc)).isEqualTo("""
                # Title

                - outer
                  - [ ] inner

                end
                """);
        assertThat(html(doc)).isEqualTo("""
                <h1>Title</h1>
                <ul><li>outer<ul><li><input type="checkbox" disabled> inner</li>
                </ul>
                </li>
                </ul>
                <p>end</p>
                """);
    }

    @Test
    void quill() {
        Doc doc = new Doc();
        YText text = doc.getText("quill");
        text.insert(0, "Title");
        text.insert(text.length(), "\n", Map.of("header", 1));
        text.insert(text.length(), "see ", Map.of());
        text.insert(text.length(), "this", Map.of("italic", true, "link", "https://example.com"));
        text.insert(text.length(), "\none", Map.of());
        text.insert(text.length(), "\n", Map.of("list", "bullet"));
        text.insert(text.length(), "below", Map.of());
        text.insert(text.length(), "\n", Map.of("list", "ordered", "indent", 1));
        text.insert(text.length(), "x = 1", Map.of());
        text.insert(text.length(), "\n", Map.of("code-block", "python"));
        text.insert(text.length(), "y", Map.of());
        text.insert(text.length(), "\n", Map.of("code-block", "python"));
        assertThat(markdown(doc)).isEqualTo("""
                # Title

                see [*this*](<https://example.com>)

                - one
                  1. below

                ```python
                x = 1
                y
                ```
                """);
        assertThat(html(doc)).contains("<em>this</em></a>").contains("<code class=\"language-python\">x = 1\ny</code>");
    }

    private static YXmlText lexical(YText parent, String type) {
        YXmlText element = new YXmlText();
        parent.insertEmbed(parent.length(), element);
        element.setAttribute("__type", type);
        return element;
    }

    private static void lexicalText(YText parent, String text, int format) {
        YMap properties = new YMap();
        parent.insertEmbed(parent.length(), properties);
        properties.set("__type", "text");
        properties.set("__format", format);
        parent.insert(parent.length(), text);
    }

    @Test
    void lexical() {
        Doc doc = new Doc();
        YXmlText root = doc.getXmlText("root");
        YXmlText heading = lexical(root, "heading");
        heading.setAttribute("__tag", "h3");
        lexicalText(heading, "Title", 0);
        YXmlText paragraph = lexical(root, "paragraph");
        lexicalText(paragraph, "bold", 1);
        lexicalText(paragraph, " and code", 16);
        YXmlText link = lexical(paragraph, "link");
        link.setAttribute("__url", "https://example.com");
        lexicalText(link, "there", 0);
        YXmlText list = lexical(root, "list");
        list.setAttribute("__listType", "number");
        lexicalText(lexical(list, "listitem"), "one", 0);
        YXmlText nested = lexical(lexical(list, "listitem"), "list");
        nested.setAttribute("__listType", "bullet");
        lexicalText(lexical(nested, "listitem"), "below", 0);
        lexicalText(lexical(list, "listitem"), "two", 0);
        assertThat(markdown(doc)).isEqualTo("""
                ### Title

                **bold** `and code`[there](<https://example.com>)

                1. one
                   - below
                2. two
                """);
        assertThat(text(doc)).isEqualTo("""
                Title
                bold and codethere
                1. one
                  - below
                2. two
                """);
    }

    @Test
    void whatPeopleWrote_isNeverTakenForMarkup() {
        Doc doc = new Doc();
        YXmlFragment root = doc.getXmlFragment("default");
        leaf(root, "paragraph", "<script>alert(1)</script> *a* [b](c) & \"d\"");
        leaf(root, "paragraph", "1. no list");
        leaf(root, "paragraph", "# no heading");
        YXmlText link = text(element(root, "paragraph"), "click");
        link.format(0, 5, Map.of("link", Map.of("href", "javascript:alert(1)")));
        YXmlElement image = element(root, "image");
        image.setAttribute("src", "java\nscript:alert(1)");
        image.setAttribute("alt", "\" onerror=\"alert(1)");
        leaf(root, "codeBlock", "```").setAttribute("language", "\"><script>");
        assertThat(html(doc))
                .contains("&lt;script&gt;alert(1)&lt;/script&gt; *a* [b](c) &amp; &quot;d&quot;")
                .contains("<p>click</p>")
                .contains("<p>&quot; onerror=&quot;alert(1)</p>")
                .contains("<code class=\"language-&quot;&gt;&lt;script&gt;\">")
                .doesNotContain("javascript")
                .doesNotContain("<script");
        assertThat(markdown(doc))
                .contains("\\<script\\>alert(1)\\</script\\> \\*a\\* \\[b\\](c) \\& \"d\"")
                .contains("1\\. no list")
                .contains("\\# no heading")
                .contains("````\"><script>\n```\n````");
    }

    @Test
    void deepNesting_isReadWithoutEnd() {
        Doc doc = new Doc();
        YXmlFragment at = doc.getXmlFragment("default");
        for (int i = 0; i < 500; i++) {
            at = element(at, "blockquote");
        }
        leaf(at, "paragraph", "bottom");
        assertThat(text(doc)).isEqualTo("bottom\n");
        assertThat(html(doc)).contains("<p>bottom</p>");
    }

    @Test
    void otherRoots_haveNoText() {
        Doc doc = new Doc();
        doc.getMap("m").set("k", "v");
        doc.getArray("a").push("v");
        doc.getText("t").insert(0, "plain\ntext");
        assertThat(text(doc)).isEqualTo("plain\ntext\n");
        StringBuilder out = new StringBuilder();
        Prose.of(doc, "m").writeText(out::append);
        Prose.of(doc, "none").writeText(out::append);
        assertThat(out).isEmpty();
    }
}
