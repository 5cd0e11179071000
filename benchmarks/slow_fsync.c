/* A disk that takes DELAY_MS longer to say "written", for LD_PRELOAD. */
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void take_longer(void) {
    struct timespec delay = {0, DELAY_MS * 1000000L};
    nanosleep(&delay, 0);
}

int fsync(int fd) {
    take_longer();
    return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd) {
    take_longer();
    return (int)syscall(SYS_fdatasync, fd);
}
