/* Preloaded into the processes of a benchmark: makes fsync and fdatasync slower, and counts them.

   SLOW_FSYNC_MS   how much longer each call takes, in milliseconds
   FSYNC_COUNTS    a folder; the file of a process in it holds two numbers of 64 bits: how many calls of
                   fsync and fdatasync it made, and how many bytes it wrote by pwrite, which in Python only
                   SQLite does */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

struct counts {
  uint64_t syncs, bytes;
};

static struct counts nowhere, *counts = &nowhere;
static long slower_ms;
static int (*next_fsync)(int), (*next_fdatasync)(int);
static ssize_t (*next_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*next_pwrite64)(int, const void *, size_t, off64_t);

__attribute__((constructor)) static void prepare(void) {
  const char *folder = getenv("FSYNC_COUNTS"), *slower = getenv("SLOW_FSYNC_MS");
  char path[PATH_MAX];
  next_fsync = dlsym(RTLD_NEXT, "fsync");
  next_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
  next_pwrite = dlsym(RTLD_NEXT, "pwrite");
  next_pwrite64 = dlsym(RTLD_NEXT, "pwrite64");
  slower_ms = slower ? atol(slower) : 0;
  if (!folder) return;
  snprintf(path, sizeof path, "%s/%d", folder, getpid());
  int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0 || ftruncate(file, sizeof *counts)) return;
  void *shared = mmap(NULL, sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (shared != MAP_FAILED) counts = shared;
  close(file);
}

static void wait_and_count(void) {
  struct timespec pause = {slower_ms / 1000, slower_ms % 1000 * 1000000};
  if (slower_ms) nanosleep(&pause, NULL);
  __atomic_fetch_add(&counts->syncs, 1, __ATOMIC_RELAXED);
}

static ssize_t counted(ssize_t written) {
  if (written > 0) __atomic_fetch_add(&counts->bytes, written, __ATOMIC_RELAXED);
  return written;
}

int fsync(int file) {
  wait_and_count();
  return next_fsync(file);
}

int fdatasync(int file) {
  wait_and_count();
  return next_fdatasync(file);
}

ssize_t pwrite(int file, const void *data, size_t size, off_t at) {
  return counted(next_pwrite(file, data, size, at));
}

ssize_t pwrite64(int file, const void *data, size_t size, off64_t at) {
  return counted(next_pwrite64(file, data, size, at));
}
