/* Preloaded: a machine whose wall clock is ahead by $WALL_CLOCK_AHEAD_S seconds, files' times included. All else is as it is:
 * faketime(1) also touches the clock that never jumps, and then sleep() of Python fails (EINVAL). See .ci/at. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>

#define REAL(name) ({ static __typeof__(&name) real; if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name); real; })

static time_t ahead(void) {
  static time_t seconds;
  static int is_known;
  if (!is_known) {
    const char *text = getenv("WALL_CLOCK_AHEAD_S");
    seconds = text ? atol(text) : 0;
    is_known = 1;
  }
  return seconds;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  int result = REAL(clock_gettime)(clock, now);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += ahead();
  return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  int result = REAL(gettimeofday)(now, zone);
  if (result == 0) now->tv_sec += ahead();
  return result;
}

time_t time(time_t *where) {
  time_t now = REAL(time)(NULL) + ahead();
  if (where) *where = now;
  return now;
}

static int shown(int result, struct stat *file) {
  if (result == 0) {
    file->st_atim.tv_sec += ahead();
    file->st_mtim.tv_sec += ahead();
    file->st_ctim.tv_sec += ahead();
  }
  return result;
}

int stat(const char *restrict path, struct stat *restrict file) { return shown(REAL(stat)(path, file), file); }
int lstat(const char *restrict path, struct stat *restrict file) { return shown(REAL(lstat)(path, file), file); }
int fstat(int number, struct stat *file) { return shown(REAL(fstat)(number, file), file); }
int fstatat(int folder, const char *restrict path, struct stat *restrict file, int flags) {
  return shown(REAL(fstatat)(folder, path, file, flags), file);
}
int stat64(const char *restrict path, struct stat64 *restrict file) { return shown(REAL(stat64)(path, file), (struct stat *)file); }
int lstat64(const char *restrict path, struct stat64 *restrict file) { return shown(REAL(lstat64)(path, file), (struct stat *)file); }
int fstat64(int number, struct stat64 *file) { return shown(REAL(fstat64)(number, file), (struct stat *)file); }
int fstatat64(int folder, const char *restrict path, struct stat64 *restrict file, int flags) {
  return shown(REAL(fstatat64)(folder, path, file, flags), (struct stat *)file);
}

static const struct timespec *set_back(const struct timespec given[2], struct timespec real[2]) {
  if (given == NULL) return NULL;
  for (int i = 0; i < 2; i++) {
    real[i] = given[i];
    if (real[i].tv_nsec != UTIME_NOW && real[i].tv_nsec != UTIME_OMIT) real[i].tv_sec -= ahead();
  }
  return real;
}

int utimensat(int folder, const char *path, const struct timespec times[2], int flags) {
  struct timespec real[2];
  return REAL(utimensat)(folder, path, set_back(times, real), flags);
}

int futimens(int number, const struct timespec times[2]) {
  struct timespec real[2];
  return REAL(futimens)(number, set_back(times, real));
}
