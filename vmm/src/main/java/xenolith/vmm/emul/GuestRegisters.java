package xenolith.vmm.emul;

/// The general registers of the virtual processor whose instruction is emulated.
///
/// Numbers are the hardware's, as ModRM and REX encode them: 0 rax, 1 rcx, 2 rdx, 3 rbx, 4 rsp, 5 rbp, 6 rsi, 7 rdi,
/// then r8 to r15. Implementations allocate nothing.
public interface GuestRegisters {
    int RAX = 0;
    int RCX = 1;
    int RDX = 2;
    int RBX = 3;
    int RSP = 4;
    int RBP = 5;
    int RSI = 6;
    int RDI = 7;

    long get(int register);

    void set(int register, long value);

    long rip();

    void rip(long value);

    long rflags();

    void rflags(long value);
}
