// How a program's memory is asked of the system.
#pragma once

namespace bloodcell {

// Takes memory in large steps and, where the system can, in large pages, and keeps what is given
// back for the next use: a start that reads and compiles networks touches 30 MB for the first time,
// a page at a time. Once, at the start of main(); does nothing where the C library is not glibc.
void take_memory_in_large_steps();

// For programs that train: all that is given back is kept. Each step of a training allocates and
// frees the same hundreds of megabytes, and fresh pages cost a fifth of a small network's time.
// Once, at the start of main(); does nothing where the C library is not glibc.
void keep_freed_memory();

}  // namespace bloodcell
