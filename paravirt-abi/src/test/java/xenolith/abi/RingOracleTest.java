package xenolith.abi;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import xenolith.abi.io.BackRing;
import xenolith.abi.io.Blkif;
import xenolith.abi.io.FrontRing;

/// Plays the same conversations with our rings and with the macros of Xen's ring.h, compiled by gcc: after each step the
/// answers, and every byte of the shared pages, are the same.
class RingOracleTest {
    private static final List<String> STEPS = List.of("request", "consume", "answer", "collect", "backsleep",
            "frontsleep", "req_event", "rsp_event");
    private static final int CONVERSATIONS = 100;
    private static final int LENGTH = 80;

    @TempDir
    private Path directory;

    @Test
    void ringsDoWhatXensHeaderDoes() throws Exception {
        assumeTrue(Files.exists(Path.of("/usr/include/xen/io/ring.h")), "Xen's headers are not installed (libxen-dev)");
        assumeTrue(Gcc.exists(), "gcc is not installed");
        List<String> script = script(new Random(20031));
        Path input = Files.write(directory.resolve("script"), script);
        try (InputStream source = RingOracleTest.class.getResourceAsStream("/oracle/ring.c")) {
            Files.write(directory.resolve("ring.c"), source.readAllBytes());
        }
        Gcc.compile(directory, "-std=gnu11", "-O1", "-o", "ring", "ring.c");
        List<String> theirs = Gcc.output(directory, "/bin/sh", "-c", "./ring < " + input);
        assertThat(theirs).hasSameSizeAs(script);
        Player player = new Player();
        for (int i = 0; i < script.size(); i++) {
            assertThat(player.step(script.get(i))).as("step %d: %s", i, script.get(i)).isEqualTo(theirs.get(i));
        }
    }

    private static List<String> script(Random random) {
        List<String> script = new ArrayList<>();
        for (int i = 0; i < CONVERSATIONS; i++) {
            int start = random.nextBoolean() ? -random.nextInt(200) : random.nextInt();
            script.add("reset %d %s".formatted(1 << random.nextInt(5), Integer.toUnsignedString(start)));
            for (int j = 0; j < LENGTH; j++) {
                script.add("%s %d 0".formatted(STEPS.get(random.nextInt(STEPS.size())), random.nextInt(80)));
            }
            script.add("%s %d 0".formatted(i % 2 == 0 ? "claimreq" : "claimrsp", random.nextInt(80)));
        }
        return script;
    }

    /// Our side of the conversation.
    private static final class Player {
        private final MemorySegment message = Arena.ofAuto().allocate(112, 8);
        private MemorySegment all;
        private MemorySegment[] pages;
        private FrontRing front;
        private BackRing back;
        private int reqProdPvt;
        private int rspCons;
        private long id;

        String step(String line) {
            String[] words = line.split(" ");
            int a = Integer.parseUnsignedInt(words[1]);
            String answer = switch (words[0]) {
                case "reset" -> reset(a, Integer.parseUnsignedInt(words[2]));
                case "request" -> request(a);
                case "consume" -> consume(a);
                case "answer" -> answer(a);
                case "collect" -> collect(a);
                case "backsleep" -> Integer.toString(back.finalCheck());
                case "frontsleep" -> Integer.toString(front.finalCheck());
                case "req_event" -> poke(4, reqProdPvt + a - 20);
                case "rsp_event" -> poke(12, rspCons + a - 20);
                case "claimreq" -> claim(0, a - 40);
                case "claimrsp" -> claim(8, a - 40);
                default -> throw new AssertionError(line);
            };
            return "%s size %d page %s".formatted(answer, back.size(),
                    Long.toUnsignedString(hash(0, all, all.byteSize())));
        }

        private String reset(int pageCount, int start) {
            all = Arena.ofAuto().allocate(pageCount * 4096L, 4096);
            pages = new MemorySegment[pageCount];
            for (int i = 0; i < pageCount; i++) {
                pages[i] = all.asSlice(i * 4096L, 4096);
            }
            front = new FrontRing(start, Blkif.RING, pages);
            back = BackRing.attach(Blkif.RING, pages);
            reqProdPvt = start;
            rspCons = start;
            id = 0;
            return "";
        }

        private String request(int n) {
            int done = 0;
            for (; done < n && front.free() > 0; done++) {
                front.put(message.fill((byte) ++id), 0);
            }
            reqProdPvt += done;
            return done + (front.push() ? " 1" : " 0");
        }

        private String consume(int n) {
            int count = Math.min(n, back.waiting());
            long h = 0;
            for (int i = 0; i < count; i++) {
                back.take(message, 0);
                h = h * 31 + hash(0, message, 112);
            }
            return count + " " + Long.toUnsignedString(h);
        }

        private String answer(int n) {
            int done = 0;
            for (; done < n && back.unanswered() > 0; done++) {
                back.put(message.fill((byte) ++id), 0);
            }
            return done + (back.push() ? " 1" : " 0");
        }

        private String collect(int n) {
            int count = Math.min(n, front.waiting());
            long h = 0;
            for (int i = 0; i < count; i++) {
                front.take(message, 0);
                h = h * 31 + hash(0, message, Blkif.Response.SIZEOF);
            }
            rspCons += count;
            return count + " " + Long.toUnsignedString(h);
        }

        private String poke(long offset, int value) {
            all.set(JAVA_INT, offset, value);
            return "";
        }

        /// A possible claim is believed, so this is a conversation's last step.
        private String claim(long offset, int by) {
            boolean ofRequests = offset == 0;
            assertThat(ofRequests ? back.waiting() : front.waiting()).isNotNegative();
            all.set(JAVA_INT, offset, all.get(JAVA_INT, offset) + by);
            return (ofRequests ? back.waiting() : front.waiting()) < 0 ? "broken" : "fine";
        }

        private static long hash(long h, MemorySegment from, long byteLength) {
            long result = h;
            for (long i = 0; i < byteLength; i++) {
                result = result * 31 + Byte.toUnsignedInt(from.get(JAVA_BYTE, i));
            }
            return result;
        }
    }
}
