"""The host's processor: LLVM IR text, compiled, linked and run in this process."""
