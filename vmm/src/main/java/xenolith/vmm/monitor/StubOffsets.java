package xenolith.vmm.monitor;

/// Where the stubs' entrances lie in the LSTAR page of a kernel root, and how long one entry's commit is. Read once: to
/// look a name up takes a pass over the image's symbols.
record StubOffsets(long hypercallAnswered, long sendReads, long postHypercall, long commitDone, long syscall,
        long userFault, long kernelFault, long kernelGp, long bytesPerCommit) {
    static StubOffsets of(MonitorImage image) {
        long lstar = image.symbol("lstar_k");
        return new StubOffsets(image.symbol("hypercall_answered") - lstar, image.symbol("send_reads") - lstar,
                image.symbol("post_hypercall") - lstar, image.symbol("commit_done") - lstar,
                image.symbol("stub_syscall") - lstar, image.symbol("stub_user_fault") - lstar,
                image.symbol("stub_kernel_fault") - lstar, image.symbol("stub_kernel_gp") - lstar,
                (image.symbol("commits_tail") - image.symbol("commits")) / MonitorAbi.COMMIT_MAX);
    }
}
