/* Preloaded into the processes of a benchmark: makes fsync and fdatasync slower, and counts them.

   FSYNC_SLOWER_MS  a file of one number of 32 bits: how much longer each call takes, in milliseconds; it may
                    change at any time
   FSYNC_COUNTS     a folder; the file of a process in it holds two numbers of 64 bits: how many calls of
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
static int32_t none, *slower_ms = &none;
static int (*next_fsync)(int), (*next_fdatasync)(int);
static ssize_t (*next_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*next_pwrite64)(int, const void *, size_t, off64_t);

static void *shared(const char *path, int flags, size_t size) {
  int file = open(path, flags | O_CLOEXEC, 0600);
  if (file < 0) return MAP_FAILED;
  int access = flags & O_RDWR ? PROT_READ | PROT_WRITE : PROT_READ;
  void *found = flags & O_CREAT && ftruncate(file, size) ? MAP_FAILED : mmap(NULL, size, access, MAP_SHARED, file, 0);
  close(file);
  return found;
}

__attribute__((constructor)) static void prepare(void) {
  const char *folder = getenv("FSYNC_COUNTS"), *slower = getenv("FSYNC_SLOWER_MS");
  char path[PATH_MAX];
  next_fsync = dlsym(RTLD_NEXT, "fsync");
  next_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
  next_pwrite = dlsym(RTLD_NEXT, "pwrite");
  next_pwrite64 = dlsym(RTLD_NEXT, "pwrite64");
  void *found = slower ? shared(slower, O_RDONLY, sizeof *slower_ms) : MAP_FAILED;
  if (found != MAP_FAILED) slower_ms = found;
  if (!folder) return;
  snprintf(path, sizeof path, "%s/%d", folder, getpid());
  found = shared(path, O_RDWR | O_CREAT, sizeof *counts);
  if (found != MAP_FAILED) counts = found;
}

static void wait_and_count(void) {
  int32_t ms = __atomic_load_n(slower_ms, __ATOMIC_RELAXED);
  struct timespec pause = {ms / 1000, ms % 1000 * 1000000};
  if (ms) nanosleep(&pause, NULL);
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
