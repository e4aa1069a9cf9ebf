package io.keck.crdt.lib0;

import java.util.BitSet;

/**
 * Checks JSON text (RFC 8259, as JavaScript's {@code JSON.parse} reads it) without building values. Stateless, does not
 * recurse.
 */
public final class Json {
    private Json() {}

    /**
     * Checks that {@code b[from, to)} is one JSON text.
     *
     * @param maxDepth how deep arrays and objects may nest
     * @throws DecodeException if it is not JSON or nests deeper
     */
    public static void check(byte[] b, int from, int to, int maxDepth) {
        new Checker(b, from, to, maxDepth).run();
    }

    private static final class Checker {
        private final byte[] b;
        private final int to;
        private final int maxDepth;
        private final BitSet objects = new BitSet();
        private int depth;
        private int i;

        Checker(byte[] b, int from, int to, int maxDepth) {
            this.b = b;
            this.i = from;
            this.to = to;
            this.maxDepth = maxDepth;
        }

        void run() {
            boolean value = true; // true: a value comes next; false: what follows a value
            while (true) {
                int c = next();
                if (value) {
                    if (c == '{' || c == '[') {
                        if (depth == maxDepth) {
                            throw new DecodeException("JSON nests deeper than " + maxDepth);
                        }
                        objects.set(depth++, c == '{');
                        if (closes(c == '{' ? '}' : ']')) {
                            depth--;
                            value = false;
                        } else if (c == '{') {
                            key();
                        }
                    } else {
                        scalar(c);
                        value = false;
                    }
                } else if (c == -1 && depth == 0) {
                    return;
                } else if (depth > 0 && c == ',') {
                    value = true;
                    if (objects.get(depth - 1)) {
                        key();
                    }
                } else if (depth > 0 && c == (objects.get(depth - 1) ? '}' : ']')) {
                    depth--;
                } else {
                    throw invalid();
                }
            }
        }

        private boolean closes(int c) {
            int at = i;
            if (next() == c) {
                return true;
            }
            i = at;
            return false;
        }

        private void key() {
            if (next() != '"') {
                throw invalid();
            }
            string();
            if (next() != ':') {
                throw invalid();
            }
        }

        private int next() {
            while (i < to) {
                byte c = b[i++];
                if (c != ' ' && c != '\n' && c != '\r' && c != '\t') {
                    return c & 0xff;
                }
            }
            return -1;
        }

        private void scalar(int c) {
            switch (c) {
                case '"' -> string();
                case 't' -> word("rue");
                case 'f' -> word("alse");
                case 'n' -> word("ull");
                default -> number(c);
            }
        }

        private void word(String rest) {
            for (int k = 0; k < rest.length(); k++) {
                if (i >= to || b[i++] != rest.charAt(k)) {
                    throw invalid();
                }
            }
        }

        private void string() {
            while (i < to) {
                int c = b[i++];
                if (c == '"') {
                    return;
                }
                if (c >= 0 && c < 0x20) {
                    break;
                }
                if (c == '\\') {
                    escape();
                }
            }
            throw invalid();
        }

        private void escape() {
            int c = i < to ? b[i++] : -1;
            if (c == 'u') {
                for (int k = 0; k < 4; k++) {
                    if (i >= to || Character.digit(b[i++], 16) < 0) {
                        throw invalid();
                    }
                }
            } else if (c < 0 || "\"\\/bfnrt".indexOf(c) < 0) {
                throw invalid();
            }
        }

        private void number(int first) {
            int c = first;
            if (c == '-') {
                c = i < to ? b[i++] : -1;
            }
            if (c < '0' || c > '9') {
                throw invalid();
            }
            if (c != '0') {
                digits();
            }
            if (i < to && b[i] == '.') {
                i++;
                atLeastOneDigit();
            }
            if (i < to && (b[i] == 'e' || b[i] == 'E')) {
                i++;
                if (i < to && (b[i] == '+' || b[i] == '-')) {
                    i++;
                }
                atLeastOneDigit();
            }
        }

        private void atLeastOneDigit() {
            int at = i;
            digits();
            if (i == at) {
                throw invalid();
            }
        }

        private void digits() {
            while (i < to && b[i] >= '0' && b[i] <= '9') {
                i++;
            }
        }

        private static DecodeException invalid() {
            return new DecodeException("not valid JSON");
        }
    }
}
