package io.keck.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.failure.Unavailable;
import io.keck.feed.Cursors.Endpoint;
import io.keck.room.ClientMessages.Sent;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;

/** Messages of client applications on their way to a receiver that is moved by hand. */
class MessagePostsTest {
    private record Post(String url, String id, String body, CompletableFuture<Integer> answer) {}

    private final List<Post> posts = new ArrayList<>();
    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private Endpoint endpoint = new Endpoint("https://example.org/hook", true, 1, "", 0);
    private int reads;
    private boolean isAway;
    private boolean isStopped;
    private long now = 1_000;

    private final MessagePosts messages = new MessagePosts(this::read, this::post, this::run, () -> now);

    private Endpoint read() {
        reads++;
        if (isAway) {
            throw new Unavailable("the database does not answer", false);
        }
        return endpoint;
    }

    private CompletionStage<?> post(Endpoint to, String id, byte[] body) {
        Post post = new Post(to.url(), id, new String(body, StandardCharsets.UTF_8), new CompletableFuture<>());
        posts.add(post);
        return post.answer();
    }

    private void run(Runnable task) {
        if (isStopped) {
            throw new RejectedExecutionException();
        }
        tasks.add(task);
    }

    private void send(String room, String text) {
        messages.sent(new Sent(room, "alice", text));
        settle();
    }

    private void settle() {
        while (!tasks.isEmpty()) {
            tasks.remove().run();
        }
    }

    private void accept(int index) {
        posts.get(index).answer().complete(204);
        settle();
    }

    private List<String> bodies() {
        return posts.stream().map(Post::body).toList();
    }

    private static String entry(String room, String text) {
        return "[{\"workspace_id\":\"" + room + "\",\"action\":\"client-message\",\"by\":\"alice\",\"message\":\""
                + text + "\"}]";
    }

    @Test
    void messagesOfOneDocument_comeInOrder_thoseOfOthersBeside() {
        send("a", "1");
        send("a", "2");
        send("b", "3");
        send("a", "4");
        assertThat(bodies()).containsExactly(entry("a", "1"), entry("b", "3"));
        accept(0);
        accept(2);
        accept(1);
        accept(3);
        assertThat(bodies()).containsExactly(entry("a", "1"), entry("b", "3"), entry("a", "2"), entry("a", "4"));
        send("a", "5");
        assertThat(posts).hasSize(5);
        assertThat(new HashSet<>(posts.stream().map(Post::id).toList())).hasSize(5);
    }

    @Test
    void messageThatIsNotAccepted_isLost_andTheNextOneComes() {
        send("a", "1");
        send("a", "2");
        posts.get(0).answer().completeExceptionally(new IOException("it answered 500"));
        settle();
        assertThat(bodies()).containsExactly(entry("a", "1"), entry("a", "2"));
        isAway = true;
        now += MessagePosts.FRESH_MILLIS;
        accept(1);
        send("a", "3");
        isAway = false;
        send("a", "4");
        assertThat(bodies()).endsWith(entry("a", "4")).hasSize(3);
    }

    @Test
    void endpoint_isReadAgainEveryTwoSeconds_andWithoutOneNothingIsSent() {
        for (int i = 0; i < 5; i++) {
            send("a", "x");
            accept(i);
        }
        assertThat(reads).isEqualTo(1);
        endpoint = new Endpoint("", true, 2, "", 0);
        now += MessagePosts.FRESH_MILLIS;
        send("a", "y");
        assertThat(posts).hasSize(5);
        endpoint = new Endpoint("https://example.org/other", true, 3, "", 0);
        now += MessagePosts.FRESH_MILLIS;
        send("a", "z");
        assertThat(posts.get(5).url()).isEqualTo("https://example.org/other");
    }

    /** A receiver that never answers holds no more than the bound; each message that was accepted makes a place. */
    @Test
    void whatComesWhileTooManyWait_isDropped() {
        for (int i = 0; i <= MessagePosts.MAX; i++) {
            send("room " + i % 7, String.valueOf(i));
        }
        assertThat(posts).hasSize(7);
        int last = 0;
        for (int i = 0; i < posts.size(); i++) {
            accept(i);
            last = i;
        }
        assertThat(last + 1).isEqualTo(MessagePosts.MAX);
        assertThat(bodies()).noneMatch(body -> body.contains("\"" + MessagePosts.MAX + "\""));
        send("a", "again");
        assertThat(posts).hasSize(MessagePosts.MAX + 1);
    }

    @Test
    void afterTheEnd_nothingIsSent_andNothingStaysCounted() {
        isStopped = true;
        for (int i = 0; i < 2 * MessagePosts.MAX; i++) {
            send("a", "x");
        }
        isStopped = false;
        send("a", "y");
        assertThat(bodies()).containsExactly(entry("a", "y"));
    }
}
