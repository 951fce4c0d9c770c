/* Counting checks: what fails is told with its place, and the program goes on. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int checks_passed;
static int checks_failed;

static void check_that(int good, const char *what, const char *file, int line)
{
    if (good) {
        checks_passed++;
        return;
    }
    checks_failed++;
    printf("%s:%d: %s\n", file, line, what);
}

static void check_number(long got, long want, const char *what, const char *file, int line)
{
    if (got != want)
        printf("%s:%d: got %ld, want %ld: ", file, line, got, want);
    check_that(got == want, what, file, line);
}

static void check_text(const char *got, const char *want, int exact, const char *file, int line)
{
    int good = got && (exact ? !strcmp(got, want) : strstr(got, want) != NULL);
    if (!good)
        printf("got '%s', want '%s': ", got ? got : "(NULL)", want);
    check_that(good, "text", file, line);
}

#define CHECK(condition) check_that(!!(condition), #condition, __FILE__, __LINE__)
#define IS(got, want) check_number((long)(got), (long)(want), #got, __FILE__, __LINE__)
#define SAYS(got, want) check_text((got), (want), 1, __FILE__, __LINE__)
#define MENTIONS(got, want) check_text((got), (want), 0, __FILE__, __LINE__)

static int checks_end(void)
{
    printf("%d passed, %d failed\n", checks_passed, checks_failed);
    return checks_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
