package xenolith.integration;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/// Debian's strace and gdb, as they are, on a program in a guest.
class DebugIT {
    private static String output(String script) {
        return Guest.with(Kernel.CLOUD).withDebuggers().output(script);
    }

    @Test
    void straceSeesTheSystemCallsOfAProgram() {
        assertThat(output("strace -f -o /tmp/trace /debug/debuggee; echo status $?; cat /tmp/trace")).contains(
                "\nstatus 0\n", "execve(\"/debug/debuggee\", [\"/debug/debuggee\"]", "arch_prctl(ARCH_SET_FS, 0x",
                "write(1, \"result 129\\n\", 11)", "exit_group(0)", "+++ exited with 0 +++");
    }

    @Test
    void gdbBreaksStepsLooksAroundAndWatches() {
        assertThat(output("gdb -nx -batch -x /debug/session.gdb /debug/debuggee 2>&1; echo status $?")).contains(
                "Breakpoint 1, outer (x=20)", "in main () at debuggee.c", "$1 = 20", "$2 = 3",
                "Breakpoint 2, inner (x=20)", "in outer (x=20) at debuggee.c", "Value returned is $5 = 41",
                "Old value = 40", "New value = 42", "$6 = 42", "$7 = 21", "result 129", "exited normally", "\nstatus 0\n");
    }

    /// Linux believes that it sets them, whatever the host does.
    @Test
    void breakpointsInDebugRegistersStopAProgram() {
        Host.requireBehaviour("breakpoints_work", "no breakpoint in its debug registers stops a guest");
        assertThat(output("gdb -nx -batch -x /debug/hardware.gdb /debug/debuggee 2>&1; echo status $?")).contains(
                "Hardware watchpoint 2: watched", "New value = 40", "$1 = 40", "$2 = 20", "New value = 42", "$3 = 42",
                "$4 = 21", "Hardware access (read/write) watchpoint 3: rounds", "Value = 3",
                "Hardware assisted breakpoint 4", "report (result=129)", "exited normally", "\nstatus 0\n");
    }

    @Test
    void oneInstructionAtATimeIsOneInstruction() {
        String[] places = output("""
                gdb -nx -batch -ex 'break outer' -ex run -ex 'print $pc' -ex 'x/2i $pc' -ex stepi -ex 'print $pc' \
                    /debug/debuggee 2>/dev/null | sed -n 's/^.*\\(0x[0-9a-f]*\\) <outer.*$/\\1/p'
                """).lines().toArray(String[]::new);
        // Here; here and the next instruction; and there after the step.
        assertThat(places).hasSize(4);
        assertThat(places[0]).isEqualTo(places[1]);
        assertThat(places[3]).isEqualTo(places[2]).isNotEqualTo(places[0]);
    }
}
