package io.keck.access;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The rights that a call needs, all of them. A method of a resource that carries neither this nor {@link Public} is refused
 * to everybody.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface Needs {
    /** All of these. */
    Right[] value();

    /** What a ticket may be used for that is accepted in place of another credential; one at most. */
    Purpose[] tickets() default {};

    /**
     * Whether the body names the document. Then the call is let in, and itself has the rights judged before it does or says
     * anything.
     */
    boolean inBody() default false;
}
