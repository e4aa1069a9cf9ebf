package io.keck.access;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The rights that a call needs, all of them. A method of a resource with neither this annotation nor {@link Public} is
 * refused for all callers.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface Needs {
    /** The needed rights, all of them. */
    Right[] value();

    /** The purpose of tickets that are accepted in place of another credential; at most one. */
    Purpose[] tickets() default {};

    /**
     * Whether the body names the document. Then the call is admitted, and its method must have the rights judged before it does or
     * reveals anything.
     */
    boolean inBody() default false;

    /**
     * Whether the call is about all documents with which the caller may do this. Then a caller with a good credential is
     * let in, and the call itself leaves the other documents out.
     */
    boolean ofEach() default false;

    /**
     * The event under which the audit log records the call and the status of its answer, where that is not the one of its rights
     * (see {@link Visit#done}); empty for none.
     */
    String audited() default "";
}
